import os
import sys
import time
from pathlib import Path

import pytest

from ci_tools.errors import JournalWriteError
from ci_tools.evidence.journal import CampaignDirectory, LogWriter
from ci_tools.evidence.redaction import MASK, Redactor
from ci_tools.model import Phase
from ci_tools.runner.pytest_process import Ending, arguments, expand, open_log, run

SECRET = "hunter2-is-no-password"
PHASE = Phase(number=3, name="features", budget_s=60)


@pytest.fixture
def directory(tmp_path: Path) -> CampaignDirectory:
    """A campaign's directory."""
    return CampaignDirectory.create(tmp_path / "out", Redactor([SECRET]))


@pytest.fixture
def log(directory: CampaignDirectory) -> LogWriter:
    """The log of a phase in it."""
    return open_log(directory, PHASE)


def ran(program: str, log: LogWriter, root: Path, within_s: float = 30) -> Ending:
    """How a Python program in the place of pytest ended."""
    return run(
        [sys.executable, "-c", program],
        root=root,
        environ={"SHOP": "open"},
        log=log,
        deadline=time.monotonic() + within_s,
        watch=lambda: None,
    )


def kept(root: Path) -> str:
    """What stands in the log."""
    return (root / "out" / "phase3-pytest.log").read_text(encoding="utf-8")


@pytest.mark.parametrize("exit_code", [0, 1])
def test_passing_and_failing_tests_are_no_trouble(log: LogWriter, tmp_path: Path, exit_code: int) -> None:
    """What the tests say stands in the journal, not in an exit code."""
    assert ran(f"raise SystemExit({exit_code})", log, tmp_path) == Ending(exit_code=exit_code, cut_short="")


@pytest.mark.parametrize(
    ("exit_code", "meaning"),
    [
        (2, "it was interrupted"),
        (3, "it had an internal error"),
        (4, "it was called wrongly"),
        (5, "it collected nothing"),
        (77, "unknown to this version"),
    ],
)
def test_other_exit_codes_are_named(log: LogWriter, tmp_path: Path, exit_code: int, meaning: str) -> None:
    """A person need not know pytest's table by heart."""
    ending = ran(f"raise SystemExit({exit_code})", log, tmp_path)

    assert ending == Ending(exit_code=exit_code, cut_short=f"pytest ended with exit code {exit_code}: {meaning}")


def test_a_killed_process_says_by_which_signal(log: LogWriter, tmp_path: Path) -> None:
    """An out-of-memory kill is not mistaken for a verdict."""
    assert ran("import os; os.kill(os.getpid(), 9)", log, tmp_path).cut_short == "pytest was killed by signal 9"


def test_a_hanging_process_is_ended_at_its_deadline(log: LogWriter, tmp_path: Path) -> None:
    """And says that its tests had not ended."""
    began = time.monotonic()

    ending = ran("import time; print('began', flush=True); time.sleep(60)", log, tmp_path, within_s=1)

    assert ending == Ending(exit_code=None, cut_short="the budget ended before the tests did")
    assert time.monotonic() - began < 8
    assert kept(tmp_path).startswith("began\n")


def test_output_is_kept_redacted(log: LogWriter, tmp_path: Path) -> None:
    """Both streams, in order, without secrets, whatever their bytes."""
    program = (
        f"import sys, os; print('to {SECRET}', flush=True); os.write(2, b'bytes \\xff\\n'); print('the end', end='')"
    )

    ran(program, log, tmp_path)

    assert kept(tmp_path) == f"to {MASK}\nbytes \ufffd\nthe end\n"


def test_a_process_knows_its_environment_and_place(log: LogWriter, tmp_path: Path) -> None:
    """It runs below the campaign file, with the variables of its environment, and nobody types into it."""
    program = (
        "import os, sys; print(os.getcwd(), os.environ['SHOP'], os.environ['CAMPAIGN_PROCESS'], repr(sys.stdin.read()))"
    )

    ran(program, log, tmp_path)

    assert kept(tmp_path) == f"{tmp_path} open {os.getpid()} ''\n"


def test_a_full_disk_ends_the_process(log: LogWriter, tmp_path: Path) -> None:
    """It is not left writing into a pipe that nobody reads."""
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, log._file.fileno())
    os.close(full)

    with pytest.raises(JournalWriteError, match="No space left on device"):
        ran("import time; print('x' * 1_000_000, flush=True); time.sleep(60)", log, tmp_path)


def test_nobody_waits_for_a_daemon_that_keeps_the_pipe(log: LogWriter, tmp_path: Path) -> None:
    """What left the group may go on writing; the campaign goes on without it."""
    daemon = "import time; [(time.sleep(0.2), print('late', flush=True)) for _ in range(15)]"
    program = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {daemon!r}], start_new_session=True)"

    ending = ran(program, log, tmp_path)

    assert ending == Ending(exit_code=0, cut_short="")


def test_the_journal_is_watched_until_the_end(log: LogWriter, tmp_path: Path) -> None:
    """Also once after the process has ended, for its last words."""
    program = "import pathlib, time; time.sleep(0.5); pathlib.Path('done').touch()"
    seen: list[bool] = []

    run(
        [sys.executable, "-c", program],
        root=tmp_path,
        environ={},
        log=log,
        deadline=time.monotonic() + 30,
        watch=lambda: seen.append((tmp_path / "done").exists()),
    )

    assert seen[0] is False
    assert seen[-1] is True


def test_the_command_line_names_paths_workers_and_journal(tmp_path: Path) -> None:
    """It records into the campaign's directory, and its own caches are left alone."""
    argv = arguments(PHASE, ["tests/test_a.py"], root=tmp_path, out=tmp_path / "out", workers=4)

    assert argv[:4] == [sys.executable, "-m", "pytest", "tests/test_a.py"]
    assert {"--numprocesses=4", f"--rootdir={tmp_path}", f"--campaign-journal={tmp_path / 'out'}"} <= set(argv)
    assert "--campaign-phase=3" in argv


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
