import os
import signal
import subprocess
from pathlib import Path

import pytest

from ci_tools.__main__ import main
from ci_tools.commands.table import COMMANDS
from ci_tools.errors import ExitCode
from tests.unit.commands.command_line import (
    CAMPAIGN,
    COMMAND,
    PASSED,
    PATIENCE_S,
    ROOT,
    Passed,
    Say,
    called,
    copied,
    environ,
)
from tests.unit.runner.shop import Shop


def test_exit_codes_are_distinct() -> None:
    """A workflow can tell them apart, and 0 is a pass alone."""
    assert [int(code) for code in ExitCode] == [0, 1, 2, 3, 4]


def redirected(folder: Path, *words: str, to: str) -> "subprocess.CompletedProcess[str]":
    """What a command says and ends with where a shell has sent its streams elsewhere."""
    return called(folder, "-c", f'exec "$@" {to}', "sh", *COMMAND, *words, command=("/bin/sh",))


def test_a_defect_ends_with_4(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is never mistaken for a failure of the deployed system, and says where it is."""
    monkeypatch.setitem(COMMANDS, "schema", lambda arguments: arguments.nothing)

    done = say("schema")

    assert done.exit_code == ExitCode.DEFECT
    assert "has no attribute 'nothing'" in done.stderr
    assert "this is a defect of ci-tools, not of the deployed system; no verdict" in done.stderr


def test_output_on_a_full_disk_ends_with_4(tmp_path: Path) -> None:
    """It says what is full; that is no defect of ours."""
    done = redirected(tmp_path, "schema", to=">/dev/full")

    assert done.returncode == ExitCode.DEFECT
    assert done.stderr == (
        "ci-tools: cannot write standard output: No space left on device; free space or send it elsewhere\n"
    )


def test_a_campaign_with_its_output_on_a_full_disk_says_where_it_is(shop: Shop) -> None:
    """What it saw until then can be judged."""
    done = redirected(shop.root, *CAMPAIGN, "--phase=1", to=">/dev/full")

    assert done.returncode == ExitCode.DEFECT
    assert "No space left on device" in done.stderr
    assert done.stderr.endswith("what was seen is kept, so judge it with: ci-tools judge out\n")
    assert called(shop.root, "judge", "out").returncode == ExitCode.INCONCLUSIVE


@PASSED
@pytest.mark.parametrize("to", [">&-", ">&- 2>&-", "<&- >&-"])
def test_closed_output_is_one_that_nobody_reads(passed: Passed, tmp_path: Path, to: str) -> None:
    """Neither a pass nor a defect."""
    copied(passed[0], tmp_path)

    done = redirected(tmp_path, "judge", "copy", to=to)

    assert (done.returncode, done.stderr) == (ExitCode.INCONCLUSIVE, "")


@pytest.mark.parametrize("to", ["2>/dev/full", "2>&-"])
def test_errors_that_nobody_can_read_change_no_exit_code(tmp_path: Path, to: str) -> None:
    """A wrong command line is still one."""
    assert redirected(tmp_path, "nonsense", to=to).returncode == ExitCode.USAGE


def test_a_signal_ends_any_command_with_3(tmp_path: Path) -> None:
    """It says which; nothing of Python's own is printed."""
    failures = tmp_path / "failures.jsonl"
    os.mkfifo(failures)
    argv = [*COMMAND, "diagnose", failures.name]
    # Whoever opens the other end waits until the command reads.
    with (
        subprocess.Popen(argv, cwd=tmp_path, env=environ(), stderr=subprocess.PIPE, text=True) as process,
        failures.open("w", encoding="utf-8"),
    ):
        process.terminate()
        _, told = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == ExitCode.INCONCLUSIVE
    assert told == "ci-tools: interrupted SIGTERM was received\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_the_command_is_loaded_ends_it_with_3(tmp_path: Path, number: signal.Signals) -> None:
    """Wherever in its imports it is; nothing of Python's own is printed."""
    begun = tmp_path / "begun"
    os.mkfifo(begun)
    tmp_path.joinpath("rich.py").write_text(f"open({str(begun)!r}).read()\n", encoding="utf-8")
    variables = environ(PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    with subprocess.Popen(
        [*COMMAND, "schema"], cwd=tmp_path, env=variables, stderr=subprocess.PIPE, text=True
    ) as process:
        # Whoever opens the other end waits until the import has begun.
        with begun.open("w", encoding="utf-8"):
            process.send_signal(number)
        _, told = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == ExitCode.INCONCLUSIVE
    assert told == f"ci-tools: interrupted {number.name} was received\n"


@pytest.mark.parametrize(
    "words", [("campaign", "--environment=here", "--phase=2", "--workers=1"), ("schema", "results")]
)
def test_output_that_nobody_reads_is_no_verdict(shop: Shop, words: tuple[str, ...]) -> None:
    """A closed pipe is neither a pass nor a failure of the deployed system."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [*COMMAND, *words],
            cwd=shop.root,
            env=environ(),
            stdout=writing,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            timeout=PATIENCE_S,
            check=False,
        )
    finally:
        os.close(writing)

    assert done.returncode == ExitCode.INCONCLUSIVE
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [(), ("judge",), ("nonsense",), ("faults", "--on=a", "--off=b"), ("schema", "other")])
def test_a_wrong_command_line_ends_with_2(say: Say, words: tuple[str, ...]) -> None:
    """With the usage, and without a traceback."""
    done = say(*words)

    assert done.exit_code == ExitCode.USAGE
    assert done.stderr.startswith("ci-tools: ")
    assert "\nusage: ci-tools" in done.stderr


@pytest.mark.parametrize("words", [("judge", "--foo", "here"), ("judge",), ("judge", "here", "there")])
def test_a_wrong_command_is_told_how_it_is_used(words: tuple[str, ...], say: Say) -> None:
    """It, and not all the others."""
    assert "\nusage: ci-tools judge " in say(*words).stderr


UNNAMED = "unknown environment ''; known: here, locked"
NOWHERE = "'' is no path; allowed: that of a file or a folder; is a variable not set?"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("campaign --out=out --environment=", UNNAMED),
        ("plan --environment=", UNNAMED),
        ("plan --environment=here --otherwise=", UNNAMED),
        ("probe --environment=", UNNAMED),
        ("heartbeat --out=out --environment=", UNNAMED),
        ("heartbeat --out=out --environment= --while-open=a/b", UNNAMED),
        ("heartbeat --out=out --environment=here --while-open=", "'' is no repository; give it as OWNER/NAME"),
        ("last-campaign --repo=a/b --branch=main --environment=", UNNAMED),
        ("ingest results.xml --out=out --environment=", "'' is no environment; allowed: any other name"),
        ("campaign --environment=here --plan=", "unknown plan ''; known: auto, full, short"),
        ("plan --environment=here --plan=", "unknown plan ''; known: auto, full, short"),
        ("plan --environment=here --previous=", f"argument --previous: {NOWHERE}"),
        ("plan --environment=here --previous-if-any=", f"argument --previous-if-any: {NOWHERE}"),
        ("plan --environment=here --out=", f"argument --out: {NOWHERE}"),
        ("plan --spec=", f"argument --spec: {NOWHERE}"),
        ("campaign --plan-file=", f"argument --plan-file: {NOWHERE}"),
        ("campaign --plan-file=plan.json --environment=", "--environment beside --plan-file"),
        ("campaign --plan-file=plan.json --plan=", "--plan beside --plan-file"),
        ("campaign --environment=here --out=", f"argument --out: {NOWHERE}"),
        ("campaign --environment=here --fault=", "faults are switched in the twin only"),
        ("triage out --codeowners=", f"argument --codeowners: {NOWHERE}"),
        ("triage out --commits=", f"argument --commits: {NOWHERE}"),
        ("faults --on=", "argument --on: '' is no fault; ci-tools faults lists them"),
        ("faults --off=", "argument --off: '' is no fault; ci-tools faults lists them"),
    ],
)
def test_a_variable_that_is_not_set_is_no_wish_for_the_default(
    words: str, error: str, shop: Shop, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever wrote it has named something, and another thing would be verified, read or written in its place."""
    monkeypatch.setenv("GITHUB_TOKEN", "t0ken")

    said = say(*words.split(" "))

    assert said.exit_code == ExitCode.USAGE
    assert error in said.stderr
    assert not shop.out.exists()


@pytest.mark.parametrize("command", ["judge", "explain", "triage", "jobs", "ingest --out=out", "merge --out=out"])
def test_an_empty_argument_is_not_the_present_folder(command: str, say: Say) -> None:
    """As of a variable that is not set."""
    said = say(*command.split(" "), "")

    assert said.exit_code == ExitCode.USAGE
    assert NOWHERE in said.stderr


@pytest.mark.parametrize("words", [("judge",), ("judge", "here", "--shwo"), ("campaign", "--workers")])
def test_an_error_that_quotes_a_secret_is_masked(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And commands no runner: what was given may be anything."""
    monkeypatch.setenv("SHOP_TOKEN", "canary-0123456789")

    assert main([*words, "canary-0123456789\n::set-output name=x::y"]) != ExitCode.PASS
    told = capsys.readouterr().err
    assert "canary" not in told
    assert "[redacted]" in told
    assert "\n::" not in told
