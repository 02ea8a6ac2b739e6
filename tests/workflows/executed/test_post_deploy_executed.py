"""The whole workflow of this repository, on this machine: against the twin, and a double of GitHub's issues."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.github.double import REPO, TOKEN
from tests.doubles.github.server import GitHubDouble
from tests.workflows.local_runner import Ran, committed, run

SMALL_PLAN = """
[plans.small]
about = "a little of three phases"
phases = ["infrastructure", "critical", "features"]

[plans.small.only]
infrastructure = ["health", "redis"]
critical = ["websocket_events"]
features = ["streaming"]
"""
REDIS_IS_DOWN = "twin: redis: Redis is not running, or refuses every connection"
JOBS = [
    "alone/phase/performance",
    "first/phase/infrastructure",
    "post-deploy/plan",
    "post-deploy/the deployed system works",
    "post-deploy/triage",
    "post-deploy/verdict",
    "then-1/phase/critical",
    "then-2/phase/features",
]
Happened = Callable[..., Ran]


@pytest.fixture
def happened(github: GitHubDouble, copied: Callable[[str], Path], tmp_path: Path) -> Happened:
    """Tells the workflow of an event."""
    folder = copied(REPO)
    with (folder / "campaign.toml").open("a", encoding="utf-8") as file:
        file.write(SMALL_PLAN)
    committed(folder, origin=REPO)

    def tell(event: str, payload: Mapping[str, Any]) -> Ran:
        environ, secrets = {"GITHUB_API_URL": github.url}, {"GITHUB_TOKEN": TOKEN}
        return run(tmp_path, REPO, event, payload, environ=environ, secrets=secrets)

    return tell


def deploy(**payload: str) -> tuple[str, dict[str, Any]]:
    """The event of a deploy, to the twin, with a fault switched on or none."""
    return "repository_dispatch", {"action": "deployed", "client_payload": {"plan": "small", **payload}}


def results(ran: Ran) -> dict[str, object]:
    """What the artifact with the whole campaign says."""
    document: dict[str, object] = json.loads(
        (ran.artifacts / "campaign-twin-1-1-1" / "test_results.json").read_text("utf-8")
    )
    return document


def test_a_healthy_system_passes(happened: Happened, github: GitHubDouble) -> None:
    """Every job runs; without any secret it is the twin that is verified, although staging was deployed."""
    ran = happened(*deploy())

    assert (ran.failed, ran.jobs) == ([], JOBS)
    assert ran.outputs("verdict") == ["pass"]
    assert ran.outputs("environment") == ["twin", "twin"]
    assert ran.results("say what was not verified") == ["success"]
    assert ran.summary.startswith("# ✅ Pass")
    assert github.writes() == []
    assert sorted(path.name for path in ran.artifacts.iterdir()) == [
        "campaign-twin-1-1-1",
        "plan-1-1",
        *(f"shard-{number}-of-1-1-1" for number in (1, 2, 3, 4)),
    ]


def test_an_outage_is_one_issue_and_a_red_gate(happened: Happened, github: GitHubDouble) -> None:
    """Redis is down for every job: one incident, told once, and a deployment that failed; the jobs did their work."""
    github.repository.deployments[7] = []
    ran = happened(*deploy(environment="twin", fault="redis_down", deployment="7"))

    assert ran.failed == [("post-deploy/the deployed system works", "judge")]
    assert ran.outputs("verdict") == ["fail"]
    assert ran.summary.startswith("# ❌ Fail: redis")
    assert [issue["title"] for issue in github.issues.values()] == [REDIS_IS_DOWN]
    incidents = results(ran)["incidents"]
    assert isinstance(incidents, list)
    assert [one["dependency"] for one in incidents] == ["redis"]
    assert "::error title=redis-1%3A" in ran.text
    assert [one["state"] for one in github.repository.deployments[7]] == ["failure"]


def test_a_dry_run_only_shows_what_would_be_filed(happened: Happened, github: GitHubDouble) -> None:
    """Of the phases that are asked for there is one: no other job is due. Its outage is planned, and nobody told."""
    inputs = {"environment": "twin", "plan": "small", "phases": "1", "fault": "redis_down", "dry_run": "true"}
    ran = happened("workflow_dispatch", {"inputs": inputs})

    assert ran.failed == [("post-deploy/the deployed system works", "judge")]
    assert ran.jobs == [job for job in JOBS if not job.startswith(("then", "alone"))]
    assert ran.results("tell the issues") == ["success"]
    assert "## What the issues would be told" in ran.summary
    assert f"create '{REDIS_IS_DOWN}'" in ran.summary
    assert github.writes() == []
