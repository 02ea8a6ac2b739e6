"""Which processes run, as several unit tests ask it."""

from collections.abc import Iterable

import psutil


def running(processes: Iterable[psutil.Process | int]) -> list[int]:
    """The ids of those of *processes* (or ids) that run, in their order.

    One that has ended and that nobody has waited for yet does not run: for an orphan that is init, which may take its
    time, or in a container never do it.
    """
    return [process if isinstance(process, int) else process.pid for process in processes if _runs(process)]


def _runs(process: psutil.Process | int) -> bool:
    try:
        known = psutil.Process(process) if isinstance(process, int) else process
        return known.is_running() and known.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
