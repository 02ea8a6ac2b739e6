"""The verdict of a campaign reaches whoever waits for it, and only one job may write."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from ci_tools.errors import ExitCode

ROOT = Path(__file__).parents[2]
BASH = shutil.which("bash") or "bash"


@pytest.fixture(scope="module")
def jobs() -> dict[str, Any]:
    """The jobs of the workflow."""
    document: dict[str, Any] = YAML(typ="safe").load(ROOT / ".github" / "workflows" / "post-deploy.yml")
    return document["jobs"]  # type: ignore[no-any-return]


def command(job: dict[str, Any], name: str) -> str:
    """The script of the step with that *name*."""
    (found,) = [step["run"] for step in job["steps"] if step.get("name") == name]
    return str(found)


def run(script: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """*script* as GitHub's runner starts it."""
    (folder / "output").touch()
    whole = {"PATH": "/usr/local/bin:/usr/bin:/bin", "GITHUB_OUTPUT": str(folder / "output"), **environ}
    return subprocess.run(
        [BASH, "-e", "-c", script], cwd=folder, env=whole, capture_output=True, text=True, check=False, timeout=30
    )


def imitated(folder: Path, *, ends_with: int) -> Path:
    """In place of the tool, a program that notes its arguments and ends as told."""
    program = folder / ".nox" / "installed" / "bin" / "python"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!{BASH}\nprintf "%s\\n" "$@" > arguments\nexit {ends_with}\n', encoding="utf-8")
    program.chmod(0o755)
    return folder / "arguments"


@pytest.mark.parametrize(
    ("results", "verdict", "passes"),
    [
        (["success", "success"], "0 pass block", True),
        (["success", "success"], "0 pass warn", True),
        (["success", "success"], "3 inconclusive warn", True),
        (["success", "success"], "3 inconclusive block", False),
        (["success", "success"], "1 fail warn", False),
        (["success", "success"], "1 pass block", False),
        (["success", "success"], "0 inconclusive warn", False),
        (["success", "success"], "  ", False),
        (["success", "failure"], "0 pass block", False),
        (["success", "skipped"], "0 pass block", False),
        (["cancelled", "skipped"], "0 pass block", False),
    ],
)
def test_the_gate_lets_through_only_what_passes(
    results: list[str],
    verdict: str,
    jobs: dict[str, Any],
    tmp_path: Path,
    *,
    passes: bool,
) -> None:
    """A pass passes, an inconclusive campaign only where the policy says so, and nothing that was skipped or lost."""
    ended = run(command(jobs["gate"], "judge"), tmp_path, RESULTS=json.dumps(results), VERDICT=verdict)

    assert (ended.returncode == 0) is passes


@pytest.mark.parametrize("code", [ExitCode.PASS, ExitCode.FAIL, ExitCode.INCONCLUSIVE])
def test_a_verdict_does_not_end_the_campaigns_job(code: ExitCode, jobs: dict[str, Any], tmp_path: Path) -> None:
    """What was found is for triage and gate to act on."""
    imitated(tmp_path, ends_with=code)

    ended = run(command(jobs["campaign"], "verify"), tmp_path, ENVIRONMENT="twin", PLAN="auto", PHASE="")

    assert ended.returncode == 0
    assert (tmp_path / "output").read_text(encoding="utf-8") == f"exit={code.value}\n"


@pytest.mark.parametrize("code", [ExitCode.USAGE, ExitCode.DEFECT, 137])
def test_what_is_no_verdict_ends_the_campaigns_job(code: int, jobs: dict[str, Any], tmp_path: Path) -> None:
    """A tool that could not do its work has found nothing."""
    imitated(tmp_path, ends_with=code)

    ended = run(command(jobs["campaign"], "verify"), tmp_path, ENVIRONMENT="twin", PLAN="auto", PHASE="")

    assert ended.returncode == code


@pytest.mark.parametrize(("phase", "expected"), [("", []), ("1", ["--phase=1"]), ("$(id) x", ["--phase=$(id) x"])])
def test_inputs_reach_the_tool_as_they_are(
    phase: str, expected: list[str], jobs: dict[str, Any], tmp_path: Path
) -> None:
    """A phase is passed on only if one is given, and no input is more than one argument."""
    arguments = imitated(tmp_path, ends_with=0)

    run(command(jobs["campaign"], "verify"), tmp_path, ENVIRONMENT="a b", PLAN="auto", PHASE=phase)

    assert arguments.read_text(encoding="utf-8").splitlines() == [
        *("-m", "ci_tools", "campaign", "--environment=a b", "--plan=auto"),
        *expected,
        *("--out", "campaign"),
    ]


@pytest.mark.parametrize(("apply", "expected"), [("", []), ("yes", ["--apply"])])
def test_a_dry_run_applies_nothing(apply: str, expected: list[str], jobs: dict[str, Any], tmp_path: Path) -> None:
    """Issues are changed unless it is asked not to."""
    arguments = imitated(tmp_path, ends_with=0)

    run(command(jobs["triage"], "tell the issues"), tmp_path, GITHUB_REPOSITORY="a/b", RUN_URL="https://x", APPLY=apply)

    assert arguments.read_text(encoding="utf-8").splitlines() == [
        *("-m", "ci_tools", "triage", "campaign", "--repo=a/b", "--run-url=https://x"),
        *expected,
    ]


def test_dry_run_is_off_unless_asked_for(jobs: dict[str, Any]) -> None:
    """The expression gives a text that is empty exactly when a dry run is asked for: an empty text is false there."""
    (environ,) = [step["env"] for step in jobs["triage"]["steps"] if step.get("name") == "tell the issues"]

    assert environ["APPLY"] == "${{ !inputs.dry_run && 'yes' || '' }}"


def test_verdict_and_policy_are_read_from_the_results(jobs: dict[str, Any], tmp_path: Path) -> None:
    """They come from the document of the campaign, not from its exit code."""
    (tmp_path / "campaign").mkdir()
    results = {
        "campaign": {"environment": "twin"},
        "verdict": {"verdict": "fail", "inconclusive_policy": "warn", "reasons": ["x"]},
    }
    (tmp_path / "campaign" / "test_results.json").write_text(json.dumps(results), encoding="utf-8")

    ended = run(command(jobs["campaign"], "verdict"), tmp_path)

    assert ended.returncode == 0
    assert (tmp_path / "output").read_text(encoding="utf-8") == "environment=twin\nverdict=fail\npolicy=warn\n"


def test_only_triage_may_write(jobs: dict[str, Any]) -> None:
    """And what it may write are issues; it holds no secret of the environment."""
    writing = {name: job["permissions"] for name, job in jobs.items() if "write" in job["permissions"].values()}

    assert writing == {"triage": {"contents": "read", "issues": "write"}}
    assert "secrets." not in json.dumps(jobs["triage"])
    assert "environment" not in jobs["triage"]


def test_the_artifact_is_named_after_run_and_attempt(jobs: dict[str, Any]) -> None:
    """Artifacts cannot be replaced, and a later attempt of the triage alone asks for the earlier one's."""
    (kept,) = [step["with"]["name"] for step in jobs["campaign"]["steps"] if "upload-artifact" in step.get("uses", "")]

    assert kept == "campaign-${{ github.run_id }}-${{ github.run_attempt }}"
    assert jobs["campaign"]["outputs"]["artifact"] == kept
