"""Every workflow keeps the rules that a post-deploy workflow must not break."""

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MAX_LINES = 5


def _load(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = YAML(typ="safe").load(path)
    return document


def _steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in _load(path)["jobs"].values() for step in job.get("steps", [])]


def test_there_is_a_workflow() -> None:
    """The rules below are held by something."""
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_permissions_are_empty_at_the_top_and_stated_per_job(path: Path) -> None:
    """A job has no permission that it does not ask for by name."""
    workflow = _load(path)

    assert workflow["permissions"] == {}
    assert [name for name, job in workflow["jobs"].items() if "permissions" not in job] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_job_ends_by_itself(path: Path) -> None:
    """A job that hangs is ended by its own time limit."""
    assert [name for name, job in _load(path)["jobs"].items() if "timeout-minutes" not in job] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_actions_are_pinned_to_commits(path: Path) -> None:
    """An action runs the commit that was reviewed, whatever its tags say later."""
    used = [step["uses"] for step in _steps(path) if "uses" in step]

    assert [action for action in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action)] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_checkout_leaves_no_credentials(path: Path) -> None:
    """The token does not stay in the working copy."""
    checkouts = [step for step in _steps(path) if step.get("uses", "").startswith("actions/checkout@")]

    assert [step for step in checkouts if step.get("with", {}).get("persist-credentials") is not False] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_commands_are_short_and_free_of_expressions(path: Path) -> None:
    """Logic lives in ci_tools; text from events reaches a shell through variables only."""
    commands = [step["run"] for step in _steps(path) if "run" in step]

    assert [command for command in commands if "${{" in command] == []
    assert [command for command in commands if len(command.strip().splitlines()) > MAX_LINES] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_is_allowed_to_fail_unseen(path: Path) -> None:
    """No step swallows a failure."""
    text = path.read_text(encoding="utf-8")

    assert "continue-on-error" not in text
    assert "|| true" not in text


@pytest.mark.parametrize("path", [path for path in FILES if "gate" in _load(path)["jobs"]], ids=lambda path: path.name)
def test_the_gate_needs_every_other_job(path: Path) -> None:
    """A skipped job counts as success for branch protection, so the gate looks at each of them, always."""
    jobs = _load(path)["jobs"]

    assert sorted(jobs["gate"]["needs"]) == sorted(set(jobs) - {"gate"})
    assert jobs["gate"]["if"] == "always()"


def test_this_repositorys_checks_have_a_gate() -> None:
    """Branch protection asks for one job only, and it exists."""
    assert "gate" in _load(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]


def test_ci_runs_the_two_commands_of_the_readme() -> None:
    """What CI runs is what the README tells a new user."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    marked = readme.split("<!-- the two commands -->")[1].split("<!-- end -->")[0]
    commands = [line for line in marked.splitlines() if line.startswith((".", "p"))]

    assert "README.md" in script
    assert commands == [
        "python3 -m venv .venv && .venv/bin/pip install nox && .venv/bin/nox -s campaign",
        ".venv/bin/nox -s tests",
    ]
