import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ci_tools.process import lifeline
from tests.unit.processes import running

ROOT = Path(__file__).parents[3]
SCRIPT = str(Path(lifeline.__file__))
_PR_GET_PDEATHSIG = 2
UNNAMED = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "from ci_tools.process.lifeline import die_with_parent; "
                          "die_with_parent(); import time; print('up', flush=True); time.sleep(60)"],
                         stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
sys.stdin.read()
"""
PARENT = """
import subprocess, sys, os
child = subprocess.Popen([sys.executable, "-IS", sys.argv[1], "15", str(os.getpid()), "--",
                          sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"],
                         stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("parent_program", [PARENT, UNNAMED], ids=["as a script", "as a call"])
def test_a_child_dies_with_its_killed_parent(parent_program: str, eventually: Callable[..., None]) -> None:
    """Killing the parent outright ends the child, whether it was told who its parent is or not."""
    with subprocess.Popen(
        [sys.executable, "-c", parent_program, SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as parent:
        assert parent.stdout is not None
        child_pid = int(parent.stdout.readline())
        parent.kill()

    eventually(lambda: not running([child_pid]), within_s=5.0, what="the child has ended")


def test_an_orphan_does_not_start(tmp_path: Path) -> None:
    """A process whose parent is another than it was promised ends before it does anything."""
    witness = tmp_path / "started"
    argv = [sys.executable, "-IS", SCRIPT, str(int(signal.SIGTERM)), "1", "--", "/usr/bin/touch", str(witness)]
    ended = subprocess.run(argv, check=False)

    assert ended.returncode == 1
    assert not witness.exists()


def test_a_child_of_the_named_parent_lives(tmp_path: Path) -> None:
    """A parent that is still there is no reason to end."""
    witness = tmp_path / "started"
    argv = [sys.executable, "-IS", SCRIPT, "15", str(os.getpid()), "--", "/usr/bin/touch", str(witness)]
    subprocess.run(argv, check=True)

    assert witness.exists()


def test_elsewhere_the_living_parent_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system without that request loses only this safeguard: nothing is asked of its kernel, and nothing ends."""
    monkeypatch.setattr(sys, "platform", "darwin")

    lifeline.die_with_parent(os.getppid(), signal.SIGUSR1)

    asked = ctypes.c_int()
    ctypes.CDLL(None).prctl(_PR_GET_PDEATHSIG, ctypes.byref(asked), 0, 0, 0)
    assert asked.value != signal.SIGUSR1


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_privileges_are_dropped() -> None:
    """The program runs as the user it was given to, without root's groups."""
    argv = [sys.executable, "-IS", SCRIPT, "15", str(os.getpid()), "65534:65534", "--", "/usr/bin/id"]
    said = subprocess.run(argv, check=True, capture_output=True, text=True).stdout

    assert said.startswith("uid=65534")
    assert "root" not in said
