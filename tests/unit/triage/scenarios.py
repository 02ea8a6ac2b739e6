"""Judgements and issues by scenario: a shop, its store and its payment, as campaigns saw them."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ci_tools.diagnosis.hypotheses import Certainty
from ci_tools.diagnosis.incidents import UNKNOWN, Incident, Proof
from ci_tools.diagnosis.knowledge import Remedy
from ci_tools.evidence.redaction import Redactor
from ci_tools.model import CoverageGate, Deployment, Gate, GateState, NodeId, Outcome, ReliabilityGate, Verdict
from ci_tools.spec.values import TriageRules
from ci_tools.triage.decide import ACTIONS_BOT, Surroundings
from ci_tools.triage.operations import (
    CAMPAIGN_LABEL,
    AdoptIssue,
    CloseIssue,
    Comment,
    CreateIssue,
    Issue,
    Operation,
    ReopenIssue,
    UpdateIssue,
)
from ci_tools.verdict.judgement import GateResult, Judgement, SuiteResult, TestResult

START = datetime(2026, 3, 2, 10, 15, tzinfo=UTC)
AROUND = Surroundings(redact=Redactor().text, rules=TriageRules(green_campaigns=1))
"""One good campaign closes an issue, so that a scenario needs no second one."""

REACHABLE = ReliabilityGate(name="store_reachable", dependency="store", probe="store", floor=0.9, target=1.0)
QUICK = replace(REACHABLE, name="store_quick", under_s=3.0, floor=0.8, target=0.95)
STORE_TESTS = CoverageGate(name="store_tests", dependency="store", suites=("store",), floor=1.0)
SHOP_TESTS = CoverageGate(name="shop_tests", dependency="shop", suites=("shop",), floor=1.0)
SOCKET = ReliabilityGate(
    name="socket_connects", dependency="websocket", probe="ws", floor=0.85, target=0.95, requires=("store",)
)
GATES = (REACHABLE, STORE_TESTS, SHOP_TESTS, SOCKET)


def gate(
    of: Gate, state: GateState, *, good: int = 0, n: int = 4, detail: str = "refused", missing: str = ""
) -> GateResult:
    """What the evidence said of a gate."""
    holds = state is GateState.HOLDS
    return GateResult(
        gate=of,
        phase=1,
        state=state,
        observed=(n if holds else good) / n if n else None,
        n=n,
        good=n if holds else good,
        detail=detail if state is GateState.FAILS else "",
        missing=missing if state is GateState.CANNOT_TELL else "",
    )


def suite(name: str, *, requires: tuple[str, ...] = (), **counts: int) -> SuiteResult:
    """A suite, its tests counted by outcome."""
    counted = {outcome: counts.get(outcome.value, 0) for outcome in Outcome}
    planned = sum(counted.values())
    return SuiteResult(
        name=name,
        phase=1,
        value=f"what the {name} is worth",
        requires=requires,
        expected=planned,
        planned=planned,
        collected=planned,
        counts=counted,
    )


def ended(suite_name: str, name: str, outcome: Outcome, **more: object) -> TestResult:
    """A test's end."""
    result = TestResult(
        node_id=NodeId(f"tests/test_{suite_name}.py::test_{name}"),
        suite=suite_name,
        phase=1,
        outcome=outcome,
        attempts=1,
        duration_s=0.2,
    )
    return replace(result, **more)  # type: ignore[arg-type]


def judgement(number: int, verdict: Verdict, gates: Iterable[GateResult], **more: object) -> Judgement:
    """The judgement of campaign *number*, an hour after the one before."""
    made = Judgement(
        verdict=verdict,
        reasons=(),
        campaign=f"campaign-{number}",
        plan_name="full",
        plan_reason="all phases",
        environment="here",
        time_scale=0.1,
        inconclusive="block",
        faults=(),
        left_out=(),
        started_at=START + timedelta(hours=number),
        finished_at=START + timedelta(hours=number, minutes=20),
        complete=True,
        deployment=Deployment(revision=f"shop-{number:05}", sha="0123456789abcdef"),
        gates=tuple(gates),
    )
    return replace(made, **more)  # type: ignore[arg-type]


EXCHANGE = {"request_id": "e2e-77", "method": "GET", "url": "https://shop.example/cart", "status": 500}
TESTS = (
    ended("store", "keeps", Outcome.PASSED, excerpt="never shown"),
    ended(
        "store",
        "writes",
        Outcome.FAILED,
        reason="expected 201, got 500",
        excerpt="def test_writes():\n    assert 500 == 201",
        evidence={"exchanges": [EXCHANGE]},
    ),
    ended("shop", "sells", Outcome.BLOCKED, blocked_by="store", reason="store is down"),
)
SUITES = (suite("store", passed=1, failed=1), suite("shop", requires=("store",), blocked=1))


def failing(number: int = 1, *, good: int = 0, **more: object) -> Judgement:
    """The store is down, which masks shop and WebSocket."""
    gates = (
        gate(REACHABLE, GateState.FAILS, good=good, detail="4 times ECONNREFUSED"),
        gate(STORE_TESTS, GateState.FAILS, good=1, n=2, detail="test_writes: expected 201, got 500"),
        gate(SHOP_TESTS, GateState.CANNOT_TELL, n=1, missing="1 blocked by store"),
        gate(SOCKET, GateState.CANNOT_TELL, n=0, missing="never asked: it looks through store"),
    )
    return judgement(number, Verdict.FAIL, gates, **{"tests": TESTS, "suites": SUITES, **more})


def passing(number: int = 2, **more: object) -> Judgement:
    """Every gate holds, and every test passes."""
    tests = tuple(replace(test, outcome=Outcome.PASSED, blocked_by="") for test in TESTS)
    gates = tuple(gate(one, GateState.HOLDS) for one in GATES)
    return judgement(number, Verdict.PASS, gates, **{"tests": tests, **more})


def inconclusive(number: int = 2, **more: object) -> Judgement:
    """The store fails, but the deployment changed meanwhile."""
    return replace(failing(number), verdict=Verdict.INCONCLUSIVE, **more)  # type: ignore[arg-type]


def incident(
    dependency: str = "store",
    cause: str = "refused",
    certainty: Certainty = Certainty.CONFIRMED,
    **more: object,
) -> Incident:
    """An incident of the diagnosis, by default the store's, with the tests that fail of it."""
    is_known = cause != UNKNOWN
    made = Incident(
        id=f"{dependency}-1",
        certainty=certainty if is_known else Certainty.UNKNOWN,
        cause=cause,
        summary=f"nothing listens at {cause}" if is_known else f"{dependency} fails, and nothing says why",
        dependency=dependency,
        evidence=(
            Proof(ref=f"{dependency}#1", says="nobody listens", text="ECONNREFUSED", discriminates=is_known, at=START),
        ),
        first_seen=START,
        last_seen=START + timedelta(minutes=5),
        remedy=(Remedy(about="start it again", command=f"start {dependency}"),) if is_known else (),
        verification="it answers" if is_known else "",
    )
    return replace(made, **more)  # type: ignore[arg-type]


def applied(operations: Iterable[Operation], issues: Iterable[Issue] = (), *, at: datetime = START) -> list[Issue]:
    """The issues as they are once *operations* are done."""
    after = {issue.number: issue for issue in issues}
    for operation in operations:
        if isinstance(operation, CreateIssue):
            number = max(after, default=0) + 1
            after[number] = Issue(
                number=number,
                title=operation.title,
                body=operation.body,
                author=ACTIONS_BOT,
                labels=operation.labels,
                is_open=True,
            )
        elif not isinstance(operation, Comment):
            after[operation.number] = _changed(after[operation.number], operation, at)
    return list(after.values())


def _changed(issue: Issue, operation: Operation, at: datetime) -> Issue:
    match operation:
        case AdoptIssue(body=body, add_labels=more):
            return replace(issue, comment=body, labels=tuple(dict.fromkeys((*issue.labels, *more))))
        case CloseIssue(body=body, closed_as=closed_as):
            return replace(issue, body=body, is_open=False, closed_as=closed_as, closed_at=at)
        case UpdateIssue(body=body, labels=labels, title=title) | ReopenIssue(body=body, labels=labels, title=title):
            renewed = replace(issue, body=body, title=title or issue.title)
            renewed = renewed if labels is None else replace(renewed, labels=labels)
            is_reopened = isinstance(operation, ReopenIssue)
            return replace(renewed, is_open=True, closed_as="", closed_at=None) if is_reopened else renewed
    raise AssertionError(operation)


def kinds(operations: Iterable[Operation]) -> list[str]:
    """The names of *operations*."""
    return [type(operation).__name__ for operation in operations]


STRANGER = Issue(
    number=1, title="mine", body="written by a person", author="octocat", labels=(CAMPAIGN_LABEL,), is_open=True
)
