import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ci_tools.runner.lifetime import end_group
from tests.unit.processes import running

DEAF = "import signal, time; signal.signal(2, signal.SIG_IGN); print(flush=True); time.sleep(60)"
GROUP = """\
import pathlib, signal, subprocess, sys, time
{setup}
child = subprocess.Popen([sys.executable, "-c", {child!r}], stdout=subprocess.PIPE)
child.stdout.readline()
try:
    pathlib.Path("child").write_text(str(child.pid))
    time.sleep(60)
except KeyboardInterrupt:
    pathlib.Path("tidied").touch()
"""
Eventually = Callable[..., None]
Started = Callable[[str], "subprocess.Popen[str]"]


def written(path: Path) -> bool:
    """Whether *path* holds something."""
    return path.is_file() and bool(path.read_text(encoding="utf-8"))


def alive(path: Path) -> bool:
    """Whether the process whose id stands in *path* runs."""
    return bool(running([int(path.read_text(encoding="utf-8"))]))


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    """Starts Python programs in groups of their own, which are gone afterwards."""
    processes: list[subprocess.Popen[str]] = []

    def start(program: str) -> "subprocess.Popen[str]":
        environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
        argv = [sys.executable, "-c", program]
        processes.append(subprocess.Popen(argv, cwd=tmp_path, env=environ, text=True, start_new_session=True))
        return processes[-1]

    yield start
    for process in processes:
        end_group(process, patience_s=0)


def test_a_group_may_tidy_up(started: Started, tmp_path: Path, eventually: Eventually) -> None:
    """It is interrupted first; what then remains of it is killed."""
    leader = started(GROUP.format(child=DEAF, setup=""))
    eventually(lambda: written(tmp_path / "child"), within_s=20, what="the group has started")

    end_group(leader, patience_s=10)

    assert (tmp_path / "tidied").exists()
    eventually(lambda: not alive(tmp_path / "child"), within_s=1, what="the child is gone")


def test_a_group_that_does_not_listen_is_killed(started: Started, tmp_path: Path, eventually: Eventually) -> None:
    """Patience has an end."""
    leader = started(GROUP.format(child=DEAF, setup="signal.signal(signal.SIGINT, signal.SIG_IGN)"))
    eventually(lambda: written(tmp_path / "child"), within_s=20, what="the group has started")

    end_group(leader, patience_s=0.1)

    assert leader.returncode == -signal.SIGKILL
    eventually(lambda: not alive(tmp_path / "child"), within_s=1, what="the child is gone")


def test_children_of_a_leader_that_has_ended_are_killed(
    started: Started, tmp_path: Path, eventually: Eventually
) -> None:
    """Whatever became of the leader, nothing of its group remains."""
    leader = started(GROUP.format(child=DEAF, setup=""))
    eventually(lambda: written(tmp_path / "child"), within_s=20, what="the group has started")
    leader.kill()
    leader.wait()

    end_group(leader, patience_s=0)

    eventually(lambda: not alive(tmp_path / "child"), within_s=1, what="the child is gone")
