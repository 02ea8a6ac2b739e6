"""What was measured, run by run."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from tests.bench.windows import PhaseWindow, Session


class Competitor(StrEnum):
    """A way of running the same suites."""

    CAMPAIGN = "ci-tools campaign"
    PLAIN = "pytest -n N --dist worksteal"
    AUTO = "pytest -n auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of one competitor; its times count only where *problem* is empty."""

    competitor: Competitor
    workers: int | None
    """None: pytest-xdist chose."""
    turn: int
    load_before: float
    """The machine's load of the last minute."""
    command_s: float
    cpu_s: float
    """Of all its processes, the twin's included."""
    machine_cpu_s: float
    """Of everything on the machine, meanwhile."""
    problem: str = ""
    session: Session | None = None
    windows: tuple[PhaseWindow, ...] = ()
    recording_ms: float | None = None
    """CPU milliseconds that writing down a test takes, with the evidence that these suites carry."""

    @property
    def session_s(self) -> float:
        """The pytest session; for plain pytest it is all there is."""
        return self.session.session_s if self.session else self.command_s

    @property
    def dispatch_s(self) -> float | None:
        """From first to last test, added up over phases; None where nobody wrote that down."""
        return self.session.dispatch_s if self.session else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A figure over all turns."""

    minimum: float
    median: float
    maximum: float
    runs: int


def spread(values: Sequence[float]) -> Spread | None:
    """The spread of *values*; None if there are none."""
    if not values:
        return None
    return Spread(minimum=min(values), median=median(values), maximum=max(values), runs=len(values))
