"""What GitHub publishes as its limits, and what went beyond them.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api: each write counts as one that creates
content here, although GitHub may count fewer.
"""

from collections import deque
from dataclasses import dataclass, field

_MINUTE_S, _HOUR_S = 60.0, 3600.0
_POINTS_OF_A_WRITE = 5


@dataclass(frozen=True)
class Limit:
    """At most so much in any span of that many seconds."""

    what: str
    most: int
    span_s: float
    of_a_read: int
    of_a_write: int


LIMITS = (
    Limit("points in a minute", 900, _MINUTE_S, 1, _POINTS_OF_A_WRITE),
    Limit("new contents in a minute", 80, _MINUTE_S, 0, 1),
    Limit("new contents in an hour", 500, _HOUR_S, 0, 1),
    Limit("requests of a job's token in an hour", 1_000, _HOUR_S, 1, 1),
)


@dataclass
class Allowance:
    """Counts requests, and remembers each that was one too many."""

    exceeded: list[str] = field(default_factory=list)
    _taken: dict[Limit, deque[tuple[float, int]]] = field(default_factory=lambda: {one: deque() for one in LIMITS})

    def take(self, verb: str, at_s: float) -> None:
        """A request with *verb* came *at_s*."""
        for limit, taken in self._taken.items():
            taken.append((at_s, limit.of_a_read if verb == "GET" else limit.of_a_write))
            while taken[0][0] <= at_s - limit.span_s:
                taken.popleft()
            amount = sum(one for _, one in taken)
            if amount > limit.most:
                self.exceeded.append(f"{amount} {limit.what}, at most {limit.most}")
