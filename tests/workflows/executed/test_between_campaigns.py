"""From one campaign of another repository to the next: heartbeats between, and what the second knows of the first."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.doubles.github.documents import Place, artifact
from tests.doubles.github.double import REPO, TOKEN
from tests.doubles.github.server import GitHubDouble
from tests.unit.runner.shop import Site
from tests.workflows.executed.test_other_repository import CAMPAIGN, DOCUMENTED, SAME, TESTS, TOOLS, spelled_out
from tests.workflows.local_runner import Ran, committed, run, understood

Started = Callable[[str], Ran]


@pytest.fixture
def site() -> Iterator[Site]:
    """What the other repository has deployed, and what does not answer."""
    with Site().serving() as serving:
        serving.status = 503
        yield serving


@pytest.fixture
def started(github: GitHubDouble, copied: Callable[[str], Path], site: Site, tmp_path: Path) -> Started:
    """Lets an event start the workflow of the other repository."""
    tools = copied(TOOLS)
    spelled_out(tools / ".github" / "workflows" / "post-deploy.yml")
    commit = committed(tools, origin=TOOLS)
    folder = tmp_path / "repositories" / REPO
    workflows = folder / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (folder / "tests").mkdir()
    caller = DOCUMENTED.read_text("utf-8").split("<!-- the caller -->\n```yaml\n")[1].split("```\n<!-- end -->")[0]
    (workflows / "verify.yml").write_text(caller.replace("COMMIT", commit), encoding="utf-8")
    (folder / "campaign.toml").write_text(CAMPAIGN.format(port=site.port), encoding="utf-8")
    (folder / "tests" / "test_orders.py").write_text(TESTS.format(port=site.port, expected="shop-1"), encoding="utf-8")
    understood(workflows)
    committed(folder, origin=REPO)

    def start(event: str) -> Ran:
        return run(
            tmp_path,
            REPO,
            event,
            {"repository": {"default_branch": "main"}},
            environ={"GITHUB_API_URL": github.url},
            secrets={"GITHUB_TOKEN": TOKEN},
            workflow="verify.yml",
            called={f"{TOOLS}@{commit}": tools, f"{TOOLS}@{SAME}": tools},
        )

    return start


def test_a_heartbeat_is_told_in_the_issue_that_is_open(started: Started, github: GitHubDouble, site: Site) -> None:
    """Two jobs, of which one writes; without an open issue nothing is looked at, and nothing written."""
    before = started("schedule")
    campaign = started("workflow_dispatch")
    filed = list(github.issues)
    bad = started("schedule")
    told = github.issues[1]["body"]
    # On this machine every run has the same number, and an artifact cannot be replaced.
    shutil.rmtree(bad.artifacts / "heartbeat-1-1")
    site.status = 200
    good = started("schedule")

    assert [ran.failed for ran in (before, bad, good)] == [[]] * 3
    assert [one.rpartition("/")[2] for one in before.jobs] == ["heartbeat"]
    assert campaign.outputs("verdict") == ["fail"]
    assert (filed, list(github.issues)) == ([1], [1])
    assert [one.rpartition("/")[2] for one in bad.jobs] == ["heartbeat", "triage"]
    assert "**Heartbeats:** found bad since" in told
    assert "**Heartbeats:** found well since" in github.issues[1]["body"]
    assert github.issues[1]["state"] == "open"
    assert [one for one in github.writes() if not one.startswith("PATCH")] == [f"POST /repos/{REPO}/issues"]


def test_a_campaign_is_compared_with_the_one_before(started: Started, github: GitHubDouble, site: Site) -> None:
    """Which an earlier run has kept, and which is found among all artifacts."""
    first = started("workflow_dispatch")
    github.repository.artifacts = [artifact(Place(REPO), 1, "campaign-staging-5-1-1", run=5)]
    (first.artifacts / "campaign-staging-1-1-1").rename(first.artifacts / "campaign-staging-5-1-1")
    for kept in [one for one in first.artifacts.iterdir() if one.name != "campaign-staging-5-1-1"]:
        shutil.rmtree(kept)
    site.status = 200

    second = started("workflow_dispatch")
    results = json.loads((second.artifacts / "campaign-staging-1-1-1" / "test_results.json").read_text("utf-8"))

    assert second.failed == []
    assert results["previous"]["campaign"] == "1-1"
