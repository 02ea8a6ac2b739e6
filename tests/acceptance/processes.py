"""Processes that were started below ours, also those whose parent was killed."""

import ctypes
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from tests.acceptance.commands import ROOT

_PR_SET_CHILD_SUBREAPER = 36
_LOOK_S = 0.02
_FORKING = "ahead.py"
"""The script that a campaign starts as pytest; its first fork is the controller, all others are workers."""


class Brood:
    """The descendants of this process that did not exist when it was made."""

    def __init__(self) -> None:
        self._before = {process.pid for process in _descendants()}
        self._started: dict[int, subprocess.Popen[bytes]] = {}

    def start(self, argv: Sequence[str], env: Mapping[str, str], log: Path) -> "subprocess.Popen[bytes]":
        """*argv* runs in the repository and writes into *log*."""
        with log.open("ab") as output:
            process = subprocess.Popen(
                argv, cwd=ROOT, env=dict(env), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
        self._started[process.pid] = process
        return process

    def living(self) -> list[psutil.Process]:
        """Those that run; the dead whom nobody else waits for are buried."""
        return [one for one in _descendants() if one.pid not in self._before and not self._is_dead(one)]

    def gone_within(self, seconds: float) -> float:
        """The seconds until none was left; fails with those that are, after *seconds*."""
        started = time.monotonic()
        eventually(lambda: not self.living(), within_s=seconds, what=lambda: f"processes live on: {self._described()}")
        return time.monotonic() - started

    def end(self) -> None:
        """None is left."""
        for process in self.living():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        for started in self._started.values():
            started.wait()

    def pytest_controller(self) -> psutil.Process | None:
        """The controller of pytest-xdist, if there is one."""
        return next(iter(self._forks()), None)

    def supervisor(self) -> psutil.Process | None:
        """The process that was started as ``python -m ci_tools.twin``, if there is one."""
        return self._module("ci_tools.twin")

    def pytest_workers(self) -> list[psutil.Process]:
        """The workers of pytest-xdist."""
        return self._forks()[1:]

    def _forks(self) -> list[psutil.Process]:
        """The forks of the process that a campaign started as pytest, the oldest first."""
        running = {one.pid: one for one in self.living() if any(word.endswith(_FORKING) for word in _argv(one)[1:2])}
        with suppress(psutil.NoSuchProcess):
            forks = [one for one in running.values() if one.ppid() in running]
            return sorted(forks, key=lambda one: (one.create_time(), one.pid))
        return []

    def _module(self, name: str) -> psutil.Process | None:
        return next((one for one in self.living() if _argv(one)[1:3] == ["-m", name]), None)

    def _described(self) -> list[str]:
        return [f"{process.pid} {' '.join(_argv(process))[:160]}" for process in self.living()]

    def _is_dead(self, process: psutil.Process) -> bool:
        try:
            if process.status() != psutil.STATUS_ZOMBIE:
                return False
            if process.pid in self._started:
                self._started[process.pid].poll()
            elif process.ppid() == os.getpid():
                os.waitpid(process.pid, os.WNOHANG)
        except (psutil.NoSuchProcess, ChildProcessError):
            pass
        return True


@contextmanager
def brood() -> Iterator[Brood]:
    """The processes started below ours in the block; orphans among them become our children, so that none can hide.

    On Linux; elsewhere an orphan is out of sight. At the end none is left.
    """
    adopting = ctypes.CDLL(None, use_errno=True).prctl
    processes = Brood()
    adopting(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield processes
    finally:
        processes.end()
        adopting(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def eventually(probe: Callable[[], object], *, within_s: float, what: Callable[[], str]) -> None:
    """*probe* is true; fails with *what* when it is not within *within_s* seconds."""
    deadline = time.monotonic() + within_s
    while not probe():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {within_s:g} s: {what()}")
        time.sleep(_LOOK_S)


def _descendants() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def _argv(process: psutil.Process) -> list[str]:
    with suppress(psutil.NoSuchProcess):
        return process.cmdline()
    return []
