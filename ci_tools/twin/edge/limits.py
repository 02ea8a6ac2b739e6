"""What the edge allows one address: a rate per path class, and a ban for who exceeds it."""

import re
from collections.abc import Callable
from dataclasses import dataclass

_REFUSED_AGENT = re.compile(rb"bot|crawler|spider|scraper|scanner", re.IGNORECASE)
_MOST_ADDRESSES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """Requests per minute on one class of paths, with a burst, and the real seconds of its ban."""

    rate_per_min: float
    burst: int
    ban_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowances:
    """What holds for paths below ``/api/`` and for all others."""

    api: Allowance
    other: Allowance


def refused_agent(user_agent: bytes) -> bool:
    """Whether the edge refuses the user agent."""
    return _REFUSED_AGENT.search(user_agent) is not None


class Limiter:
    """Counts by address (generic cell rate algorithm); *clock* is monotonic seconds."""

    def __init__(self, allowances: Allowances, clock: Callable[[], float]) -> None:
        self._allowances = allowances
        self._clock = clock
        self._arrivals: dict[tuple[str, bool], float] = {}
        self._banned_until: dict[str, float] = {}

    def allow(self, allowances: Allowances) -> None:
        """*allowances* hold from now on; counts and bans start afresh."""
        self._allowances = allowances
        self._arrivals.clear()
        self._banned_until.clear()

    def admit(self, address: str, path: bytes) -> float | None:
        """None when the request may pass, else the seconds until *address* may come back, to any path."""
        now = self._clock()
        banned_until = self._banned_until.get(address)
        if banned_until is not None and now < banned_until:
            return banned_until - now
        is_api = path.startswith(b"/api/")
        allowance = self._allowances.api if is_api else self._allowances.other
        if self._conforms((address, is_api), allowance, now):
            return None
        self._banned_until[address] = now + allowance.ban_s
        return allowance.ban_s

    def _conforms(self, key: tuple[str, bool], allowance: Allowance, now: float) -> bool:
        interval_s = 60.0 / allowance.rate_per_min
        theoretical = max(self._arrivals.get(key, now), now)
        if theoretical - now > interval_s * (allowance.burst - 1) + 1e-9:
            return False
        if len(self._arrivals) >= _MOST_ADDRESSES:
            self._arrivals.clear()
        self._arrivals[key] = theoretical + interval_s
        return True
