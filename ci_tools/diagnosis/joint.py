"""Failures of one run read together: one settles what another leaves open, and a consequence is told from a cause."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ci_tools.diagnosis.knowledge import Cause, Knowledge, Role
from ci_tools.diagnosis.reading import Confidence, Reading

WINDOW = timedelta(minutes=15)
"""So far apart, two failures are still of one outage."""
RUN = timedelta(hours=6)
"""Longer than any run: failures further apart are of several, and one without a time belongs to none of them."""
_RANK = {Confidence.LOW: 0, Confidence.MEDIUM: 1, Confidence.HIGH: 2}
_TIMERS_S = (5.0, 10.0, 30.0, 60.0, 120.0)
_SPREAD = 0.02
"""A client's timer ends within so much of itself; contention has a tail."""
_SHARING = 3


def read_together(readings: Sequence[Reading], knowledge: Knowledge) -> list[Reading]:
    """*readings* in their order, each in the light of the others."""
    alike = _strongest_of_each(readings)
    settled = [_settled(one, alike[one.fingerprint.digest]) for one in readings]
    sightings = _sightings(settled)
    told = [_chosen(one, sightings) for one in settled]
    timers = _shared_timers(told)
    return [_timed(_consequence(one, sightings, knowledge), timers) for one in told]


def _strongest_of_each(readings: Iterable[Reading]) -> Mapping[str, Reading]:
    strongest: dict[str, Reading] = {}
    for one in readings:
        known = strongest.setdefault(one.fingerprint.digest, one)
        if _RANK[one.confidence] > _RANK[known.confidence]:
            strongest[one.fingerprint.digest] = one
    return strongest


def _settled(reading: Reading, strongest: Reading) -> Reading:
    """A failure whose own words say little is what a failure with the same fingerprint says."""
    if reading.confidence is not Confidence.LOW or strongest.confidence is Confidence.LOW:
        return reading
    return replace(
        reading,
        cause=strongest.cause,
        confidence=Confidence.MEDIUM,
        why=f"the same as {strongest.failure.id}: {strongest.why}",
    )


@dataclass(slots=True)
class _Sightings:
    """Where in the run one cause was read with certainty."""

    cause: Cause
    first: Reading
    instants: list[datetime] = field(default_factory=list)
    timeless: bool = False
    one_run: bool = True

    def near(self, at: datetime | None) -> bool:
        """Whether it was seen within the window around *at*; in one run, what has no time may be at any."""
        if self.one_run and (at is None or self.timeless):
            return True
        if at is None:
            return False
        place = bisect_left(self.instants, at)
        return any(abs(instant - at) <= WINDOW for instant in self.instants[max(0, place - 1) : place + 1])


def _is_one_run(readings: Iterable[Reading]) -> bool:
    instants = [one.failure.at for one in readings if one.failure.at is not None]
    return not instants or max(instants) - min(instants) <= RUN


def _sightings(readings: Sequence[Reading]) -> Mapping[str, _Sightings]:
    one_run = _is_one_run(readings)
    seen: dict[str, _Sightings] = {}
    for one in readings:
        if one.confidence is Confidence.HIGH and one.cause.role is Role.CAUSE:
            sightings = seen.setdefault(one.cause.id, _Sightings(one.cause, one, one_run=one_run))
            if one.failure.at is None:
                sightings.timeless = True
            else:
                sightings.instants.append(one.failure.at)
    for sightings in seen.values():
        sightings.instants.sort()
    return seen


def _chosen(reading: Reading, sightings: Mapping[str, _Sightings]) -> Reading:
    """Of causes that equally much speaks for, the one that another failure near it confirms."""
    if reading.confidence is Confidence.HIGH or not reading.candidates:
        return reading
    heaviest = reading.candidates[0].weight
    equals = [one for one in reading.candidates if one.weight == heaviest]
    seen = [one for one in equals if one.cause.id in sightings and sightings[one.cause.id].near(reading.failure.at)]
    if len(equals) == 1 or len(seen) != 1:
        return reading
    other = sightings[seen[0].cause.id].first.failure.id
    return replace(
        reading, cause=seen[0].cause, confidence=Confidence.MEDIUM, why=f"{seen[0].says}, which {other} confirms"
    )


def _consequence(reading: Reading, sightings: Mapping[str, _Sightings], knowledge: Knowledge) -> Reading:
    """What says little of its own, and looks as a confirmed cause near it makes things look, follows from that one."""
    if reading.confidence is Confidence.HIGH or reading.cause.role is not Role.CAUSE:
        return reading
    for seen in sightings.values():
        if reading.cause.id in seen.cause.looks_like and seen.near(reading.failure.at):
            return replace(
                reading,
                cause=knowledge.of_role(Role.CONSEQUENCE),
                confidence=Confidence.MEDIUM,
                why=f"{seen.cause.id}, read from {seen.first.failure.id}, makes this look like {reading.cause.id}",
            )
    return reading


def _shared_timers(readings: Iterable[Reading]) -> Mapping[float, int]:
    counts: dict[float, int] = defaultdict(int)
    for one in readings:
        if (timer := _timer(one.failure.duration_s)) is not None:
            counts[timer] += 1
    return {timer: count for timer, count in counts.items() if count >= _SHARING}


def _timer(duration_s: float | None) -> float | None:
    if duration_s is None:
        return None
    return next((timer for timer in _TIMERS_S if abs(duration_s - timer) <= _SPREAD * timer), None)


def _timed(reading: Reading, timers: Mapping[float, int]) -> Reading:
    timer = _timer(reading.failure.duration_s)
    if timer not in timers or timer is None:
        return reading
    return replace(reading, why=f"{reading.why}; {timers[timer]} failures end at {timer:g} s: a timer, no contention")
