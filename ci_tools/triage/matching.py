"""Which issue an incident belongs to: in passes, each issue taken once, the strongest incident first."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from ci_tools.diagnosis.hypotheses import Certainty
from ci_tools.model import Deployment
from ci_tools.triage.book import Book, Entry, Kind
from ci_tools.triage.memory import mark_of
from ci_tools.triage.operations import Issue
from ci_tools.triage.seen import Seen
from ci_tools.triage.shared import MAX_ADOPTED
from ci_tools.triage.state import State, short
from ci_tools.triage.subjects import Subject, subjects_in
from ci_tools.triage.surroundings import Surroundings

REOPEN_WITHIN = timedelta(days=30)
"""A failure that comes back later than this is another one, and gets an issue of its own."""


class Way(Enum):
    """What is to be done about an incident."""

    KEEP = auto()
    """It is told where it is known already."""
    REVIVE = auto()
    """Its closed issue is opened again."""
    ADOPT = auto()
    """It is told in an issue of people."""
    FILE = auto()
    NOTHING = auto()
    """People have decided, or what was seen is older than the fix."""


@dataclass(frozen=True, slots=True)
class Match:
    """One incident and where it belongs."""

    subject: Subject
    way: Way
    entry: Entry | None = None
    number: int = 0
    """Of the issue that is adopted."""
    reason: str = ""


def known_for(seen: Seen, around: Surroundings) -> tuple[int, ...]:
    """The issues of people that matching *seen* asks for, whether or not they have our label."""
    return tuple(number for one in subjects_in(seen) for number in _said_of(one, around))


def _said_of(subject: Subject, around: Surroundings) -> list[int]:
    """Those that are known for *subject*; what is said of a cause comes before what is said of a dependency."""
    known = around.known_issues
    of_cause = [one.number for one in known if subject.cause in one.causes]
    return of_cause + [one.number for one in known if subject.dependency in one.dependencies]


class Matcher:
    """Matches the incidents of one campaign with what is remembered."""

    def __init__(self, book: Book, seen: Seen, around: Surroundings) -> None:
        self._book, self._seen, self._around = book, seen, around
        self._free = [one for one in book.entries if not one.is_gone]
        self._added: Counter[int] = Counter()
        """How many incidents come into our comment in an issue of people, by its number."""

    def matches(self, subjects: Sequence[Subject]) -> list[Match]:
        """One match for each of *subjects*, in their order."""
        found: dict[int, Match] = {}
        for step in (self._adopted, self._exact, self._refused, self._former, self._same_place, self._closed):
            for place, subject in enumerate(subjects):
                if place not in found and (match := step(subject)) is not None:
                    found[place] = match
        return [found.get(place) or Match(one, Way.FILE, reason=self._why(one)) for place, one in enumerate(subjects)]

    def _why(self, subject: Subject) -> str:
        before = [one for one in self._book.entries if not one.is_open and one.state.mark == self._mark(subject)]
        if before:
            return f"#{before[0].issue.number} was closed more than {REOPEN_WITHIN.days} days before"
        number = self._known(subject)
        return f"#{number}, which is known for it, is closed or full" if number else "no issue is filed for it"

    def _mark(self, subject: Subject) -> str:
        return mark_of(subject, self._seen)

    def _take(self, fits: Callable[[Entry], bool]) -> Entry | None:
        entry = next((one for one in self._free if fits(one)), None)
        if entry is not None:
            self._free.remove(entry)
        return entry

    def _known(self, subject: Subject) -> int | None:
        """The issue of people that it belongs to."""
        moved = self._book.redirected.get(self._mark(subject))
        return next(iter(_said_of(subject, self._around)), moved)

    def _adopted(self, subject: Subject) -> Match | None:
        number = self._known(subject)
        if number is None:
            return None
        issue = self._book.issues.get(number)
        if issue is not None and not issue.is_open:
            return self._of_closed(subject, issue)
        entry = self._take(lambda one: one.issue.number == number and self._has(one, subject)) or self._take(
            lambda one: one.issue.number == number and self._may_be(one, subject)
        )
        if entry is None:
            if not self._has_room(number):
                return None
            self._added[number] += 1
        return Match(subject, Way.ADOPT, entry, number)

    def _has_room(self, number: int) -> bool:
        """Whether our comment there can tell one more incident."""
        return len(self._book.page(number)) + self._added[number] < MAX_ADOPTED

    def _of_closed(self, subject: Subject, issue: Issue) -> Match | None:
        """Of an issue of people that is closed: their decision stands, and a later failure is filed anew."""
        if issue.closed_as in ("not_planned", "duplicate") or self._is_before(issue.closed_at):
            return Match(subject, Way.NOTHING)
        return None

    def _exact(self, subject: Subject) -> Match | None:
        entry = self._take(lambda one: one.is_open and one.state.mark == self._mark(subject))
        return self._keep(subject, entry)

    def _former(self, subject: Subject) -> Match | None:
        entry = self._take(lambda one: one.is_open and self._has(one, subject) and self._may_be(one, subject))
        return self._keep(subject, entry)

    def _same_place(self, subject: Subject) -> Match | None:
        return self._keep(subject, self._take(lambda one: one.is_open and self._may_be(one, subject)))

    @staticmethod
    def _keep(subject: Subject, entry: Entry | None) -> Match | None:
        return Match(subject, Way.KEEP, entry) if entry else None

    def _has(self, entry: Entry, subject: Subject) -> bool:
        return self._mark(subject) in entry.state.marks

    @staticmethod
    def _may_be(entry: Entry, subject: Subject) -> bool:
        """Whether both can be one: the same dependency, and not two causes that are each confirmed."""
        same = entry.state.dependency == short(subject.dependency)
        both = entry.state.certainty is Certainty.CONFIRMED and subject.certainty is Certainty.CONFIRMED
        return same and (not both or entry.state.cause == short(subject.cause))

    def _refused(self, subject: Subject) -> Match | None:
        last = self._last_closed(lambda one: one.state.mark == self._mark(subject))
        return Match(subject, Way.NOTHING) if last and last.is_refused and not self._is_long_ago(last) else None

    def _last_closed(self, fits: Callable[[Entry], bool]) -> Entry | None:
        return next((one for one in self._free if not one.is_open and fits(one)), None)

    def _closed(self, subject: Subject) -> Match | None:
        """What was closed as done: nothing if what is seen is older, else a regression."""
        last = self._last_closed(lambda one: self._has(one, subject))
        if last is None or last.is_refused or self._is_long_ago(last):
            return None
        if self._is_before(last.issue.closed_at) or self._is_older_build(last.state):
            return Match(subject, Way.NOTHING)
        if last.kind is not Kind.OWN:
            return Match(subject, Way.FILE, last, reason=f"#{last.issue.number}, where it was told, is closed")
        self._free.remove(last)
        return Match(subject, Way.REVIVE, last)

    def _is_long_ago(self, entry: Entry) -> bool:
        began, closed_at = self._seen.judgement.started_at, entry.issue.closed_at
        return bool(began and closed_at and closed_at + REOPEN_WITHIN < began)

    def _is_before(self, closed_at: datetime | None) -> bool:
        began = self._seen.judgement.started_at
        return bool(began and closed_at and began <= closed_at)

    def _is_older_build(self, state: State) -> bool:
        """Whether what is deployed comes from before what was seen well."""
        deployed, fixed = self._seen.judgement.deployment, state.last_good
        if deployed is None or fixed is None:
            return False
        age, age_of_fix = self._around.age(deployed.sha or ""), self._around.age(fixed.sha)
        if age is not None and age_of_fix is not None:
            return age > age_of_fix
        return _was_bad(deployed, state) and short(deployed.revision) != fixed.revision


def _was_bad(deployed: Deployment, state: State) -> bool:
    return short(deployed.revision) in (state.first_bad.revision, state.last_bad.revision)
