"""Issues, one campaign and rules → operations, each with its reason. The same campaign twice changes nothing.

docs/decisions/0013 says what is decided and why.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ci_tools.diagnosis.hypotheses import Certainty
from ci_tools.diagnosis.incidents import Incident
from ci_tools.escalation.urgency import Urgency, assess
from ci_tools.model import Observation, Verdict
from ci_tools.report.incident_words import impact
from ci_tools.report.inert import markdown
from ci_tools.triage import comments, memory, shared
from ci_tools.triage.book import Book, Entry, Kind
from ci_tools.triage.fitting import fitting
from ci_tools.triage.matching import REOPEN_WITHIN, Match, Matcher, Way
from ci_tools.triage.operations import CloseIssue, Issue, Operation, ReopenIssue, UpdateIssue
from ci_tools.triage.recovery import is_green
from ci_tools.triage.seen import Seen, redacted
from ci_tools.triage.state import State, accounts_for, lean, ours_in, replaced, section, short
from ci_tools.triage.status import when
from ci_tools.triage.subjects import Subject, figures_of, subjects_in
from ci_tools.triage.surroundings import ACTIONS_BOT, Surroundings
from ci_tools.triage.twins import twin_closed
from ci_tools.triage.writing import Writer, relabelled
from ci_tools.verdict.judgement import Judgement

__all__ = ["ACTIONS_BOT", "REOPEN_WITHIN", "Surroundings", "decide"]

_MAX_SHARED = 25
"""Incidents that one shared issue has room for."""


def decide(
    issues: Iterable[Issue],
    judgement: Judgement,
    around: Surroundings,
    incidents: Sequence[Incident] = (),
    observations: Sequence[Observation] = (),
) -> tuple[Operation, ...]:
    """What is to be done so that the issues say what the campaign says.

    Raises:
        UsageError: an issue holds what only a later version understands.
    """
    whole = Seen(judgement=judgement, incidents=tuple(incidents), observations=tuple(observations))
    seen = redacted(whole, around.redact)
    book = Book.of(issues, around.bot, short(seen.judgement.environment))
    return tuple(_Triage(book, seen, around).operations())


@dataclass(frozen=True, slots=True)
class _Unfiled:
    """An incident that needs an issue of its own, or a place in a shared one."""

    subject: Subject
    urgency: Urgency
    entry: Entry | None
    """Where it shares a page already."""
    reason: str


class _Triage:
    """One campaign on its way into the issues."""

    def __init__(self, book: Book, seen: Seen, around: Surroundings) -> None:
        self._book, self._seen, self._around = book, seen, around
        self._writer = Writer(seen, around)
        self._bad: set[Entry] = set()
        """What this campaign saw failing."""

    def operations(self) -> Iterator[Operation]:
        """In an order in which whatever stops halfway is done by the next run."""
        crowd: list[_Unfiled] = []
        for match in Matcher(self._book, self._seen, self._around).matches(self._subjects()):
            yield from self._told(match, crowd)
        yield from self._filed(sorted(crowd, key=lambda one: one.urgency.severity))
        yield from self._recoveries()
        yield from self._shared()
        yield from self._merged()

    def _subjects(self) -> list[Subject]:
        """What may be told: of a campaign that is inconclusive only what is confirmed."""
        subjects = subjects_in(self._seen)
        if self._seen.judgement.verdict is not Verdict.INCONCLUSIVE:
            return list(subjects)
        return [one for one in subjects if one.certainty is Certainty.CONFIRMED]

    def _told(self, match: Match, crowd: list[_Unfiled]) -> Iterator[Operation]:
        subject, entry = match.subject, match.entry
        if match.way is Way.NOTHING:
            return
        if match.way is Way.ADOPT and entry is None:
            self._adopt(subject, match.number)
        elif entry is None or match.way is Way.FILE:
            crowd.append(_Unfiled(subject, self._urgency(subject, None), None, match.reason))
        elif self._is_news(entry):
            if entry.kind is Kind.UMBRELLA:
                urgency = self._urgency(subject, entry.state)
                crowd.append(_Unfiled(subject, urgency, entry, f"it shares #{entry.issue.number}, and still fails"))
            else:
                yield from self._revived(entry, subject) if match.way is Way.REVIVE else self._kept(entry, subject)

    def _is_news(self, entry: Entry) -> bool:
        self._bad.add(entry)
        return not accounts_for(entry.state, self._seen.judgement)

    def _urgency(self, subject: Subject, state: State | None) -> Urgency:
        figures = figures_of(subject, self._seen)
        return assess(figures, state.timers, rested=state.rested) if state else assess(figures)

    def _kept(self, entry: Entry, subject: Subject) -> Iterator[Operation]:
        """It goes on: counted in silence, said only where it has changed for the worse."""
        old = entry.state
        is_back = old.status == "recovered"
        urgency = self._urgency(subject, None if is_back else old)
        after = (memory.returned if is_back else memory.carried)(old, subject, self._seen, urgency)
        said = (
            [comments.regressed(after.last_bad, old.last_good)]
            if is_back
            else self._worse(old, after, subject, urgency)
        )
        if said:
            yield self._comment(entry, after, said)
        if entry.kind is Kind.ADOPTED:
            entry.becomes(lean(after), self._part(subject, after, urgency, old))
            return
        yield self._update(entry, subject, after, urgency)

    def _worse(self, old: State, after: State, subject: Subject, urgency: Urgency) -> list[tuple[str, str]]:
        said = []
        if after.severity < old.severity:
            said.append(comments.escalated(old.severity, after.severity, urgency.reason, when(after.last_bad)))
        if memory.has_spread(old, subject):
            words = impact(subject.incident) if subject.incident else "more gates fail"
            said.append(comments.spread(old.radius, subject.radius, markdown(words), after.last_bad))
        return said

    def _comment(self, entry: Entry, state: State, said: Sequence[tuple[str, str]]) -> Operation:
        redacted_words = [(kind, self._around.redact(words)) for kind, words in said]
        return comments.comment(entry.issue.number, state, self._seen.judgement.campaign, redacted_words)

    def _update(self, entry: Entry, subject: Subject, after: State, urgency: Urgency) -> UpdateIssue:
        issue, old = entry.issue, entry.state
        labels = relabelled(issue, old, after.severity)
        title = self._retitled(entry, subject)
        remembered = replace(
            after, labelled=old.labelled if labels is None else after.severity, titled=title or old.titled
        )
        ours = section(self._writer.kept(entry, subject, remembered, urgency), remembered)
        entry.state, entry.is_changed = remembered, False
        return UpdateIssue(
            number=issue.number,
            body=replaced(issue.body, ours),
            section=ours,
            labels=labels,
            title=title,
            reason=f"{subject.dependency} still fails, in campaign {self._seen.judgement.campaign}",
        )

    def _retitled(self, entry: Entry, subject: Subject) -> str | None:
        """Another title, where the one that stands is ours and a better cause is known; None: it stays."""
        ours = entry.issue.title == entry.state.titled and not memory.is_weaker(subject, entry.state)
        named = self._writer.title(subject)
        return named if ours and named != entry.state.titled else None

    def _revived(self, entry: Entry, subject: Subject) -> Iterator[Operation]:
        issue, old = entry.issue, entry.state
        urgency = self._urgency(subject, None)
        after = memory.returned(old, subject, self._seen, urgency)
        labels = relabelled(issue, old, after.severity)
        after = replace(after, labelled=old.labelled if labels is None else after.severity)
        yield self._comment(entry, after, [comments.regressed(after.first_bad, old.last_good)])
        ours = section(self._writer.kept(entry, subject, after, urgency), after)
        entry.is_changed = False
        yield ReopenIssue(
            number=issue.number,
            body=replaced(issue.body, ours),
            section=ours,
            labels=labels,
            reason=f"{subject.dependency} fails again, in campaign {self._seen.judgement.campaign}",
        )

    def _adopt(self, subject: Subject, number: int) -> None:
        """From now on it is told in an issue of people; what an issue of ours knows of it moves there."""
        issue = self._book.issues.get(number) or _unread(number)
        mark = memory.mark_of(subject, self._seen)
        ours = [one for one in self._book.entries if one.is_open and not one.is_gone and one.state.mark == mark]
        urgency = self._urgency(subject, ours[0].state if ours else None)
        state = memory.fresh(subject, self._seen, urgency)
        if ours:
            known = accounts_for(ours[0].state, self._seen.judgement)
            state = ours[0].state if known else memory.carried(ours[0].state, subject, self._seen, urgency)
        state = lean(replace(state, labelled=None, titled=""))
        entry = Entry(issue, Kind.ADOPTED, state, self._part(subject, state, urgency, None), is_changed=True)
        self._book.entries.append(entry)
        self._bad |= {entry, *ours}
        for one in ours:
            self._book.merge_into(entry, one)

    def _part(self, subject: Subject, state: State, urgency: Urgency, before: State | None) -> str:
        heading = f"### {markdown(self._writer.title(subject))}"
        return f"{heading}\n\n{self._writer.within(subject, state, urgency, before, shared.PART_BYTES)}"

    def _filed(self, crowd: Sequence[_Unfiled]) -> Iterator[Operation]:
        """The most urgent get issues of their own, the others share one."""
        most = self._around.rules.new_issues
        for one in crowd[:most]:
            state = self._state(one)
            if one.entry is not None:
                one.entry.is_gone = one.entry.is_changed = True
            reason = f"{one.subject.dependency} fails ({one.subject.cause}) and {one.reason}"
            yield self._writer.create(one.subject, state, one.urgency, reason)
        for one in crowd[most : most + _MAX_SHARED]:
            self._share(one)

    def _state(self, one: _Unfiled) -> State:
        if one.entry is None:
            return memory.fresh(one.subject, self._seen, one.urgency)
        return memory.carried(one.entry.state, one.subject, self._seen, one.urgency)

    def _share(self, one: _Unfiled) -> None:
        state = lean(self._state(one))
        shown = self._writer.brief(one.subject, state, one.urgency, None)
        if one.entry is not None:
            one.entry.becomes(state, shown)
            return
        standing = [entry for entry in self._book.entries if entry.kind is Kind.UMBRELLA and entry.is_open]
        issue = standing[0].issue if standing else _unread(0)
        self._book.entries.append(Entry(issue, Kind.UMBRELLA, state, shown, is_changed=True))

    def _recoveries(self) -> Iterator[Operation]:
        for entry in self._book.entries:
            is_told = entry in self._bad or entry.is_gone or accounts_for(entry.state, self._seen.judgement)
            if not is_told and entry.is_open and entry.state.status == "failing" and is_green(entry.state, self._seen):
                yield from self._greener(entry)

    def _greener(self, entry: Entry) -> Iterator[Operation]:
        after = memory.greener(entry.state, self._seen)
        if after.n_green < self._around.rules.green_campaigns:
            entry.becomes(after, self._writer.standing(entry.shown, after))
        elif entry.kind is Kind.UMBRELLA:
            entry.is_gone = entry.is_changed = True
        else:
            yield from self._recovered(entry, replace(after, status="recovered"))

    def _recovered(self, entry: Entry, after: State) -> Iterator[Operation]:
        said = comments.recovered(after)
        yield self._comment(entry, after, [said])
        shown = f"{self._around.redact(said[1])}\n\n{self._writer.standing(entry.shown, after)}"
        if entry.kind is Kind.ADOPTED:
            entry.becomes(after, shown)
            return
        body = fitting(replaced(entry.issue.body, section(one, after)) for one in (shown, self._around.redact(said[1])))
        ours = ours_in(body)
        entry.is_changed = False
        yield CloseIssue(
            number=entry.issue.number,
            body=body,
            section=ours,
            closed_as="completed",
            reason=f"all that failed is well in {after.n_green} campaigns in a row, last {after.campaigns[-1]}",
        )

    def _shared(self) -> Iterator[Operation]:
        """Each page that several share, once, with all that has changed on it."""
        changed = [one for one in self._book.entries if one.kind is not Kind.OWN and one.is_changed]
        for number in dict.fromkeys(one.issue.number for one in changed):
            parts = self._book.page(number)
            left = [one for one in parts if not one.is_gone]
            issue = self._book.issues.get(number)
            if parts[0].kind is Kind.ADOPTED:
                names = ", ".join(one.state.dependency for one in parts if one.is_changed)
                yield shared.adopted(number, issue, left, f"people have filed #{number} for it; told there: {names}")
            elif issue is None:
                judgement = self._seen.judgement
                reason = f"more than {self._around.rules.new_issues} incidents are new; the others share an issue"
                yield shared.first_of_many(judgement.environment, judgement.campaign, left, reason)
            else:
                yield shared.umbrella(issue, left)

    def _merged(self) -> Iterator[Operation]:
        """What has changed only because of a duplicate, and then the duplicates themselves."""
        for entry in self._book.entries:
            if entry.kind is Kind.OWN and entry.is_changed and not entry.is_gone:
                ours = section(entry.shown, entry.state)
                reason = "a duplicate is merged into it" if not entry.state.n_green else "what failed is well"
                body = replaced(entry.issue.body, ours)
                yield UpdateIssue(number=entry.issue.number, body=body, section=ours, labels=None, reason=reason)
        for loser, winner in self._book.duplicates:
            yield twin_closed(loser.issue, loser.state, winner.issue.number)


def _unread(number: int) -> Issue:
    """An issue that nobody has read, and that is taken to be open."""
    return Issue(number=number, title="", body="", author="", labels=(), is_open=True)
