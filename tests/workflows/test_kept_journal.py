"""A job keeps the journal it has written, however it ends: act runs the step that keeps it after one that is killed."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.doubles.github.double import REPO
from tests.workflows.local_runner import Ran, committed, run

KEEP = "keep the journal"
VERIFY = "verify"
OWN, OTHER = "shard2-campaign.jsonl", "shard22-campaign.jsonl"


@pytest.fixture(scope="module")
def keep() -> dict[str, Any]:
    """The step of each phase's job."""
    phase = YAML(typ="safe").load(Path(__file__).parents[2] / ".github" / "workflows" / "phase.yml")
    (step,) = [step for step in phase["jobs"]["run"]["steps"] if step.get("name") == KEEP]
    return dict(step)


def ended(keep: dict[str, Any], written: str, place: Path) -> Ran:
    """The job of shard 2, killed as soon as *written* stands in its journal."""
    killed = f"mkdir -p campaign/journal && touch campaign/journal/{written} && kill -KILL $$"
    job = {"runs-on": "ubuntu-latest", "steps": [{"name": VERIFY, "run": killed}, keep]}
    given = {"job": '{"shard": 2}', "campaign": "1-1", "artifact_days": "90"}
    workflows = place / "repositories" / REPO / ".github" / "workflows"
    workflows.mkdir(parents=True)
    inputs = {name: {"type": "string"} for name in given}
    workflow = {"on": {"workflow_dispatch": {"inputs": inputs}}, "jobs": {"run": job}}
    YAML().dump(workflow, workflows / "phase.yml")
    committed(workflows.parents[1], origin=REPO)
    return run(place, REPO, "workflow_dispatch", {"inputs": given}, environ={}, secrets={}, workflow="phase.yml")


def test_a_job_that_is_killed_keeps_its_journal(keep: dict[str, Any], tmp_path: Path) -> None:
    """A step that hangs or is cancelled puts nothing out: what it has seen until then tells how it ended."""
    ran = ended(keep, OWN, tmp_path)

    assert ran.failed == [("phase.yml/run", VERIFY)]
    assert ran.results(KEEP) == ["success"]
    assert [path.name for path in (tmp_path / "artifacts").rglob("*.jsonl")] == [OWN]


def test_a_job_that_has_written_nothing_keeps_no_journal(keep: dict[str, Any], tmp_path: Path) -> None:
    """What it believes of other jobs they have kept themselves."""
    ran = ended(keep, OTHER, tmp_path)

    assert ran.failed == [("phase.yml/run", VERIFY)]
    assert ran.results(KEEP) == []
    assert list((tmp_path / "artifacts").iterdir()) == []
