"""Commands under the clock, and what processes cost."""

import resource
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.acceptance.commands import environ

_LOOK_S = 0.25
_FORKING = "ahead.py"
"""The script that a campaign starts as pytest."""
_LIMIT_S = 900.0
"""After this long a command hangs."""
_STOP_S = 10.0


def environ_in(temporary: Path) -> dict[str, str]:
    """Our environment, but bytecode is kept: else every process compiles the same sources, and that is measured."""
    return {name: value for name, value in environ(temporary).items() if name != "PYTHONDONTWRITEBYTECODE"}


def cpu_of_trees(roots: Sequence[psutil.Process]) -> float:
    """CPU seconds of *roots* and all below them, the dead whom their parents have buried included."""
    total = 0.0
    for root in roots:
        for process in [root, *root.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
    return total


def machine_cpu_s() -> float:
    """CPU seconds that the machine has been busy, whoever it was; what a hypervisor took away counts."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """A command that has ended."""

    exit_code: int | None
    """None: it hung and was killed."""
    seconds: float
    cpu_s: float
    """Of it and of all its descendants that somebody waited for."""
    machine_cpu_s: float
    load_before: float
    output: str
    pytest_ended: float | None
    """When its pytest was gone, on the monotonic clock; None if it was not watched or never seen."""


def timed(argv: Sequence[str], environ: Mapping[str, str], *, cwd: Path, log: Path, watch: bool = False) -> Timed:
    """*argv* has run in *cwd*; with *watch* the end of the pytest that it starts is known."""
    load, cpu, machine = psutil.getloadavg()[0], _children_cpu_s(), machine_cpu_s()
    with log.open("wb") as output:
        began = time.monotonic()
        process = subprocess.Popen(
            argv, cwd=cwd, env=dict(environ), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        watching = _Watching(process.pid)
        if watch:
            watching.start()
        exit_code = _end_of(process)
        seconds = time.monotonic() - began
    if watch:
        watching.join()
    return Timed(
        exit_code=exit_code,
        seconds=seconds,
        cpu_s=_children_cpu_s() - cpu,
        machine_cpu_s=machine_cpu_s() - machine,
        load_before=load,
        output=log.read_text(encoding="utf-8", errors="replace"),
        pytest_ended=watching.ended,
    )


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _end_of(process: "subprocess.Popen[bytes]") -> int | None:
    try:
        return process.wait(_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return None
    except BaseException:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_S)
        process.kill()
        process.wait()
        raise


class _Watching(threading.Thread):
    """Looks for the pytest that a command starts, rarely, and then sleeps until it is gone."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self.ended: float | None = None

    def run(self) -> None:
        """Until the command, or its pytest, is gone."""
        with suppress(psutil.NoSuchProcess):
            command = psutil.Process(self._pid)
            while command.is_running() and command.status() != psutil.STATUS_ZOMBIE:
                for child in command.children():
                    if _is_pytest(child):
                        child.wait()
                        self.ended = time.monotonic()
                        return
                time.sleep(_LOOK_S)


def _is_pytest(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return any(word.endswith(_FORKING) for word in process.cmdline()[1:2])
    return False
