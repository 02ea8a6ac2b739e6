"""From one campaign of another repository to the next: heartbeats between, and what the second knows of the first."""

import json
import shutil
from collections.abc import Iterator

import pytest

from tests.doubles.github.documents import Place, artifact
from tests.doubles.github.double import REPO
from tests.doubles.github.server import GitHubDouble
from tests.unit.runner.shop import Site
from tests.workflows.executed.other_repository import Verified

PAYLOAD = {"repository": {"default_branch": "main"}}


@pytest.fixture
def site() -> Iterator[Site]:
    """What the other repository has deployed, and what does not answer."""
    with Site().serving() as serving:
        serving.status = 503
        yield serving


def test_a_heartbeat_is_told_in_the_issue_that_is_open(verified: Verified, github: GitHubDouble, site: Site) -> None:
    """Two jobs, of which one writes; without an open issue nothing is looked at, and nothing written."""
    before = verified("schedule", PAYLOAD)
    campaign = verified("workflow_dispatch", PAYLOAD)
    filed = list(github.issues)
    bad = verified("schedule", PAYLOAD)
    told = github.issues[1]["body"]
    # On this machine every run has the same number, and an artifact cannot be replaced.
    shutil.rmtree(bad.artifacts / "heartbeat-1-1")
    site.status = 200
    good = verified("schedule", PAYLOAD)

    assert [ran.failed for ran in (before, bad, good)] == [[]] * 3
    assert [one.rpartition("/")[2] for one in before.jobs] == ["heartbeat"]
    assert campaign.outputs("verdict") == ["fail"]
    assert (filed, list(github.issues)) == ([1], [1])
    assert [one.rpartition("/")[2] for one in bad.jobs] == ["heartbeat", "triage"]
    assert "**Heartbeats:** found bad since" in told
    assert "**Heartbeats:** found well since" in github.issues[1]["body"]
    assert github.issues[1]["state"] == "open"
    assert [one for one in github.writes() if not one.startswith("PATCH")] == [f"POST /repos/{REPO}/issues"]


def test_a_campaign_is_compared_with_the_one_before(verified: Verified, github: GitHubDouble, site: Site) -> None:
    """Which an earlier run has kept, and which is found among all artifacts."""
    first = verified("workflow_dispatch", PAYLOAD)
    github.repository.artifacts = [artifact(Place(REPO), 1, "campaign-staging-5-1-1", run=5)]
    (first.artifacts / "campaign-staging-1-1-1").rename(first.artifacts / "campaign-staging-5-1-1")
    for kept in [one for one in first.artifacts.iterdir() if one.name != "campaign-staging-5-1-1"]:
        shutil.rmtree(kept)
    site.status = 200

    second = verified("workflow_dispatch", PAYLOAD)
    results = json.loads((second.artifacts / "campaign-staging-1-1-1" / "test_results.json").read_text("utf-8"))

    assert second.failed == []
    assert results["previous"]["campaign"] == "1-1"
