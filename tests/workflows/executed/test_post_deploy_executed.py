"""The whole workflow of this repository, on this machine: against the twin, and a double of GitHub's issues."""

import json
from collections.abc import Callable
from pathlib import Path

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
Deployed = Callable[..., Ran]


@pytest.fixture
def deployed(github: GitHubDouble, copied: Callable[[str], Path], tmp_path: Path) -> Deployed:
    """Tells the workflow of a deploy, to the twin, with a fault switched on or none."""
    folder = copied(REPO)
    with (folder / "campaign.toml").open("a", encoding="utf-8") as file:
        file.write(SMALL_PLAN)
    committed(folder, origin=REPO)

    def tell(**payload: str) -> Ran:
        event = {"action": "deployed", "client_payload": {"plan": "small", **payload}}
        secrets = {"GITHUB_TOKEN": TOKEN}
        return run(
            tmp_path, REPO, "repository_dispatch", event, environ={"GITHUB_API_URL": github.url}, secrets=secrets
        )

    return tell


def results(ran: Ran) -> dict[str, object]:
    """What the artifact with the whole campaign says."""
    document: dict[str, object] = json.loads(
        (ran.artifacts / "campaign-twin-1-1-1" / "test_results.json").read_text("utf-8")
    )
    return document


def test_a_healthy_system_passes(deployed: Deployed, github: GitHubDouble) -> None:
    """Every job runs; without any secret it is the twin that is verified, although staging was deployed."""
    ran = deployed()

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


def test_an_outage_is_one_issue_and_a_red_gate(deployed: Deployed, github: GitHubDouble) -> None:
    """Redis is down for every job: one incident, told once; the jobs that saw it did their work."""
    ran = deployed(environment="twin", fault="redis_down")

    assert ran.failed == [("post-deploy/the deployed system works", "judge")]
    assert ran.outputs("verdict") == ["fail"]
    assert ran.summary.startswith("# ❌ Fail: redis")
    assert [issue["title"] for issue in github.issues.values()] == [REDIS_IS_DOWN]
    incidents = results(ran)["incidents"]
    assert isinstance(incidents, list)
    assert [one["dependency"] for one in incidents] == ["redis"]
    assert "::error title=redis-1%3A" in ran.text
