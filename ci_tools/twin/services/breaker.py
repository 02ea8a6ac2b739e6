"""A circuit breaker: after some failures in a row a dependency is left alone for a while."""

from dataclasses import dataclass
from enum import StrEnum


class BreakerState(StrEnum):
    """Closed lets calls through, open does not, half open lets the next one try."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(slots=True)
class Breaker:
    """Opens after *threshold* failures in a row, for *pause_s*; every ``now`` is monotonic seconds."""

    name: str
    threshold: int
    pause_s: float
    failures: int = 0
    opened_at: float | None = None

    def state(self, now: float) -> BreakerState:
        """What a call at *now* meets."""
        if self.opened_at is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now < self.opened_at + self.pause_s else BreakerState.HALF_OPEN

    def allows(self, now: float) -> bool:
        """Whether a call may be made at *now*."""
        return self.state(now) is not BreakerState.OPEN

    def succeeded(self) -> None:
        """The call was answered: closed again."""
        self.failures = 0
        self.opened_at = None

    def failed(self, now: float) -> None:
        """The call was not answered: one more in a row, counted from *now* once that is too many."""
        self.failures += 1
        if self.failures >= self.threshold:
            self.opened_at = now
