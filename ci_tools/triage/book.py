"""The issues of one environment, by what they remember: only what the configured bot wrote is believed."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

from ci_tools.triage.memory import is_over_before, merged
from ci_tools.triage.operations import Issue
from ci_tools.triage.state import PART, State, outside, parts_in

UMBRELLA = "<!-- ci-tools:umbrella -->"
"""Stands in the section of an issue that several incidents share."""
_POINTER = re.compile(r"\bduplicate of #(\d{1,9})\b", re.IGNORECASE)
_LONGEST_CHAIN = 20


class Kind(Enum):
    """Where an incident is told."""

    OWN = auto()
    """In an issue of ours that is about nothing else."""
    UMBRELLA = auto()
    """In an issue of ours that it shares."""
    ADOPTED = auto()
    """In our comment in an issue of people."""


@dataclass(slots=True, eq=False)
class Entry:
    """One incident as an issue remembers it; changed while a campaign is told."""

    issue: Issue
    kind: Kind
    state: State
    shown: str
    is_changed: bool = False
    is_gone: bool = False
    """It is told elsewhere from now on."""

    @property
    def is_open(self) -> bool:
        """Whether people see it among what is open."""
        return self.issue.is_open

    @property
    def is_refused(self) -> bool:
        """Whether people have decided that nothing is to be done."""
        return self.issue.closed_as in ("not_planned", "duplicate")

    def becomes(self, state: State, shown: str | None = None) -> None:
        """From now on it remembers *state* and shows *shown*."""
        self.state, self.is_changed = state, True
        self.shown = self.shown if shown is None else shown


@dataclass(slots=True)
class Book:
    """Every incident that is remembered, and every issue."""

    issues: dict[int, Issue]
    entries: list[Entry]
    redirected: dict[str, int] = field(default_factory=dict)
    """Fingerprints that people moved to an issue of theirs."""
    duplicates: list[tuple[Entry, Entry]] = field(default_factory=list)
    """Open issues of ours, each with what it is merged into."""
    shared: tuple[Entry, ...] = ()
    """What stood on pages that several share, of other environments, too."""

    @classmethod
    def of(cls, issues: Iterable[Issue], bot: str, environment: str) -> "Book":
        """The incidents in *environment*: open ones first, by number; closed ones the latest first."""
        known = {issue.number: issue for issue in issues}
        entries = [entry for issue in known.values() for entry in _entries(issue, bot)]
        mine = [one for one in entries if one.state.environment == environment and one.state.duplicate_of is None]
        shared = tuple(one for one in entries if one.kind is not Kind.OWN)
        book = cls(known, sorted(mine, key=_first), shared=shared)
        book._follow_people()
        book._join_twins()
        return book

    def on(self, number: int) -> list[Entry]:
        """What is told in that issue, in its order there."""
        return [one for one in self.entries if one.issue.number == number]

    def page(self, number: int) -> list[Entry]:
        """What shares the page in that issue, in its order there, of whatever environment."""
        standing = [one for one in self.shared if one.issue.number == number]
        return [*standing, *(one for one in self.on(number) if one.kind is not Kind.OWN and one not in standing)]

    def _follow_people(self) -> None:
        """Fingerprints of what people closed as a duplicate move to where it belongs."""
        for entry in [one for one in self.entries if one.issue.closed_as == "duplicate" and one.kind is Kind.OWN]:
            number = self._meant(entry.issue)
            if number is None or number not in self.issues:
                continue
            target = next((one for one in self.on(number) if not one.is_refused), None)
            if target is not None:
                self._merge(entry, target, is_over=is_over_before(entry.state, target.state))
            elif not self.on(number) and self.issues[number].is_open:
                self.redirected |= dict.fromkeys(entry.state.marks, number)
                entry.is_gone = True

    def _meant(self, issue: Issue) -> int | None:
        """The issue at the end of the chain of duplicates that begins at *issue*; None: it leads nowhere."""
        passed = {issue.number}
        number = _pointer(issue)
        while number in self.issues and self.issues[number].closed_as == "duplicate":
            if number in passed or len(passed) > _LONGEST_CHAIN:
                return None
            passed.add(number)
            number = _pointer(self.issues[number])
        return None if number in passed else number

    def _join_twins(self) -> None:
        """Of open issues with one fingerprint people's comes first, then our lowest number, a shared one last."""
        winners: dict[str, Entry] = {}
        rank = {Kind.ADOPTED: 0, Kind.OWN: 1, Kind.UMBRELLA: 2}
        for entry in sorted(self._open(), key=lambda one: (rank[one.kind], one.issue.number)):
            winner = winners.setdefault(entry.state.mark, entry)
            if winner is not entry:
                self.merge_into(winner, entry)

    def _open(self) -> list[Entry]:
        return [one for one in self.entries if one.is_open and not one.is_gone]

    def merge_into(self, winner: Entry, entry: Entry) -> None:
        """*entry* is told in *winner* from now on."""
        self._merge(entry, winner)
        entry.is_changed = True
        if entry.kind is Kind.OWN:
            self.duplicates.append((entry, winner))

    @staticmethod
    def _merge(entry: Entry, target: Entry, *, is_over: bool = False) -> None:
        entry.is_gone = True
        both = merged(target.state, entry.state, is_over=is_over)
        if both != target.state:
            target.becomes(both)


def _entries(issue: Issue, bot: str) -> Iterator[Entry]:
    ours = parts_in(issue.body) if issue.author == bot else []
    kind = Kind.UMBRELLA if UMBRELLA in issue.body or PART in issue.body else Kind.OWN
    yield from (Entry(issue, kind, state, shown) for shown, state in ours)
    if not ours and issue.comment:
        yield from (Entry(issue, Kind.ADOPTED, state, shown) for shown, state in parts_in(issue.comment))


def _first(entry: Entry) -> tuple[bool, int]:
    return not entry.is_open, entry.issue.number if entry.is_open else -entry.issue.number


def _pointer(issue: Issue) -> int | None:
    if issue.duplicate_of is not None:
        return issue.duplicate_of
    found = _POINTER.search(outside(issue.body))
    return int(found[1]) if found else None
