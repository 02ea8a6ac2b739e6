"""The verdict of a campaign reaches whoever waits for it, and only one job may write."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from ci_tools.errors import ExitCode
from tests.workflows.local_runner import committed

ROOT = Path(__file__).parents[2]
BASH = shutil.which("bash") or "bash"
REFUSE = "refuse what may change"
ASKED = "${{ inputs.tools_ref || github.sha }}"
PLANNED = "${{ needs.plan.outputs.tools_ref }}"


@pytest.fixture(scope="module")
def jobs() -> dict[str, Any]:
    """The jobs of the workflow, and as ``run`` the one that runs each phase."""
    folder = ROOT / ".github" / "workflows"
    both = [YAML(typ="safe").load(folder / name)["jobs"] for name in ("post-deploy.yml", "phase.yml")]
    return {**both[0], **both[1]}


def command(job: dict[str, Any], name: str) -> str:
    """The script of the step with that *name*."""
    (found,) = [step["run"] for step in job["steps"] if step.get("name") == name]
    return str(found)


def run(script: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """*script* as GitHub's runner starts it."""
    (folder / "output").touch()
    path = f"{folder / 'bin'}:/usr/local/bin:/usr/bin:/bin"
    whole = {"PATH": path, "GITHUB_OUTPUT": str(folder / "output"), **environ}
    return subprocess.run(
        [BASH, "-e", "-c", script], cwd=folder, env=whole, capture_output=True, text=True, check=False, timeout=30
    )


def imitated(folder: Path, *, ends_with: int) -> Path:
    """In place of ci-tools, a program that notes its arguments and ends as told."""
    program = folder / "bin" / "ci-tools"
    program.parent.mkdir()
    program.write_text(f'#!{BASH}\nprintf "%s\\n" "$@" > arguments\nexit {ends_with}\n', encoding="utf-8")
    program.chmod(0o755)
    return folder / "arguments"


GOOD = dict.fromkeys(("plan", "infrastructure", "phases", "performance", "verdict", "triage"), "success") | {
    "heartbeat": "skipped"
}


@pytest.mark.parametrize(
    ("changed", "verdict", "passes"),
    [
        ({}, "0 pass block", True),
        ({}, "0 pass warn", True),
        ({}, "3 inconclusive warn", True),
        ({"phases": "skipped", "performance": "skipped"}, "0 pass block", True),
        ({}, "3 inconclusive block", False),
        ({}, "1 fail warn", False),
        ({}, "1 pass block", False),
        ({}, "0 inconclusive warn", False),
        ({}, "  ", False),
        ({"plan": "skipped"}, "0 pass block", False),
        ({"infrastructure": "skipped"}, "0 pass block", False),
        ({"verdict": "skipped"}, "0 pass block", False),
        ({"triage": "skipped"}, "0 pass block", False),
        *(({name: "failure"}, "0 pass block", False) for name in GOOD),
        *(({name: "cancelled"}, "0 pass block", False) for name in GOOD),
    ],
)
def test_the_gate_lets_through_only_what_passes(
    changed: dict[str, str], verdict: str, jobs: dict[str, Any], tmp_path: Path, *, passes: bool
) -> None:
    """A pass passes, an inconclusive campaign only where the policy says so, and nothing that was lost."""
    needs = {name: {"result": result, "outputs": {}} for name, result in (GOOD | changed).items()}

    ended = run(command(jobs["gate"], "judge"), tmp_path, NEEDS=json.dumps(needs), VERDICT=verdict)

    assert (ended.returncode == 0) is passes


VERIFY = {"SPEC": "campaign.toml", "CAMPAIGN": "1-1", "SHARD": "2", "FAULT": ""}


@pytest.mark.parametrize("code", [ExitCode.PASS, ExitCode.FAIL, ExitCode.INCONCLUSIVE])
def test_a_verdict_does_not_end_a_phases_job(code: ExitCode, jobs: dict[str, Any], tmp_path: Path) -> None:
    """What was found is for the verdict's job to act on."""
    imitated(tmp_path, ends_with=code)

    assert run(command(jobs["run"], "verify"), tmp_path, **VERIFY).returncode == 0


def test_a_job_that_runs_again_believes_only_the_others(jobs: dict[str, Any], tmp_path: Path) -> None:
    """What its first attempt has left would be refused: the shard has run there already."""
    arguments = imitated(tmp_path, ends_with=0)
    for name in ("shard-1-of-1-1-1", "shard-2-of-1-1-1", "shard-22-of-1-1-1"):
        (tmp_path / "known" / name).mkdir(parents=True)

    run(command(jobs["run"], "believe it"), tmp_path, **VERIFY)

    assert arguments.read_text(encoding="utf-8").splitlines() == [
        *("merge", "known/shard-1-of-1-1-1", "known/shard-22-of-1-1-1"),
        *("--out", "campaign"),
    ]


@pytest.mark.parametrize("code", [ExitCode.USAGE, ExitCode.DEFECT, 137])
@pytest.mark.parametrize(("job", "step"), [("run", "verify"), ("verdict", "judge"), ("heartbeat", "look")])
def test_what_is_no_verdict_ends_the_job(code: int, job: str, step: str, jobs: dict[str, Any], tmp_path: Path) -> None:
    """A tool that could not do its work has found nothing."""
    imitated(tmp_path, ends_with=code)

    assert run(command(jobs[job], step), tmp_path, **VERIFY, ENVIRONMENT="x").returncode == code


@pytest.mark.parametrize("code", [ExitCode.PASS, ExitCode.FAIL, ExitCode.INCONCLUSIVE])
@pytest.mark.parametrize(("job", "step"), [("verdict", "judge"), ("heartbeat", "look")])
def test_what_was_found_does_not_end_the_job(
    code: int, job: str, step: str, jobs: dict[str, Any], tmp_path: Path
) -> None:
    """The gate judges it; of a heartbeat nobody has to."""
    imitated(tmp_path, ends_with=code)

    assert run(command(jobs[job], step), tmp_path, **VERIFY, ENVIRONMENT="x").returncode == 0


@pytest.mark.parametrize(("phases", "otherwise"), [("", ""), ("1,2", "twin"), ("$(id) x", "a b")])
def test_inputs_reach_the_plan_as_they_are(phases: str, otherwise: str, jobs: dict[str, Any], tmp_path: Path) -> None:
    """No input is more than one argument, and none is run."""
    arguments = imitated(tmp_path, ends_with=0)

    run(
        command(jobs["plan"], "plan"),
        tmp_path,
        SPEC="c d",
        ENVIRONMENT="a b",
        OTHERWISE=otherwise,
        PLAN="auto",
        PHASES=phases,
    )

    assert arguments.read_text(encoding="utf-8").splitlines() == [
        *("plan", "--spec=c d", "--environment=a b"),
        *([f"--otherwise={otherwise}"] if otherwise else []),
        *("--plan=auto", f"--phase={phases}", "--shards", "phases"),
        *("--previous-if-any", "before", "--out", "plan.json"),
    ]


@pytest.mark.parametrize("job", ["plan", "heartbeat", "triage"])
@pytest.mark.parametrize(
    ("ref", "code"), [("a" * 40, 0), ("main", 2), ("v1", 2), ("A" * 40, 2), ("a" * 39, 2), (f"{'a' * 40}\nx", 2)]
)
def test_tools_of_no_commit_are_refused(ref: str, code: int, job: str, jobs: dict[str, Any], tmp_path: Path) -> None:
    """A branch or a tag may change under whoever calls the workflow."""
    assert run(command(jobs[job], REFUSE), tmp_path, TOOLS_REF=ref).returncode == code


@pytest.fixture
def gets_tools(jobs: dict[str, Any]) -> dict[str, str]:
    """For each job that installs ci_tools which commit of it, as its workflow says."""
    steps = [(name, step) for name, job in jobs.items() for step in job.get("steps", ())]
    return {name: step["with"]["ref"] for name, step in steps if step.get("name") == "get the tools"}


def test_a_job_refuses_tools_of_no_commit_before_anything_else(
    jobs: dict[str, Any], gets_tools: dict[str, str]
) -> None:
    """Each that takes the commit from the caller itself: a heartbeat has no plan that would have refused it."""
    said = {name: job["steps"][0] for name, job in jobs.items() if gets_tools.get(name) == ASKED}

    assert sorted(said) == ["heartbeat", "plan", "triage"]
    assert [step["name"] for step in said.values()] == [REFUSE] * 3
    assert [step["env"] for step in said.values()] == [{"TOOLS_REF": ASKED}] * 3
    assert [step for step in said.values() if "if" in step] == []


def test_the_other_jobs_take_what_the_plan_has_not_refused(jobs: dict[str, Any], gets_tools: dict[str, str]) -> None:
    """They run only after a plan that came to its end."""
    passed_on = {name: ref for name, ref in gets_tools.items() if ref != ASKED}
    phases = {name: job for name, job in jobs.items() if job.get("uses", "").endswith("/phase.yml")}

    assert passed_on == {"run": "${{ inputs.tools_ref }}", "verdict": PLANNED}
    assert {name: job["with"]["tools_ref"] for name, job in phases.items()} == dict.fromkeys(
        ("infrastructure", "phases", "performance"), PLANNED
    )
    assert "needs.plan.result == 'success'" in jobs["verdict"]["if"]
    assert "if" not in jobs["infrastructure"]
    assert "needs.infrastructure.result == 'success'" in jobs["performance"]["if"]


def test_what_a_campaign_leaves_is_kept_as_long_as_the_issues_say(jobs: dict[str, Any]) -> None:
    """They say it by the campaign file, which the plan's job reads; a heartbeat has no plan, and no issue links it."""
    uploads = {
        name: step["with"]["retention-days"]
        for name, job in jobs.items()
        for step in job.get("steps", ())
        if "upload-artifact@" in step.get("uses", "")
    }
    phases = [job["with"]["artifact_days"] for job in jobs.values() if job.get("uses", "").endswith("/phase.yml")]
    planned = "${{ needs.plan.outputs.artifact_days }}"

    assert uploads == {
        "plan": "${{ steps.jobs.outputs.artifact_days }}",
        "run": "${{ inputs.artifact_days }}",
        "verdict": planned,
        "heartbeat": 30,
    }
    assert jobs["plan"]["outputs"]["artifact_days"] == uploads["plan"]
    assert phases == [planned] * 3


@pytest.mark.parametrize(("apply", "expected"), [("", []), ("yes", ["--apply"])])
def test_a_dry_run_applies_nothing(apply: str, expected: list[str], jobs: dict[str, Any], tmp_path: Path) -> None:
    """Issues are changed unless it is asked not to."""
    arguments = imitated(tmp_path, ends_with=0)

    told = {"GITHUB_REPOSITORY": "a/b", "RUN_URL": "https://x", "SPEC": "c d", "RUNNER_TEMP": "t"}
    run(command(jobs["triage"], "tell the issues"), tmp_path, APPLY=apply, **told)

    assert arguments.read_text(encoding="utf-8").splitlines() == [
        *("triage", "seen", "--spec=c d", "--repo=a/b", "--run-url=https://x", "--commits=t/commits", "--github"),
        *expected,
    ]


def test_the_last_commits_are_told_with_what_they_change(jobs: dict[str, Any], tmp_path: Path) -> None:
    """As ``ci-tools triage --commits`` reads them."""
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "a file.tf").touch()
    commit = committed(tmp_path, origin="a/b")
    (step,) = [step for step in jobs["triage"]["steps"] if step.get("name") == "say who changed what"]

    ended = run(step["run"], tmp_path, RUNNER_TEMP=str(tmp_path), **step["env"])

    assert (ended.returncode, ended.stderr) == (0, "")
    assert (tmp_path / "commits").read_text(encoding="utf-8") == f"\0{commit} all\n\ninfra/a file.tf\n"


def test_without_a_history_nobody_is_told_of(jobs: dict[str, Any], tmp_path: Path) -> None:
    """The file is there all the same, and empty."""
    ended = run(command(jobs["triage"], "say who changed what"), tmp_path, RUNNER_TEMP=str(tmp_path), FORMAT="%H")

    assert ended.returncode == 0
    assert (tmp_path / "commits").read_text(encoding="utf-8") == ""


def test_a_heartbeat_is_told_by_the_job_that_files(jobs: dict[str, Any]) -> None:
    """The one that looks has secrets, and may only read issues; what it saw travels as an artifact, if it saw any."""
    heartbeat, triage = jobs["heartbeat"], jobs["triage"]
    (kept,) = [step for step in heartbeat["steps"] if step.get("id") == "keep"]
    run_and_attempt = "github.run_id, github.run_attempt"

    assert heartbeat["permissions"]["issues"] == "read"
    # Also the result is asked: what a job that was skipped would put out is not "" for every runner.
    assert triage["if"].endswith("(needs.heartbeat.result == 'success' && needs.heartbeat.outputs.artifact != ''))")
    assert heartbeat["outputs"]["artifact"] == (
        f"${{{{ steps.keep.outcome == 'success' && format('heartbeat-{{0}}-{{1}}', {run_and_attempt}) || '' }}}}"
    )
    assert kept["with"]["name"] == "heartbeat-${{ github.run_id }}-${{ github.run_attempt }}"
    assert kept["if"] == "hashFiles('heartbeat/**') != ''"


def test_no_two_jobs_tell_the_issues_at_once(jobs: dict[str, Any]) -> None:
    """What one remembers there the other would overwrite; none that waits is dropped for a later one."""
    assert jobs["triage"]["concurrency"] == {
        "group": "post-deploy-issues",
        "cancel-in-progress": False,
        "queue": "max",
    }


def test_dry_run_is_off_unless_asked_for(jobs: dict[str, Any]) -> None:
    """The expression gives a text that is empty exactly when a dry run is asked for: an empty text is false there."""
    (environ,) = [step["env"] for step in jobs["triage"]["steps"] if step.get("name") == "tell the issues"]

    assert environ["APPLY"] == "${{ !inputs.dry_run && 'yes' || '' }}"
