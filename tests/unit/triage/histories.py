"""Histories of a system of several parts: what campaigns saw of it, and what people did to its issues meanwhile."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from hypothesis import strategies as st

from ci_tools.diagnosis.hypotheses import Certainty
from ci_tools.diagnosis.incidents import UNKNOWN, Incident
from ci_tools.model import (
    CoverageGate,
    DependencyState,
    Deployment,
    GateState,
    NodeId,
    Observation,
    Outcome,
    ReliabilityGate,
    Verdict,
)
from ci_tools.spec.values import KnownIssue, TriageRules
from ci_tools.triage.decide import ACTIONS_BOT, Surroundings, decide
from ci_tools.triage.memory import mark_of
from ci_tools.triage.operations import Issue, Operation
from ci_tools.triage.seen import Seen
from ci_tools.triage.state import State, parts_in
from ci_tools.triage.subjects import Subject, subjects_in
from ci_tools.verdict.judgement import GateResult, TestResult
from tests.unit.triage.scenarios import AROUND, START, STRANGER, applied, ended, gate, incident, judgement

PARTS = ("cache", "queue", "search", "shop", "store")
RULES = TriageRules(green_campaigns=2, new_issues=2)
HERE = replace(AROUND, rules=RULES)
PEOPLES = replace(STRANGER, number=3, labels=("bug",), body="written by people")
ADOPTING = replace(HERE, known_issues=(KnownIssue(number=3, causes=("full",), dependencies=("cache", "queue")),))
"""What is full, and whatever happens at two of the parts, belongs into an issue of people."""


class Look(StrEnum):
    """How a part looks in one campaign."""

    WELL = "well"
    DEAD = "dead"
    FULL = "full"
    MAYBE_DEAD = "suspected to be dead"
    UNKNOWN = "unknown"
    MASKED = "masked"
    SKIPPED = "skipped"
    GATES_ONLY = "a gate fails, and no incident explains it"


class Hand(StrEnum):
    """What people do to an issue."""

    DONE = "completed"
    REFUSED = "not_planned"
    OPENED = "open again"
    URGENT = "relabelled"
    DUPLICATE = "duplicate"


@dataclass(frozen=True)
class Step:
    """One campaign, and what people did before it."""

    looks: tuple[Look, ...]
    is_conclusive: bool
    is_old_build: bool
    hands: tuple[tuple[Hand, int, int], ...]


STEPS = st.builds(
    Step,
    looks=st.tuples(*(st.sampled_from(Look) for _ in PARTS)),
    is_conclusive=st.sampled_from([True, True, True, False]),
    is_old_build=st.sampled_from([False, False, False, True]),
    hands=st.lists(st.tuples(st.sampled_from(Hand), st.integers(1, 12), st.integers(1, 12)), max_size=2).map(tuple),
)
HISTORIES = st.lists(STEPS, min_size=1, max_size=9)
_CAUSES = {
    Look.DEAD: ("dead", Certainty.CONFIRMED),
    Look.FULL: ("full", Certainty.CONFIRMED),
    Look.MAYBE_DEAD: ("dead", Certainty.SUSPECTED),
    Look.UNKNOWN: (UNKNOWN, Certainty.UNKNOWN),
}
_FAILING = {*_CAUSES, Look.GATES_ONLY}


def campaign(number: int, step: Step) -> Seen:
    """What campaign *number* sees of *step*."""
    looks = dict(zip(PARTS, step.looks, strict=True))
    is_bad = bool(_FAILING & set(looks.values()))
    verdict = Verdict.INCONCLUSIVE if not step.is_conclusive else Verdict.FAIL if is_bad else Verdict.PASS
    gates = [one for part, look in looks.items() for one in _gates(part, look)]
    tests = tuple(_test(part, look) for part, look in looks.items() if look is not Look.GATES_ONLY)
    revision = "build-00000" if step.is_old_build else f"build-{number:05}"
    return Seen(
        judgement=judgement(number, verdict, gates, tests=tests, deployment=Deployment(revision=revision)),
        incidents=tuple(_incident(part, look) for part, look in looks.items() if look in _CAUSES),
        observations=tuple(_look(part, look, number) for part, look in looks.items()),
    )


def _gates(part: str, look: Look) -> list[GateResult]:
    state = GateState.FAILS if look in _FAILING else GateState.HOLDS if look is Look.WELL else GateState.CANNOT_TELL
    probed = ReliabilityGate(name=f"{part}_up", dependency=part, probe=part, floor=0.9, target=1.0)
    covered = CoverageGate(name=f"{part}_tests", dependency=part, suites=(part,), floor=1.0)
    return [gate(probed, state, missing="masked"), gate(covered, state, missing="masked")]


def _test(part: str, look: Look) -> TestResult:
    outcome = {
        Look.WELL: Outcome.PASSED,
        Look.MASKED: Outcome.BLOCKED,
        Look.SKIPPED: Outcome.SKIPPED,
    }.get(look, Outcome.FAILED)
    return ended(part, "works", outcome)


def _incident(part: str, look: Look) -> Incident:
    cause, certainty = _CAUSES[look]
    return incident(part, cause, certainty, failed=(NodeId(f"tests/test_{part}.py::test_works"),))


def _look(part: str, look: Look, number: int) -> Observation:
    state = {Look.WELL: DependencyState.UP, Look.MASKED: DependencyState.UNKNOWN}.get(look, DependencyState.DOWN)
    return Observation(probe=part, dependency=part, state=state, kind="tcp", at=START + timedelta(hours=number))


def planned(issues: Iterable[Issue], seen: Seen, around: Surroundings = HERE) -> tuple[Operation, ...]:
    """The operations of *seen*."""
    return decide(issues, seen.judgement, around, seen.incidents, seen.observations)


def handled(issues: Sequence[Issue], step: Step, number: int) -> list[Issue]:
    """The issues after people had them, half an hour before campaign *number*."""
    after = {issue.number: issue for issue in issues}
    at = START + timedelta(hours=number - 0.5)
    for hand, place, other in step.hands:
        if place in after:
            after[place] = _handled(after[place], hand, other if other in after else None, at)
    return list(after.values())


def _handled(issue: Issue, hand: Hand, other: int | None, at: object) -> Issue:
    if hand is Hand.OPENED:
        return replace(issue, is_open=True, closed_as="", closed_at=None, duplicate_of=None)
    if hand is Hand.URGENT:
        return replace(issue, labels=("e2e-campaign", "P0"))
    if not issue.is_open:
        return issue
    pointer = other if hand is Hand.DUPLICATE else None
    return replace(issue, is_open=False, closed_as=hand.value, closed_at=at, duplicate_of=pointer)  # type: ignore[arg-type]


def told(issues: Iterable[Issue]) -> list[tuple[Issue, State]]:
    """Every incident that an issue of ours, or our comment in another, remembers."""
    texts = [(issue, issue.body if issue.author == ACTIONS_BOT else issue.comment) for issue in issues]
    found = [(issue, state) for issue, text in texts for _, state in parts_in(text)]
    return [(issue, state) for issue, state in found if state.duplicate_of is None or not issue.is_open]


def open_marks(issues: Iterable[Issue]) -> list[str]:
    """The fingerprints of what is open."""
    return [state.mark for issue, state in told(issues) if issue.is_open]


def to_be_told(seen: Seen) -> list[Subject]:
    """What of *seen* must not be lost."""
    conclusive = seen.judgement.verdict is not Verdict.INCONCLUSIVE
    return [one for one in subjects_in(seen) if conclusive or one.certainty is Certainty.CONFIRMED]


def lost(issues: Sequence[Issue], seen: Seen) -> list[str]:
    """What *seen* has to tell, and neither an open issue tells nor people have refused."""
    memories = told(issues)
    open_ones = [state for issue, state in memories if issue.is_open]
    refused = [state for issue, state in memories if issue.closed_as in ("not_planned", "duplicate")]
    spared = [state for issue, state in memories if issue.closed_as == "completed" and state.last_good is not None]
    return [
        f"{one.dependency}: {one.cause}"
        for one in to_be_told(seen)
        if not any(mark_of(one, seen) in state.marks for state in (*open_ones, *refused, *spared))
    ]


def run(
    history: Sequence[Step], standing: Sequence[Issue] = (), around: Surroundings = HERE
) -> Iterable[tuple[Seen, list[Issue], tuple[Operation, ...], list[Issue]]]:
    """Each campaign of *history* with the issues before it, what was done, and the issues after."""
    issues = list(standing)
    for number, step in enumerate(history, 1):
        before = handled(issues, step, number)
        seen = campaign(number, step)
        operations = planned(before, seen, around)
        issues = applied(operations, before, at=START + timedelta(hours=number, minutes=30))
        yield seen, before, operations, issues
