"""Conservation of tests: every planned test ends in exactly one state, whatever became of the run."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ci_tools.model import FAILURES, NodeId, Outcome, Phase, Plan, Suite
from ci_tools.verdict.changes import change
from ci_tools.verdict.fold import Attempt, CampaignState, TestState
from ci_tools.verdict.judgement import SuiteResult, TestResult

_OF_THE_SYSTEM = ("opened", "received")
"""Directions of frames that take two: what was sent was sent on a connection that opened, and a refusal is *closed*."""
_NO_EVIDENCE = "passed without a recorded exchange with the deployed system: no evidence"


def results_of_tests(state: CampaignState, plan: Plan) -> list[TestResult]:
    """One result for every test that was collected or ran, ordered by phase, suite and node id."""
    evidenced = {suite.name for phase in plan.phases for suite in phase.suites if suite.evidence}
    results = [_result(test, evidenced) for test in state.tests.values()]
    if state.started is not None and state.started.previous is not None:
        before = state.started.previous.outcomes
        results = [replace(result, change=change(before.get(result.node_id), result.outcome)) for result in results]
    return sorted(results, key=lambda result: (result.phase, result.suite, result.node_id))


def _result(test: TestState, evidenced: set[str]) -> TestResult:
    suite = test.collected.suite if test.collected else ""
    phase = test.collected.phase if test.collected else 0
    if not test.attempts:
        return TestResult(
            node_id=test.node_id,
            suite=suite,
            phase=phase,
            outcome=Outcome.NOT_RUN,
            attempts=0,
            duration_s=0.0,
            reason="collected, never started",
        )
    attempts = [test.attempts[number] for number in sorted(test.attempts)]
    return _voted(test.node_id, suite, phase, attempts, wants_evidence=suite in evidenced)


def _voted(node_id: NodeId, suite: str, phase: int, attempts: Sequence[Attempt], *, wants_evidence: bool) -> TestResult:
    vote = next((attempt for attempt in attempts if attempt.blocked is None), attempts[0])
    outcome, reason = _ended(vote, wants_evidence=wants_evidence)
    outcomes = {attempt.finished.outcome for attempt in attempts if attempt.finished}
    finished = vote.finished
    return TestResult(
        node_id=node_id,
        suite=suite,
        phase=phase,
        outcome=outcome,
        attempts=len(attempts),
        duration_s=sum(attempt.finished.duration_s for attempt in attempts if attempt.finished),
        flaky=Outcome.PASSED in outcomes and not outcomes.isdisjoint(FAILURES),
        reason=reason,
        exc_type=finished.exc_type if finished else "",
        excerpt=finished.excerpt if finished else "",
        blocked_by=vote.blocked.dependency if vote.blocked else "",
        evidence=finished.evidence if finished else {},
    )


def _ended(attempt: Attempt, *, wants_evidence: bool) -> tuple[Outcome, str]:
    if attempt.blocked is not None:
        return Outcome.BLOCKED, attempt.blocked.reason
    if attempt.finished is None:
        return Outcome.NOT_RUN, "started, never finished"
    if attempt.finished.outcome is Outcome.PASSED and wants_evidence and not has_exchange(attempt.finished.evidence):
        return Outcome.NOT_RUN, _NO_EVIDENCE
    return attempt.finished.outcome, attempt.finished.message


def has_exchange(evidence: object) -> bool:
    """Whether *evidence* records that the deployed system answered, or opened a connection."""
    answered = any(entry.get("status") is not None for entry in _entries(evidence, "exchanges"))
    return answered or any(entry.get("direction") in _OF_THE_SYSTEM for entry in _entries(evidence, "frames"))


def _entries(evidence: object, kind: str) -> list[Mapping[str, Any]]:
    entries = evidence.get(kind) if isinstance(evidence, Mapping) else None
    return [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list | tuple) else []


def results_of_suites(state: CampaignState, plan: Plan, tests: Iterable[TestResult]) -> list[SuiteResult]:
    """One result for every suite of the plan, in the plan's order."""
    by_suite: dict[tuple[int, str], list[TestResult]] = {}
    for test in tests:
        by_suite.setdefault((test.phase, test.suite), []).append(test)
    return [
        _suite(state, phase, suite, by_suite.get((phase.number, suite.name), []))
        for phase in plan.phases
        for suite in phase.suites
    ]


def _suite(state: CampaignState, phase: Phase, suite: Suite, tests: Sequence[TestResult]) -> SuiteResult:
    planned = max(suite.expected or 0, len(tests))
    counted = Counter(test.outcome for test in tests)
    counted[Outcome.NOT_RUN] += planned - len(tests)
    uncollected = [
        f"{event.node_id} could not be collected: {event.problem}"
        for event in state.uncollected
        if event.suite == suite.name and event.phase == phase.number
    ]
    without = [
        f"{test.node_id}: {test.reason}"
        for test in tests
        if test.outcome is Outcome.NOT_RUN and test.reason == _NO_EVIDENCE
    ]
    return SuiteResult(
        name=suite.name,
        phase=phase.number,
        value=suite.value,
        requires=suite.requires,
        expected=suite.expected,
        planned=planned,
        collected=len(tests),
        counts={outcome: counted[outcome] for outcome in Outcome},
        open_ended=not planned or (suite.expected is None and bool(uncollected)),
        problems=tuple(uncollected + without),
    )
