"""Open issues and heartbeats → operations: timers, and how it stands. None is opened, closed or opened again.

docs/decisions/0015 says what is decided and why.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import reduce

from ci_tools.escalation.watching import Kept, Look, kept_on, told_by
from ci_tools.model import DependencyState
from ci_tools.report.inert import markdown
from ci_tools.triage import comments, shared
from ci_tools.triage.book import Book, Entry, Kind
from ci_tools.triage.operations import Issue, Operation, UpdateIssue
from ci_tools.triage.seen import is_well, tells
from ci_tools.triage.state import State, Watch, replaced, section, short
from ci_tools.triage.status import watched
from ci_tools.triage.surroundings import Surroundings
from ci_tools.triage.writing import relabelled
from ci_tools.verdict.heartbeats import Heartbeat


def decide_heartbeats(
    issues: Iterable[Issue], heartbeats: Sequence[Heartbeat], around: Surroundings
) -> tuple[Operation, ...]:
    """What is to be done so that the open issues say what *heartbeats*, in their order, have seen."""
    known = tuple(issues)
    environments = dict.fromkeys(short(one.environment) for one in heartbeats)
    return tuple(
        operation
        for environment in environments
        for operation in _told(
            Book.of(known, around.bot, environment),
            [one for one in heartbeats if short(one.environment) == environment],
            around,
        )
    )


def _told(book: Book, heartbeats: Sequence[Heartbeat], around: Surroundings) -> Iterator[Operation]:
    pages: dict[int, str] = {}
    for entry in book.entries:
        after = reduce(watching, heartbeats, entry.state)
        if entry.is_gone or not entry.is_open or after == entry.state:
            continue
        reason = f"heartbeats have looked at {after.dependency}, last at {heartbeats[-1].at:%H:%M:%S} UTC"
        yield from _renewed(entry, after, around, reason)
        if entry.kind is not Kind.OWN:
            pages[entry.issue.number] = reason
    for number, reason in pages.items():
        parts = book.page(number)
        if parts[0].kind is Kind.ADOPTED:
            yield shared.adopted(number, book.issues[number], parts, reason)
        else:
            yield shared.umbrella(book.issues[number], parts)


def _renewed(entry: Entry, after: State, around: Surroundings, reason: str) -> Iterator[Operation]:
    """What is said of it, and the page where it has one of its own."""
    issue, old, urgency = entry.issue, entry.state, ""
    if after.severity < old.severity:
        proven = next(one for one in told_by(after.timers) if one.holds)
        why = f"{proven.says}, {proven.proof}"
        urgency = f"**{after.severity}**, {markdown(why, 300)}"
        said = comments.escalated(old.severity, after.severity, why, "by heartbeats")
        # Named by what is said, not by who says it: the next heartbeat decides the same again if the change was lost.
        since = min(one.first_bad for one in after.timers)
        yield comments.comment(issue.number, after, f"{after.severity} since {since.isoformat()}", [said])
    labels = relabelled(issue, old, after.severity) if entry.kind is Kind.OWN else None
    after = after if labels is None else replace(after, labelled=after.severity)
    entry.becomes(after, around.redact(watched(entry.shown, after, urgency)))
    if entry.kind is Kind.OWN:
        ours = section(entry.shown, entry.state)
        body = replaced(issue.body, ours)
        yield UpdateIssue(number=issue.number, body=body, section=ours, labels=labels, reason=reason)


def watching(state: State, beat: Heartbeat) -> State:
    """*state* after *beat*; the same where that is older than what is known, or tells nothing that changes anything."""
    watch = state.watch or Watch(at=beat.at)
    known = [state.known_until, state.watch.at if state.watch else None]
    if any(at is not None and beat.at <= at for at in known) or state.status != "failing":
        return state
    kept = kept_on(Kept(state.timers, state.rested), _looks(beat), state.dependency)
    proven = min((one.severity for one in told_by(kept.timers) if one.holds), default=state.severity)
    is_bad = _is_bad(state, beat)
    has_turned = is_bad is not None and is_bad is not watch.is_bad
    now = replace(watch, rested=kept.rested)
    now = replace(now, is_bad=is_bad, since=beat.at) if has_turned else now
    after = replace(
        state,
        timers=kept.timers,
        severity=min(state.severity, proven),
        calm=0 if proven < state.severity else state.calm,
        n_green=0 if is_bad else state.n_green,
        watch=now,
    )
    return state if after == replace(state, watch=watch) else replace(after, watch=replace(now, at=beat.at))


def _is_bad(state: State, beat: Heartbeat) -> bool | None:
    """How the probes that had shown it find its dependency now; None: they cannot tell, or contradict each other."""
    found = [is_well(beat.observations, probe, state.dependency) for probe in state.evidence.probes]
    if False in found and True not in found:
        return True
    return False if found and set(found) == {True} else None


def _looks(beat: Heartbeat) -> dict[str, Look]:
    return {dependency: _look(beat, probes) for dependency, probes in beat.judged.items()}


def _look(beat: Heartbeat, probes: Sequence[str]) -> Look:
    told = [one for one in beat.observations if one.probe in probes and tells(one)]
    states = {one.state for one in told}
    is_down = {frozenset({DependencyState.DOWN}): True, frozenset({DependencyState.UP}): False}.get(frozenset(states))
    latencies = [one.latency_s / beat.time_scale for one in told if one.latency_s is not None]
    return Look(at=beat.at, is_down=is_down, latency_s=max(latencies, default=None))
