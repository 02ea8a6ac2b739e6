"""Triage: issues and a judgement become operations, each with its reason. The same judgement twice changes nothing.

Only what the configured bot wrote is believed; what people decide (a close as not planned, another severity
label, words of their own) stands.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256

from ci_tools.diagnosis.owners import Line, owner_of
from ci_tools.errors import UsageError
from ci_tools.model import GateState, Verdict
from ci_tools.triage import page, state
from ci_tools.triage.failures import Failure, failures_in, redacted
from ci_tools.triage.operations import (
    CAMPAIGN_LABEL,
    MAX_LABEL,
    CloseIssue,
    Comment,
    CreateIssue,
    Issue,
    Operation,
    ReopenIssue,
    Severity,
    UpdateIssue,
)
from ci_tools.triage.severity import severity_of
from ci_tools.triage.state import State
from ci_tools.verdict.judgement import Judgement

REOPEN_WITHIN = timedelta(days=30)
"""A failure that comes back later than this is another one, and gets an issue of its own."""
ACTIONS_BOT = "github-actions[bot]"
_URL = re.compile(r"https?://[A-Za-z0-9./_:%-]{1,300}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What triage has to know beside issues and judgement."""

    redact: Callable[[str], str]
    bot: str = ACTIONS_BOT
    """The login whose issues are believed."""
    owners: tuple[Line, ...] = ()
    run_url: str = ""

    def __post_init__(self) -> None:
        """Refuse what could not stand in a page as a link."""
        if self.run_url and not _URL.fullmatch(self.run_url):
            raise UsageError(f"{self.run_url!r} is no link to a run; give --run-url https://HOST/PATH")


@dataclass(frozen=True, slots=True)
class _Known:
    issue: Issue
    state: State


def decide(issues: Iterable[Issue], judgement: Judgement, around: Surroundings) -> tuple[Operation, ...]:
    """What is to be done so that the issues say what *judgement* says; nothing if it is inconclusive."""
    if judgement.verdict is Verdict.INCONCLUSIVE:
        return ()
    seen = redacted(judgement, around.redact)
    known = _trusted(issues, around.bot, seen.environment)
    operations = _recoveries(known, seen, around) if seen.verdict is Verdict.PASS else _failings(known, seen, around)
    return (*_duplicates(known), *operations)


def _trusted(issues: Iterable[Issue], bot: str, environment: str) -> dict[str, list[_Known]]:
    """The bot's issues about *environment* by fingerprint: open ones before closed ones, then as :func:`_first`."""
    known: dict[str, list[_Known]] = {}
    for issue in issues:
        remembered = state.state_in(issue.body) if issue.author == bot else None
        if remembered and remembered.environment == state.short(environment) and remembered.duplicate_of is None:
            known.setdefault(remembered.fingerprint, []).append(_Known(issue, remembered))
    return {name: sorted(entries, key=_first) for name, entries in known.items()}


def _first(known: _Known) -> tuple[bool, int]:
    """Of open issues the lowest number wins; of closed ones the latest."""
    return (not known.issue.is_open, known.issue.number if known.issue.is_open else -known.issue.number)


def _duplicates(known: dict[str, list[_Known]]) -> Iterator[Operation]:
    for winner, *others in known.values():
        for other in others:
            if other.issue.is_open:
                remembered = replace(other.state, duplicate_of=winner.issue.number)
                shown = f"Duplicate of #{winner.issue.number}, which is filed for the same dependency."
                yield CloseIssue(
                    number=other.issue.number,
                    body=state.replaced(other.issue.body, state.section(shown, remembered)),
                    closed_as="duplicate",
                    reason=f"#{winner.issue.number} is filed for {other.state.dependency} already",
                )


def _recoveries(known: dict[str, list[_Known]], seen: Judgement, around: Surroundings) -> Iterator[Operation]:
    undecided = {state.short(gate.gate.name) for gate in seen.gates if gate.state is not GateState.HOLDS}
    executed = {state.short(gate.gate.name) for gate in seen.gates if gate.n} - undecided
    for entry, *_ in known.values():
        is_done = not entry.issue.is_open or state.accounts_for(entry.state, seen)
        if not is_done and executed.issuperset(entry.state.gates):
            yield from _close(entry, seen, around)


def _close(known: _Known, seen: Judgement, around: Surroundings) -> Iterator[Operation]:
    sighting = state.sighting(seen)
    reason = f"every gate that failed holds in the passing campaign {sighting.campaign}"
    words = around.redact(page.recovered(sighting, known.state))
    remembered = replace(
        known.state,
        status="recovered",
        last_good=sighting,
        campaigns=state.with_campaign(known.state.campaigns, seen),
    )
    whole = f"{words}\n\n{state.visible_in(known.issue.body)}"
    yield _comment(known, "recovered", words, reason, seen)
    yield CloseIssue(
        number=known.issue.number,
        body=page.fitting(
            state.replaced(known.issue.body, state.section(shown, remembered)) for shown in (whole, words)
        ),
        closed_as="completed",
        reason=reason,
    )


def _comment(known: _Known, transition: str, words: str, reason: str, seen: Judgement) -> Comment:
    nonce = _nonce(known.state.fingerprint, seen.campaign, transition)
    return Comment(number=known.issue.number, body=f"{words}\n\n{_hidden(nonce)}", nonce=_hidden(nonce), reason=reason)


def _nonce(*parts: str) -> str:
    return sha256("\0".join(parts).encode(errors="replace")).hexdigest()[:20]


def _hidden(nonce: str) -> str:
    return f"<!-- ci-tools:nonce {nonce} -->"


def _failings(known: dict[str, list[_Known]], seen: Judgement, around: Surroundings) -> Iterator[Operation]:
    for failure in failures_in(seen):
        mark = state.fingerprint(seen.environment, failure.dependency)
        case = _Case(failure, seen, around)
        entry = next(iter(known.get(mark, ())), None)
        if entry is None:
            yield case.create("no issue is filed for it")
        elif not state.accounts_for(entry.state, seen):
            yield from case.update(entry) if entry.issue.is_open else case.revive(entry)


@dataclass(frozen=True, slots=True)
class _Case:
    """One failure of one judgement, on its way into an issue."""

    failure: Failure
    seen: Judgement
    around: Surroundings

    def create(self, reason: str) -> CreateIssue:
        severity, why = self._severity()
        nonce = _nonce(self._mark, self.seen.campaign, "create")
        call = self._call_of_owner()
        before = f"{call}\n\n{_hidden(nonce)}\n" if call else f"{_hidden(nonce)}\n"
        area = f"area: {state.short(self.failure.dependency)}"[:MAX_LABEL].replace(",", " ")
        return CreateIssue(
            title=self.around.redact(page.title(self.failure, self.seen)),
            body=before + self._section(self._fresh(severity), why, before),
            labels=(CAMPAIGN_LABEL, area, severity),
            nonce=_hidden(nonce),
            reason=f"{self.failure.dependency} fails and {reason}",
        )

    def update(self, known: _Known) -> Iterator[Operation]:
        old = known.state
        severity, why = self._severity()
        worst = min(old.severity, severity)
        labels = _relabelled(known, worst)
        remembered = replace(
            old,
            severity=worst,
            labelled=worst if labels is not None else old.labelled,
            gates=state.with_gates(old.gates, self._gate_names),
            last_bad=state.sighting(self.seen),
            n_bad=old.n_bad + 1,
            campaigns=state.with_campaign(old.campaigns, self.seen),
        )
        if worst < old.severity:
            words = page.escalated(old.severity, worst, why, remembered.last_bad)
            reason = f"{self.failure.dependency} has become more urgent: {old.severity} → {worst}"
            yield _comment(known, "escalated", self.around.redact(words), reason, self.seen)
        shown = why if severity == worst else f"it has been that urgent; now {severity}, {why}"
        yield UpdateIssue(
            number=known.issue.number,
            body=self._body(known, remembered, shown),
            labels=labels,
            reason=f"{self.failure.dependency} still fails, in campaign {self.seen.campaign}",
        )

    def revive(self, known: _Known) -> Iterator[Operation]:
        began, closed_at = self.seen.started_at, known.issue.closed_at
        if began and closed_at and closed_at + REOPEN_WITHIN < began:
            yield self.create(f"#{known.issue.number} was closed more than {REOPEN_WITHIN.days} days before")
        elif known.issue.closed_as not in ("not_planned", "duplicate") and not (
            began and closed_at and began <= closed_at
        ):
            yield from self._reopen(known)

    def _reopen(self, known: _Known) -> Iterator[Operation]:
        severity, why = self._severity()
        labels = _relabelled(known, severity)
        remembered = replace(
            self._fresh(severity if labels is not None else known.state.labelled),
            severity=severity,
            last_good=known.state.last_good,
            campaigns=state.with_campaign(known.state.campaigns, self.seen),
        )
        reason = f"{self.failure.dependency} fails again, in campaign {self.seen.campaign}"
        words = page.regressed(remembered.first_bad, remembered.last_good)
        yield _comment(known, "regressed", self.around.redact(words), reason, self.seen)
        yield ReopenIssue(
            number=known.issue.number, body=self._body(known, remembered, why), labels=labels, reason=reason
        )

    @property
    def _mark(self) -> str:
        return state.fingerprint(self.seen.environment, self.failure.dependency)

    @property
    def _gate_names(self) -> Sequence[str]:
        return [gate.gate.name for gate in self.failure.gates]

    def _severity(self) -> tuple[Severity, str]:
        suites = {(suite.phase, suite.name): suite for suite in self.seen.suites}
        return severity_of(self.failure.gates, suites, self.seen.time_scale)

    def _call_of_owner(self) -> str:
        line = owner_of(self.failure.dependency, self.around.owners)
        if line is None or not line.owners:
            return ""
        return self.around.redact(f"For {' '.join(line.owners)}, by CODEOWNERS `{line.pattern.replace('`', '')}`.")

    def _fresh(self, severity: Severity) -> State:
        sighting = state.sighting(self.seen)
        return State(
            environment=state.short(self.seen.environment),
            dependency=state.short(self.failure.dependency),
            fingerprint=self._mark,
            status="failing",
            severity=severity,
            labelled=severity,
            gates=state.with_gates((), self._gate_names),
            first_bad=sighting,
            last_bad=sighting,
            n_bad=1,
            last_good=None,
            campaigns=state.with_campaign((), self.seen),
        )

    def _body(self, known: _Known, remembered: State, why: str) -> str:
        return state.replaced(known.issue.body, self._section(remembered, why, state.outside(known.issue.body)))

    def _section(self, remembered: State, why: str, outside: str) -> str:
        taken = len((outside + state.section("", remembered)).encode(errors="replace"))
        shown = page.body(
            self.failure,
            self.seen,
            remembered,
            why=why,
            run_url=self.around.run_url,
            room_bytes=page.MAX_BODY_BYTES - taken,
        )
        return state.section(self.around.redact(shown), remembered)


def _relabelled(known: _Known, severity: Severity) -> tuple[str, ...] | None:
    """The labels with *severity* in place of the one set by us; None where that is what stands, or a person's."""
    standing = {label for label in known.issue.labels if label in set(Severity)}
    if standing != {known.state.labelled} or severity == known.state.labelled:
        return None
    return (*(label for label in known.issue.labels if label not in standing), severity)
