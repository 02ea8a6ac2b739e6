"""Another repository that calls the workflow as docs/workflows.md says: its own tests, its own campaign file."""

import json
from pathlib import Path

from ci_tools.triage.operations import CAMPAIGN_LABEL
from tests.doubles.github.double import REPO
from tests.doubles.github.server import GitHubDouble
from tests.unit.leaving.checks import in_markdown
from tests.unit.runner.shop import Site
from tests.workflows.events import completed, deployed
from tests.workflows.executed.other_repository import CANARY, Verified
from tests.workflows.local_runner import Ran

ONE_IS_WRONG = "staging: shop: a behaviour is wrong while everything that it needs is well (suspected)"


def counts(ran: Ran) -> dict[str, int]:
    """How its tests ended."""
    (kept,) = ran.artifacts.glob("campaign-*/test_results.json")
    (suite,) = json.loads(kept.read_text("utf-8"))["suites"]
    return {outcome: suite[outcome] for outcome in ("passed", "failed", "not_run")}


def texts(folder: Path) -> str:
    """All that stands in the files below *folder*."""
    return "".join(path.read_text("utf-8", "replace") for path in folder.rglob("*") if path.is_file())


def test_a_deployment_that_is_well_is_told_so(verified: Verified, github: GitHubDouble) -> None:
    """Its ten tests ran, with what they need; the repository holds no noxfile, no action and no code of ours."""
    github.repository.deployments[7] = []
    ran = verified("deployment_status", deployed("success", "staging"))

    assert ran.failed == []
    assert ran.results("install what the suites need") == ["success"]
    assert counts(ran) == {"passed": 10, "failed": 0, "not_run": 0}
    assert ran.outputs("verdict") == ["pass"]
    assert [one["state"] for one in github.repository.deployments[7]] == ["success"]
    assert github.repository.deployments[7][0]["log_url"] == f"https://github.com/{REPO}/actions/runs/1"
    assert github.issues == {}


def test_a_deploy_that_is_not_well_is_an_issue(verified: Verified, github: GitHubDouble) -> None:
    """One of its ten tests sees it: an issue there, and a red gate; who cannot be told is not."""
    ran = verified("workflow_run", completed("success"), expected="shop-2")

    assert [step for _, step in ran.failed] == ["judge"]
    assert counts(ran) == {"passed": 9, "failed": 1, "not_run": 0}
    assert ran.outputs("verdict") == ["fail"]
    assert ran.results("tell the deployment") == []
    assert [issue["title"] for issue in github.issues.values()] == [ONE_IS_WRONG]
    # What the test that failed has shown: its token, and words that GitHub or its runner would act on.
    left = {"artifacts": texts(ran.artifacts), "summary": ran.summary, "issue": github.issues[1]["body"]}
    assert [name for name, text in left.items() if CANARY in text or "redacted" not in text] == []
    assert [*in_markdown(left["issue"]), *in_markdown(left["summary"])] == []


def test_a_campaign_that_cannot_be_judged_is_no_success(
    verified: Verified, github: GitHubDouble, tmp_path: Path
) -> None:
    """Two jobs have left the same journal: the gate is red, nobody files, and the deployment is told so."""
    github.repository.deployments[7] = []
    stray = tmp_path / "artifacts" / "shard-9-of-1-1-1" / "journal" / "shard1-campaign.jsonl"
    stray.parent.mkdir(parents=True)
    stray.write_text("torn", encoding="utf-8")

    ran = verified("deployment_status", deployed("success", "staging"))

    assert [step for _, step in ran.failed] == ["put them together", "judge"]
    assert ran.results("tell the issues") == []
    assert [one["state"] for one in github.repository.deployments[7]] == ["error"]
    assert github.issues == {}


def test_while_an_issue_is_open_a_heartbeat_looks(verified: Verified, github: GitHubDouble, site: Site) -> None:
    """Every quarter of an hour the probes are asked, no test, and what they see is kept."""
    github.file("the shop is down", labels=(CAMPAIGN_LABEL,))
    site.status = 503

    ran = verified("schedule", {})

    assert (ran.failed, ran.begun & {"plan", "heartbeat"}) == ([], {"heartbeat"})
    assert ran.results("look") == ["success"]
    assert [path.name for path in ran.artifacts.iterdir()] == ["heartbeat-1-1"]
    assert '"state":"down"' in texts(ran.artifacts).replace(" ", "")


def test_while_none_is_open_a_heartbeat_asks_nothing(verified: Verified, site: Site) -> None:
    """Nobody waits for an answer."""
    ran = verified("schedule", {})

    assert (ran.failed, ran.results("look"), ran.results("keep what it saw")) == ([], ["success"], [])
    assert site.asked == []
    assert list(ran.artifacts.iterdir()) == []
