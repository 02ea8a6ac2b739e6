import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from ci_tools.errors import TwinError
from ci_tools.twin.processes import Child, clean_environment, tied

STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('here I am', flush=True); time.sleep(60)"


async def started(code: str, log: Path) -> Child:
    """A Python child that runs *code*."""
    argv = [sys.executable, "-c", code]
    return await Child.start("child", argv, log=log, ready_text=b"here I am", env=os.environ)


async def test_a_line_makes_a_child_ready(tmp_path: Path) -> None:
    """The child is ready once it has said so, and what it says is logged."""
    child = await started(STUBBORN, tmp_path / "log")
    await child.ready(10.0)
    running = child.running
    await child.stop(signal.SIGKILL, 5.0)

    assert running
    assert (tmp_path / "log").read_text() == "here I am\n"


async def test_a_child_that_ends_first_is_told_with_its_last_words(tmp_path: Path) -> None:
    """The error holds the exit status and the last lines."""
    child = await started("print('no disk'); raise SystemExit(3)", tmp_path / "log")

    with pytest.raises(TwinError, match=r"child ended with status 3 before it was ready; its last lines:\n  no disk"):
        await child.ready(10.0)
    await child.stop(signal.SIGKILL, 5.0)


async def test_a_child_that_says_nothing_is_told(tmp_path: Path) -> None:
    """Waiting is bounded."""
    child = await started("import time; time.sleep(60)", tmp_path / "log")

    with pytest.raises(TwinError, match=r"not ready within 0\.1 s"):
        await child.ready(0.1)
    await child.stop(signal.SIGKILL, 5.0)


async def test_a_stubborn_child_is_killed(tmp_path: Path) -> None:
    """A child that ignores the first signal has nevertheless ended."""
    child = await started(STUBBORN, tmp_path / "log")
    await child.ready(10.0)
    await child.stop(signal.SIGTERM, 0.1)

    assert child.process.returncode == -signal.SIGKILL
    assert not psutil.pid_exists(child.process.pid)


def test_children_see_no_secrets_and_no_proxies() -> None:
    """Only what a program needs to run is handed on."""
    source = {"PATH": "/bin", "PYTHONPATH": "x", "GITHUB_TOKEN": "t", "HTTPS_PROXY": "p", "HOME": "/h"}

    assert clean_environment(source) == {"PATH": "/bin", "PYTHONPATH": "x", "HOME": "/h"}


def test_a_tied_program_names_its_parent() -> None:
    """The tie is to this very process."""
    argv = tied(["/bin/true"], death_signal=signal.SIGQUIT, user="1:2")

    assert argv[3:] == [str(int(signal.SIGQUIT)), str(os.getpid()), "1:2", "--", "/bin/true"]
