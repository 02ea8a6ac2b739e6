"""Every workflow keeps the rules that a post-deploy workflow must not break."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.unit.test_architecture import DECIDERS

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ISSUE_WRITERS = {("post-deploy.yml", "triage"), ("triage.yml", "triage")}
MAX_LINES = 5
CALLERS_OWN = 'python -m pip install --quiet --requirement "$REQUIREMENTS"'
"""What the suites of another repository need is locked there, or not."""


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
    """A job that hangs is ended by its own time limit; one that calls a workflow, by those of that one's jobs."""
    own = {name: job for name, job in _load(path)["jobs"].items() if "uses" not in job}

    assert [name for name, job in own.items() if "timeout-minutes" not in job] == []


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
def test_what_is_installed_is_locked(path: Path) -> None:
    """By the hash of each file; this package itself comes from the commit, and brings nothing along."""
    lines = [line.strip() for step in _steps(path) for line in step.get("run", "").splitlines()]
    installs = [line for line in lines if re.search(r"\b(pip|pipx|uv|uvx)\b", line) and line != CALLERS_OWN]
    locked = ("--require-hashes --requirement ", "--no-deps --no-build-isolation ")

    assert [line for line in installs if not any(options in line for options in locked)] == []


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
    # A run in which nothing was to be verified has no gate: its first job was skipped, and was not lost.
    always = ("always()", "always() && needs.plan.result != 'skipped'")

    assert sorted(jobs["gate"]["needs"]) == sorted(set(jobs) - {"gate"})
    assert jobs["gate"]["if"] in always


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_only_triage_may_write_issues(path: Path) -> None:
    """Test jobs run what others have written: they write artifacts only."""
    jobs = _load(path)["jobs"]
    writers = {(path.name, name) for name, job in jobs.items() if job["permissions"].get("issues") == "write"}

    assert writers <= ISSUE_WRITERS


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_who_may_write_has_no_identity_in_the_cloud_and_no_secret(path: Path) -> None:
    """What could change the cloud must not be able to tell, and what tells must not be able to change it."""
    writing = [
        job
        for job in _load(path)["jobs"].values()
        if {name for name, level in job["permissions"].items() if level == "write"} - {"id-token"}
    ]

    assert [job for job in writing if "id-token" in job["permissions"] or "environment" in job] == []
    assert [job for job in writing if "secrets." in str(job)] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_action_is_looked_for_in_the_workspace(path: Path) -> None:
    """In a repository that calls the workflow it would not be there, or be that one's."""
    assert [step["uses"] for step in _steps(path) if step.get("uses", "").startswith(".")] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_secret_is_passed_on_unnamed(path: Path) -> None:
    """A called workflow gets what it needs, by name."""
    assert [name for name, job in _load(path)["jobs"].items() if job.get("secrets") == "inherit"] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_artifacts_carry_run_and_attempt(path: Path) -> None:
    """They cannot be replaced: a second attempt would be refused its own."""
    kept = [step["with"]["name"] for step in _steps(path) if "upload-artifact@" in step.get("uses", "")]

    assert [name for name in kept if not {"run_id", "campaign"} & set(re.findall(r"\w+", name))] == []
    assert [name for name in kept if "github.run_attempt" not in name] == []


def test_what_may_start_a_campaign_is_stated_the_same_twice() -> None:
    """An event that is not eligible must not wait in the group of those that are, nor be waited for."""
    workflow = _load(ROOT / ".github" / "workflows" / "post-deploy.yml")
    eligible = " ".join(workflow["jobs"]["plan"]["if"].split())

    assert f"${{{{ {eligible} && (inputs.environment" in " ".join(workflow["concurrency"]["group"].split())
    assert workflow["concurrency"]["queue"] == "max"


def test_this_repositorys_checks_have_a_gate() -> None:
    """Branch protection asks for one job only, and it exists."""
    assert "gate" in _load(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]


def test_every_branch_of_the_deciders_is_held_by_ci() -> None:
    """What decides is tested whole, but for the files of evidence that are opened, or the check is red."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["coverage"]
    rooms = {name.partition(".")[0] for name in DECIDERS}
    ran = [step.get("run") for step in _load(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]["coverage"]["steps"]]

    assert set(settings["run"]["source"]) == {f"ci_tools.{room}" for room in rooms}
    assert settings["run"]["omit"] == ["ci_tools/evidence/ingesting.py", "ci_tools/evidence/journal.py"]
    assert (settings["run"]["branch"], settings["report"]["fail_under"]) == (True, 100)
    assert ran[-1] == "nox -s coverage"


def test_acceptance_has_the_time_that_it_is_said_to_take() -> None:
    """The same figure for people everywhere, and a limit that ends only what hangs: an hour more."""
    told = [(ROOT / name).read_text("utf-8") for name in ("noxfile.py", "docs/acceptance.md")]
    lines = [line for text in told for line in text.splitlines() if re.match(r"nox -s acceptance +(show|#)", line)]
    limit_min = _load(ROOT / ".github" / "workflows" / "acceptance.yml")["jobs"]["acceptance"]["timeout-minutes"]

    assert len(lines) == 2
    assert [line for line in lines if "an hour and a half" not in line] == []
    assert limit_min >= 90 + 60


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
