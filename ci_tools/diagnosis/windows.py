"""When a dependency was failing, as far as anybody looked."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from ci_tools.diagnosis.clues import Clue, Origin
from ci_tools.model import DependencyState

_MOST = 2
"""So many outages are told apart; more are one that comes and goes, and may be there between two looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One outage, seen from *first* to *last*; it began after *after* and ended before *until*. None: nobody saw."""

    after: datetime | None = None
    first: datetime | None = None
    last: datetime | None = None
    until: datetime | None = None

    def overlaps(self, began_at: datetime | None, ended_at: datetime | None) -> bool:
        """Whether what ran from *began_at* to *ended_at* may have met it, as far as anybody can tell."""
        ended_before = self.after is not None and ended_at is not None and ended_at < self.after
        began_after = self.until is not None and began_at is not None and began_at > self.until
        return not ended_before and not began_after


ALWAYS = (Window(),)
"""Of what nobody saw failing: it may have been at any time."""


def windows(dependency: str, clues: Iterable[Clue]) -> tuple[Window, ...]:
    """The outages of *dependency*, each from the last time that it was well before to the first time after.

    That nobody was there to answer is over when any probe is answered; what a probe finds wrong, when that one finds
    it well.
    """
    return tuple(one for outages in _by_probe(dependency, clues) for one in _as_one(outages)) or ALWAYS


def coincide(failing: Sequence[Clue], well: Sequence[Clue], lower: str, clues: Iterable[Clue]) -> bool:
    """Whether attempts were *failing* only in outages of *lower*, and *well* only outside of what was seen of them.

    An outage whose end nobody saw may have lasted for good, and then it explains no ups and downs.
    """
    outages = [one for outages in _by_probe(lower, clues) for one in outages if one.until is not None]
    return all(any(one.overlaps(clue.at, clue.at) for one in outages) for clue in failing) and not any(
        one.first < clue.at < one.last
        for clue in well
        for one in outages
        if clue.at is not None and one.first is not None and one.last is not None
    )


def _by_probe(dependency: str, clues: Iterable[Clue]) -> Iterator[list[Window]]:
    seen = [clue for clue in clues if clue.origin is Origin.OBSERVATION and clue.dependency == dependency]
    yield _outages([clue for clue in seen if not clue.is_failing or clue.is_absence])
    for probe in dict.fromkeys(clue.asker for clue in seen):
        yield _outages([clue for clue in seen if clue.asker == probe and not clue.is_absence])


def _outages(seen: Iterable[Clue]) -> list[Window]:
    told = [clue for clue in seen if clue.is_failing or clue.state is DependencyState.UP]
    times = sorted((clue.at, clue.is_failing) for clue in told if clue.at is not None)
    runs = [(failing, [at for at, _ in run]) for failing, run in groupby(times, key=lambda one: one[1])]
    return [
        Window(
            after=runs[number - 1][1][-1] if number else None,
            first=run[0],
            last=run[-1],
            until=runs[number + 1][1][0] if number + 1 < len(runs) else None,
        )
        for number, (failing, run) in enumerate(runs)
        if failing
    ]


def _as_one(outages: Sequence[Window]) -> Sequence[Window]:
    if len(outages) <= _MOST:
        return outages
    begin, end = outages[0], outages[-1]
    return [Window(after=begin.after, first=begin.first, last=end.last, until=end.until)]
