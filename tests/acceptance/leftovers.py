"""What twins leave in the folder for temporary files."""

from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from ci_tools.twin.handle import Twin
from tests.acceptance.commands import environ


def twins_in(temporary: Path) -> set[str]:
    """The names of directories and locks of twins, living or not."""
    return {path.name for path in temporary.glob("netra-twin-*/*")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """A twin that was started and stopped again."""

    start_s: float
    stop_s: float
    beside: frozenset[str]
    """What other twins had left and this one did not remove when it started."""


def cycle(temporary: Path) -> Cycle:
    """A twin has been healthy and is gone."""
    before = twins_in(temporary)
    started = monotonic()
    with Twin.start(environ=environ(temporary)):
        healthy = monotonic()
        beside = frozenset(before & twins_in(temporary))
        stopping = monotonic()
    return Cycle(start_s=healthy - started, stop_s=monotonic() - stopping, beside=beside)
