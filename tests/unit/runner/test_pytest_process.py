import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ci_tools.errors import JournalWriteError
from ci_tools.evidence.journal import CampaignDirectory, LogWriter
from ci_tools.evidence.redaction import MASK, Redactor
from ci_tools.runner.control import RunPhase
from ci_tools.runner.pytest_process import PytestProcess, arguments, expand

SECRET = "hunter2-is-no-password"
SPEAKING = """\
import json, os, signal, socket, sys, time
line = socket.socket(fileno=int(sys.argv[1]))
def hear():
    received = b""
    while not received.endswith(b"\\n"):
        part = line.recv(1 << 16)
        if not part:
            return None
        received += part
    return json.loads(received)
def say(phase, left=0, unknown=0):
    line.sendall(json.dumps({"phase": phase, "left": left, "unknown": unknown}).encode() + b"\\n")
"""
"""What a program in the place of pytest needs to speak with the campaign."""


PATIENCE_S = 30.0
"""Far more than what is timed takes; what it would otherwise wait for takes a minute."""


@pytest.fixture
def log(tmp_path: Path) -> LogWriter:
    """The log of a campaign."""
    return CampaignDirectory.create(tmp_path / "out", Redactor([SECRET])).log("pytest.log")


Started = Callable[[str], PytestProcess]


@pytest.fixture
def started(tmp_path: Path, log: LogWriter) -> Iterator[Started]:
    """Starts a Python program in the place of pytest, which is gone afterwards."""
    processes: list[PytestProcess] = []

    def start(program: str) -> PytestProcess:
        process = PytestProcess(
            lambda control: [sys.executable, "-c", SPEAKING + program, str(control)],
            root=tmp_path,
            environ={"SHOP": "open"},
            log=log,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        with suppress(JournalWriteError):
            process.close()


def order(phase: int = 1, within_s: float = 30, **wishes: dict[str, float]) -> RunPhase:
    """A phase that may take *within_s* seconds."""
    return RunPhase(phase=phase, deadline=time.monotonic() + within_s, **wishes)


def ran(process: PytestProcess, within_s: float = 30) -> str:
    """What kept *process* from running a phase."""
    return process.run(order(within_s=within_s), lambda: None)


def kept(root: Path) -> str:
    """What stands in the log."""
    return (root / "out" / "pytest.log").read_text(encoding="utf-8")


def test_one_process_runs_one_phase_after_the_other(started: Started, tmp_path: Path) -> None:
    """It hears what each is to be, and is alive in between."""
    process = started("while (heard := hear()): print(os.getpid(), heard['phase'], flush=True); say(heard['phase'])")

    assert process.run(order(1), lambda: None) == ""
    assert process.alive
    assert process.run(order(2), lambda: None) == ""
    process.close()
    (first, one), (second, two) = (row.split() for row in kept(tmp_path).splitlines())
    assert (one, two) == ("1", "2")
    assert first == second


def test_a_waiting_process_ends_by_itself(started: Started, tmp_path: Path) -> None:
    """It hears that nothing follows, and is given the time to clean up."""
    process = started("hear(); say(1); hear(); time.sleep(0.5); print('cleaned up', flush=True)")
    ran(process)

    process.close()

    assert not process.alive
    assert kept(tmp_path) == "cleaned up\n"


def test_a_process_that_runs_a_phase_is_interrupted(started: Started, tmp_path: Path) -> None:
    """Whoever stops a campaign does not wait for its tests."""
    process = started("print('began', flush=True); time.sleep(60)")

    def stop_once_begun() -> None:
        if kept(tmp_path):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        process.run(order(), stop_once_begun)
    began = time.monotonic()
    process.close()

    assert time.monotonic() - began < PATIENCE_S
    assert "KeyboardInterrupt" in kept(tmp_path)
    assert not process.alive


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("say(1)", ""),
        ("say(1, left=3)", "the budget ended with 3 tests not begun"),
        ("say(1, unknown=2)", "2 tests are known to no pytest worker any more"),
        (
            "say(1, left=3, unknown=2)",
            "the budget ended with 3 tests not begun; 2 tests are known to no pytest worker any more",
        ),
    ],
)
def test_what_was_left_out_is_said(started: Started, answer: str, words: str) -> None:
    """With its number; passing and failing tests are no trouble of the phase."""
    assert ran(started(f"hear(); {answer}; hear()")) == words


@pytest.mark.parametrize(
    ("ending", "veto"),
    [
        ("hear()", 0),
        ("hear(); sys.exit(6)", 6),
        ("sys.exit(6)", 6),
        ("os.kill(os.getpid(), signal.SIGKILL)", 0),
    ],
    ids=["ends well", "refuses", "has refused before it was closed", "killed from outside"],
)
def test_what_no_phase_has_told_is_a_veto(started: Started, ending: str, veto: int) -> None:
    """Whatever a suite's own plugin makes of the session; who is killed while nothing runs has refused nothing."""
    process = started(f"hear(); say(1); {ending}")
    process.run(order(), lambda: None)
    process.close()

    assert process.veto == veto


def test_what_a_phase_has_told_is_no_veto(started: Started) -> None:
    """It is told once."""
    process = started("hear(); sys.exit(6)")
    told = ran(process)
    process.close()

    assert (told, process.veto) == ("pytest ended with exit code 6: unknown to this version", 0)


def test_a_clean_up_that_hangs_is_a_veto(started: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it would have said in the end is not known."""
    monkeypatch.setattr("ci_tools.runner.pytest_process._CLEAN_UP_S", 0.1)
    process = started("signal.signal(signal.SIGINT, signal.SIG_DFL); hear(); say(1); hear(); time.sleep(60)")
    process.run(order(), lambda: None)
    process.close()

    assert process.veto == -signal.SIGINT


@pytest.mark.parametrize(
    ("exit_code", "meaning"),
    [
        (0, "it ended before its phase did"),
        (1, "it ended before its phase did"),
        (2, "it was interrupted"),
        (3, "it had an internal error"),
        (4, "it was called wrongly, see pytest.log"),
        (5, "it collected nothing"),
        (77, "unknown to this version"),
    ],
)
def test_an_end_before_the_phases_is_named(started: Started, exit_code: int, meaning: str) -> None:
    """No exit code is a pass here; a person need not know pytest's table by heart."""
    process = started(f"hear(); sys.exit({exit_code})")

    assert ran(process) == f"pytest ended with exit code {exit_code}: {meaning}"
    assert not process.alive


def test_an_end_that_takes_its_time_is_not_mistaken(started: Started) -> None:
    """The line closes before the process is gone."""
    process = started("hear(); line.close(); time.sleep(0.7); sys.exit(3)")

    assert ran(process) == "pytest ended with exit code 3: it had an internal error"


def test_a_killed_process_says_by_which_signal(started: Started) -> None:
    """An out-of-memory kill is not mistaken for a verdict."""
    assert ran(started("hear(); os.kill(os.getpid(), 9)")) == "pytest was killed by signal 9"


def test_a_hanging_process_is_ended_after_the_grace(started: Started, tmp_path: Path) -> None:
    """And says that its tests had not ended."""
    began = time.monotonic()

    cut_short = ran(started("print('began', flush=True); time.sleep(60)"), within_s=-3)

    assert cut_short == "the budget ended before the tests did"
    assert time.monotonic() - began < PATIENCE_S
    assert kept(tmp_path).startswith("began\n")


def test_a_process_that_does_not_listen_holds_nobody_up(started: Started) -> None:
    """However much it is told: the budget counts from the beginning."""
    told = order(within_s=-4, durations_s={f"test_{number}": 1.5 for number in range(100_000)})
    began = time.monotonic()

    cut_short = started("time.sleep(60)").run(told, lambda: None)

    assert cut_short == "the budget ended before the tests did"
    assert time.monotonic() - began < PATIENCE_S


def test_output_is_kept_redacted(started: Started, tmp_path: Path) -> None:
    """Both streams, in order, without secrets, whatever their bytes."""
    ran(started(f"print('to {SECRET}', flush=True); os.write(2, b'bytes \\xff\\n'); print('the end', end='')"))

    assert kept(tmp_path) == f"to {MASK}\nbytes \ufffd\nthe end\n"


def test_a_process_knows_its_environment_and_place(started: Started, tmp_path: Path) -> None:
    """It runs below the campaign file, with the variables of its environment, and nobody types into it."""
    ran(started("print(os.getcwd(), os.environ['SHOP'], os.environ['CAMPAIGN_PROCESS'], repr(sys.stdin.read()))"))

    assert kept(tmp_path) == f"{tmp_path} open {os.getpid()} ''\n"


def test_a_full_disk_ends_the_process(started: Started, log: LogWriter) -> None:
    """It is not left writing into a pipe that nobody reads."""
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, log._file.fileno())
    os.close(full)
    process = started("print('x' * 1_000_000, flush=True); time.sleep(60)")

    with pytest.raises(JournalWriteError, match="No space left on device"):
        ran(process)
    with pytest.raises(JournalWriteError, match="No space left on device"):
        process.close()

    assert not process.alive


def test_nobody_waits_for_a_daemon_that_keeps_the_pipe(started: Started) -> None:
    """What left the group may go on writing; the campaign goes on without it."""
    daemon = "import time; [(time.sleep(0.2), print('late', flush=True)) for _ in range(300)]"
    program = f"import subprocess; subprocess.Popen([sys.executable, '-c', {daemon!r}], start_new_session=True); hear()"
    began = time.monotonic()

    assert ran(started(program)) == "pytest ended with exit code 0: it ended before its phase did"
    assert time.monotonic() - began < PATIENCE_S


def test_the_journal_is_watched_until_the_end(started: Started, tmp_path: Path) -> None:
    """Also once after the phase has ended, for its last words."""
    process = started("import pathlib; hear(); time.sleep(0.5); pathlib.Path('done').touch(); say(1); hear()")
    seen: list[bool] = []

    process.run(order(), lambda: seen.append((tmp_path / "done").exists()))

    assert seen[0] is False
    assert seen[-1] is True


def test_the_command_line_names_paths_workers_and_journal(tmp_path: Path) -> None:
    """It records into the campaign's directory, listens to it, and its own caches are left alone."""
    argv = arguments(["tests/test_a.py"], root=tmp_path, out=tmp_path / "out", workers=4, control=7)

    assert argv[0] == sys.executable
    assert Path(argv[1]).name == "ahead.py"
    assert argv[2:4] == ["tests/test_a.py", f"--rootdir={tmp_path}"]
    assert {"--numprocesses=4", f"--campaign-journal={tmp_path / 'out'}", "--campaign-control=7"} <= set(argv)


def test_options_of_the_suites_never_overrule_ours(tmp_path: Path) -> None:
    """They come first: of two values of one option pytest takes the later."""
    suites_own = ["--env=staging", "--maxfail=1"]

    argv = arguments(["tests"], root=tmp_path, out=tmp_path, workers=1, control=7, suites_own=suites_own)

    assert argv[2:5] == [*suites_own, "tests"]
    assert argv.index("--maxfail=0") > argv.index("--maxfail=1")


def test_files_are_collected_whole(tmp_path: Path) -> None:
    """A test that is named and not there must not keep pytest from running the others."""
    paths = ["tests/test_a.py::test_it", "tests/test_a.py", "tests/test_b.py::TestIt::test_it[a::b]"]

    argv = arguments(paths, root=tmp_path, out=tmp_path, workers=1, control=7)

    assert argv[2:5] == ["tests/test_a.py", "tests/test_b.py", f"--rootdir={tmp_path}"]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A few files and folders."""
    for name in ("tests/test_a.py", "tests/test_b.py", "tests/deep/test_c.py", "tests/deep/er/test_c.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


@pytest.mark.parametrize(
    ("paths", "found", "missing"),
    [
        (["tests/test_a.py"], ["tests/test_a.py"], []),
        (["tests/deep"], ["tests/deep"], []),
        (["tests/test_a.py::TestIt::test_it[a*b]"], ["tests/test_a.py::TestIt::test_it[a*b]"], []),
        (["tests/test_*.py"], ["tests/test_a.py", "tests/test_b.py"], []),
        (["tests/test_?.py::test_it"], ["tests/test_a.py::test_it", "tests/test_b.py::test_it"], []),
        (["tests/**/test_c.py"], ["tests/deep/er/test_c.py", "tests/deep/test_c.py"], []),
        (["tests/test_a.py", "tests/test_*.py"], ["tests/test_a.py", "tests/test_b.py"], []),
        (["tests/test_z.py"], [], ["tests/test_z.py"]),
        (["tests/z_*.py", "tests/test_a.py"], ["tests/test_a.py"], ["tests/z_*.py"]),
        (["tests/test_z.py::test_it"], [], ["tests/test_z.py::test_it"]),
        ([], [], []),
    ],
)
def test_paths_name_what_exists(tree: Path, paths: list[str], found: list[str], missing: list[str]) -> None:
    """Each once and in a stable order; what names nothing is told apart."""
    assert expand(paths, tree) == (found, missing)
