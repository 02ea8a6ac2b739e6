"""Another repository that calls the workflow as docs/workflows.md says: its own tests, its own campaign file."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ci_tools.triage.operations import CAMPAIGN_LABEL
from tests.doubles.github.double import REPO, TOKEN
from tests.doubles.github.server import GitHubDouble
from tests.unit.leaving.checks import in_markdown
from tests.unit.runner.shop import Site
from tests.workflows.events import completed, deployed
from tests.workflows.local_runner import Ran, committed, run, understood

ONE_IS_WRONG = "staging: shop: one behaviour is wrong while everything that it needs is well (suspected)"
TOOLS = "netra-systems/ci-tools"
DOCUMENTED = Path(__file__).parents[3] / "docs" / "workflows.md"
CAMPAIGN = """\
name = "shop"
dependencies = {{ shop = [] }}
phases.smoke = {{ number = 1, budget_min = 5 }}
plans.smoke = {{ about = "can people buy", phases = ["smoke"] }}

[environments.staging]
hosts = {{ web = "http://127.0.0.1:{port}" }}

[probes.health]
kind = "http_json"
dependency = "shop"
host = "web"
path = "/health"
expect = {{ status = ["ok"] }}

[suites.orders]
phase = "smoke"
paths = ["tests/test_orders.py"]
expected = 10
value = "nobody can buy"

[gates]
reachable = {{ phase = "smoke", kind = "reliability", dependency = "shop", probe = "health", floor = 0.5, target = 1 }}
orders = {{ phase = "smoke", kind = "coverage", dependency = "shop", suites = ["orders"], floor = 1.0 }}
"""
TESTS = """\
import os

import httpx
import pytest


@pytest.mark.parametrize("number", range(10))
def test_an_order_is_kept(number):
    answer = httpx.get("http://127.0.0.1:{port}/info").json()
    shown = "with " + os.environ["E2E_TOKEN"] + ": @acme/everyone fixes #987 <img src=x>\\n::error::{expected}"
    assert answer["revision"] == "{expected}" or number != 7, shown
"""
NEEDS = "needs.txt"
CANARY = "canary-4f1d9a7c2b"
"""Passed to the tests as the token of their environment, and shown by the one that fails."""
SAME = "the-same-commit"
CALLER = (("on:\n", "on:\n  deployment_status:\n"), ("plan: smoke\n", f"plan: smoke\n      requirements: {NEEDS}\n"))
"""What is written anew in the workflow that docs/workflows.md shows."""
REVISION = "shop-1"
Verified = Callable[..., Ran]


@pytest.fixture
def site() -> Iterator[Site]:
    """What the other repository has deployed."""
    with Site().serving() as serving:
        yield serving


@pytest.fixture
def verified(github: GitHubDouble, copied: Callable[[str], Path], site: Site, tmp_path: Path) -> Verified:
    """Tells the other repository of an event; which revision its tests expect of its system is told, too."""
    tools = copied(TOOLS)
    spelled_out(tools / ".github" / "workflows" / "post-deploy.yml")
    commit = committed(tools, origin=TOOLS)
    folder = tmp_path / "repositories" / REPO
    workflows = folder / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (folder / "tests").mkdir()
    caller = DOCUMENTED.read_text("utf-8").split("<!-- the caller -->\n```yaml\n")[1].split("```\n<!-- end -->")[0]
    for documented, wanted in (*CALLER, ("COMMIT", commit)):
        caller = caller.replace(documented, wanted)
    (workflows / "verify.yml").write_text(caller, encoding="utf-8")
    (folder / NEEDS).write_text("httpx\n", encoding="utf-8")
    (folder / "campaign.toml").write_text(CAMPAIGN.format(port=site.port), encoding="utf-8")
    understood(workflows)

    def verify(event: str, payload: Mapping[str, Any], expected: str = REVISION) -> Ran:
        text = TESTS.format(port=site.port, expected=expected)
        (folder / "tests" / "test_orders.py").write_text(text, encoding="utf-8")
        committed(folder, origin=REPO)
        return run(
            tmp_path,
            REPO,
            event,
            payload,
            environ={"GITHUB_API_URL": github.url},
            secrets={"GITHUB_TOKEN": TOKEN, "E2E_TOKEN": CANARY},
            workflow="verify.yml",
            called={f"{TOOLS}@{commit}": tools, f"{TOOLS}@{SAME}": tools},
        )

    return verify


def spelled_out(workflow: Path) -> None:
    """GitHub looks for what *workflow* calls as ``./`` in its own repository, act in the one that calls it."""
    text = workflow.read_text("utf-8")
    workflow.write_text(re.sub(r"uses: \./(\S+)", rf"uses: {TOOLS}/\1@{SAME}", text), encoding="utf-8")


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
