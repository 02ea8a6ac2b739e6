"""What GitHub sends with an event, as far as the workflow looks at it."""

from typing import Any

from tests.doubles.github.double import REPO


def deployed(state: str, environment: str) -> dict[str, Any]:
    """The status of deployment 7."""
    return {"deployment_status": {"state": state}, "deployment": {"environment": environment, "id": 7}}


def completed(conclusion: str, branch: str = "main", repository: str = REPO) -> dict[str, Any]:
    """The end of another workflow's run."""
    ended = {"conclusion": conclusion, "head_branch": branch, "head_repository": {"full_name": repository}}
    return {"workflow_run": ended, "repository": {"default_branch": "main"}}
