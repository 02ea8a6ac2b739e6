"""The memory limit of a service's instance, kept as a platform keeps it: who exceeds it is killed and replaced."""

import resource
from pathlib import Path

_MIB = 1_048_576
_SPARE_LIMITS = 2
_STATM = Path("/proc/self/statm")


def used_mib(pid: int) -> int:
    """The resident memory of process *pid*; 0 if there is none, or the system does not tell."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    except (OSError, IndexError):
        return 0
    return pages * resource.getpagesize() // _MIB


def exceeded(limit_mib: int, used: int) -> str:
    """What Cloud Run logs of an instance that used *used* MiB."""
    return (
        f"Memory limit of {limit_mib} MiB exceeded with {used} MiB used. Consider increasing the memory limit, "
        "see https://cloud.google.com/run/docs/configuring/memory-limits"
    )


def confine(limit_mib: int) -> None:
    """This process cannot take much more than *limit_mib*, whoever watches it: allocating beyond fails.

    Without ``/proc``, elsewhere than on Linux, nobody watches either, and nothing is confined.
    """
    if not _STATM.exists():
        return
    mapped = int(_STATM.read_text("ascii").split()[0]) * resource.getpagesize()
    most = mapped + _SPARE_LIMITS * limit_mib * _MIB
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
