"""How what an issue remembers changes from campaign to campaign."""

from dataclasses import replace

from ci_tools.diagnosis.hypotheses import Certainty
from ci_tools.escalation.urgency import Urgency, settled
from ci_tools.triage.seen import Seen, is_asked_once
from ci_tools.triage.state import (
    Failed,
    State,
    Watch,
    incident_fingerprint,
    joined,
    occasion,
    short,
    together,
    with_campaign,
    with_marks,
)
from ci_tools.triage.subjects import Subject

_RANK = {Certainty.UNKNOWN: 0, Certainty.SUSPECTED: 1, Certainty.CONFIRMED: 2}
_TWICE = 2


def mark_of(subject: Subject, seen: Seen) -> str:
    """The fingerprint of *subject*."""
    return incident_fingerprint(seen.judgement.environment, subject.cause, subject.dependency)


def is_weaker(subject: Subject, state: State) -> bool:
    """Whether *subject* knows less of its cause than is known already."""
    return _RANK[subject.certainty] < _RANK[state.certainty]


def fresh(subject: Subject, seen: Seen, urgency: Urgency) -> State:
    """What is remembered of an incident that was not known."""
    now, previous = occasion(seen.judgement), seen.judgement.previous
    return State(
        environment=short(seen.judgement.environment),
        dependency=short(subject.dependency),
        cause=short(subject.cause),
        certainty=subject.certainty,
        marks=(mark_of(subject, seen),),
        severity=urgency.severity,
        labelled=urgency.severity,
        evidence=_failed(Failed(), subject, seen),
        radius=subject.radius,
        first_bad=now,
        last_bad=now,
        preceded_by=short((previous.sha or previous.revision or "") if previous else ""),
        timers=urgency.timers,
        campaigns=with_campaign((), seen.judgement),
    )


def carried(old: State, subject: Subject, seen: Seen, urgency: Urgency) -> State:
    """*old* after one more campaign in which it was bad; what is known of the cause is never forgotten."""
    severity, calm = settled(old.severity, urgency.severity, old.calm)
    named = replace(old, marks=with_marks(old.mark, (*old.marks, mark_of(subject, seen))))
    if not is_weaker(subject, old):
        named = replace(
            old,
            cause=short(subject.cause),
            certainty=subject.certainty,
            dependency=short(subject.dependency),
            marks=with_marks(mark_of(subject, seen), old.marks),
        )
    return replace(
        named,
        status="failing",
        severity=severity,
        calm=calm,
        evidence=_failed(old.evidence, subject, seen),
        radius=subject.radius if has_spread(old, subject) else old.radius,
        last_bad=occasion(seen.judgement),
        n_bad=old.n_bad + 1,
        n_green=0,
        timers=urgency.timers,
        watch=_until(old.watch),
        campaigns=with_campaign(old.campaigns, seen.judgement),
    )


def returned(old: State, subject: Subject, seen: Seen, urgency: Urgency) -> State:
    """*old* after it had recovered and is bad again: it is counted anew, and stays the same."""
    anew = fresh(subject, seen, urgency)
    return replace(
        anew,
        marks=with_marks(anew.mark, old.marks),
        labelled=old.labelled,
        titled=old.titled,
        last_good=old.last_good,
        campaigns=with_campaign(old.campaigns, seen.judgement),
    )


def has_spread(old: State, subject: Subject) -> bool:
    """Whether it takes along twice as much as when that was last told."""
    return subject.radius >= max(_TWICE * old.radius, old.radius + _TWICE)


def greener(old: State, seen: Seen) -> State:
    """*old* after one more campaign in which all of its evidence was well."""
    return replace(
        old,
        n_green=old.n_green + 1,
        last_good=occasion(seen.judgement),
        timers=(),
        watch=_until(old.watch),
        campaigns=with_campaign(old.campaigns, seen.judgement),
    )


def _until(watch: Watch | None) -> Watch | None:
    """What is left of *watch* once a campaign has seen for itself."""
    return Watch(at=watch.at) if watch else None


def merged(winner: State, other: State, *, is_over: bool = False) -> State:
    """*winner* with the fingerprints of its duplicate, and with its evidence unless that one's trouble *is_over*."""
    return replace(
        winner,
        marks=with_marks(winner.mark, winner.marks, other.marks),
        evidence=winner.evidence if is_over else together(winner.evidence, other.evidence),
    )


def is_over_before(other: State, winner: State) -> bool:
    """Whether *other* was last bad before *winner* became what it is now; where a time is missing it was not."""
    last, first = other.last_bad.at, winner.first_bad.at
    return last is not None and first is not None and last < first


def _failed(known: Failed, subject: Subject, seen: Seen) -> Failed:
    return joined(
        known,
        gates=[gate.gate.name for gate in subject.gates],
        tests=[test.node_id for test in subject.tests],
        probes=[probe for probe in subject.probes if not is_asked_once(seen.observations, probe)],
    )
