"""Which events start a campaign: evaluated by act, which runs no step."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.github.double import REPO
from tests.workflows.events import completed, deployed
from tests.workflows.local_runner import committed, run, understood

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("event", "payload", "begun"),
    [
        ("repository_dispatch", {"action": "deployed"}, {"plan"}),
        ("workflow_dispatch", {}, {"plan"}),
        ("deployment_status", deployed("success", "staging"), {"plan"}),
        ("deployment_status", deployed("success", "production"), set()),
        ("deployment_status", deployed("in_progress", "staging"), set()),
        ("workflow_run", completed("success"), {"plan"}),
        ("workflow_run", completed("failure"), set()),
        ("workflow_run", completed("success", branch="feature"), set()),
        ("workflow_run", completed("success", repository="somebody/shop"), set()),
        ("schedule", {}, {"heartbeat"}),
    ],
)
def test_an_event_starts_a_campaign_a_heartbeat_or_nothing(
    event: str, payload: dict[str, Any], begun: set[str], tmp_path: Path
) -> None:
    """Not for another environment, a deploy that failed or is not done, another branch, or a fork."""
    folder = tmp_path / "repositories" / REPO
    shutil.copytree(ROOT / ".github" / "workflows", folder / ".github" / "workflows")
    understood(folder / ".github" / "workflows")
    committed(folder, origin=REPO)

    ran = run(tmp_path, REPO, event, payload, environ={}, secrets={}, is_dry=True)

    assert ran.begun & {"plan", "heartbeat"} == begun
    assert "gate" not in ran.begun or begun == {"plan"}
