"""How long something has been bad, and what proves it: a fold over observations, small enough for an issue's state."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AwareDatetime, Field

MAX_GAP = timedelta(minutes=45)
"""Nobody knows what was in between, if nobody looked for longer."""
LEAST = 3
"""Observations that a duration needs."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One observation of a condition."""

    at: datetime
    is_bad: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """A condition that has been bad since, without a good observation in between."""

    rule: str
    first_bad: AwareDatetime
    last_bad: AwareDatetime
    n_bad: Annotated[int, Field(ge=1)]
    since: AwareDatetime
    """Where the stretch begins in which no gap was too long."""
    n_since: Annotated[int, Field(ge=1)]
    gap_s: Annotated[float, Field(ge=0)]
    """The longest time without an observation since *first_bad*."""


@dataclass(frozen=True, slots=True)
class TimerProof:
    """Whether a duration is proven, and by what, or what is missing."""

    holds: bool
    says: str


def watched(rule: str, timer: Timer | None, moments: Iterable[Moment]) -> Timer | None:
    """*timer* after *moments*; None as long as nothing is bad.

    What is bad and not later than what it knows is left out. What is good and told late leaves the last bad one only.
    """
    for moment in sorted(moments, key=lambda one: one.at):
        if timer is None or moment.at > timer.last_bad:
            timer = _bad(rule, timer, moment.at) if moment.is_bad else None
        elif not moment.is_bad and moment.at > timer.first_bad:
            timer = _bad(rule, None, timer.last_bad)
    return timer


def _bad(rule: str, timer: Timer | None, at: datetime) -> Timer:
    if timer is None:
        return Timer(rule=rule, first_bad=at, last_bad=at, n_bad=1, since=at, n_since=1, gap_s=0.0)
    gap = at - timer.last_bad
    longer = replace(timer, last_bad=at, n_bad=timer.n_bad + 1, gap_s=max(timer.gap_s, gap.total_seconds()))
    if gap > MAX_GAP:
        return replace(longer, since=at, n_since=1)
    return replace(longer, n_since=timer.n_since + 1)


def lasting(timer: Timer | None, duration: timedelta) -> TimerProof:
    """Whether it has been bad for longer than *duration*."""
    wanted = f"longer than {spoken(duration)}"
    if timer is None:
        return TimerProof(holds=False, says=f"{wanted}: unproven: not seen bad")
    proven = timer.last_bad - timer.since
    if proven > duration and timer.n_since >= LEAST:
        times = f"bad {timer.n_since} times from {_when(timer.since)} to {_when(timer.last_bad)}"
        return TimerProof(
            holds=True, says=f"{wanted}: proven: {times}, no good one between, no gap above {spoken(MAX_GAP)}"
        )
    if timer.last_bad - timer.first_bad > duration and timer.since > timer.first_bad:
        gap = f"nobody looked for {spoken(timedelta(seconds=timer.gap_s))} in between"
        return TimerProof(holds=False, says=f"{wanted}: unproven: gap: {gap}, and at most {spoken(MAX_GAP)} would do")
    if timer.n_since < LEAST:
        return TimerProof(holds=False, says=f"{wanted}: unproven: {timer.n_since} of {LEAST} observations")
    return TimerProof(holds=False, says=f"{wanted}: not yet: {spoken(proven)} so far")


def in_a_row(timer: Timer | None, times: int) -> TimerProof:
    """Whether it was bad in *times* consecutive observations."""
    seen = timer.n_bad if timer else 0
    return TimerProof(holds=seen >= times, says=f"{min(seen, times)} of {times} observations in a row")


def spoken(duration: timedelta) -> str:
    """``45 min``, ``2 h``, ``2 h 05 min``."""
    hours, minutes = divmod(int(duration.total_seconds()) // 60, 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes:02} min" if minutes else f"{hours} h"


def _when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
