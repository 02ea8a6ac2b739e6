"""Judgements by scenario: events as a campaign would leave them, folded and judged."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ci_tools.evidence.events import (
    CampaignFinished,
    CampaignStarted,
    Collected,
    DeploymentIdentified,
    Event,
    Interrupted,
    PhaseFinished,
    PhaseStarted,
    Record,
    Sampled,
    TestBlocked,
    TestFinished,
    TestStarted,
)
from ci_tools.model import (
    CoverageGate,
    DependencyState,
    Deployment,
    Kpi,
    NodeId,
    Observation,
    Outcome,
    Phase,
    Plan,
    Previous,
    PreviousTest,
    ReliabilityGate,
    Suite,
)
from ci_tools.verdict.fold import fold
from ci_tools.verdict.judge import judge
from ci_tools.verdict.judgement import Judgement

START = datetime(2026, 3, 2, 10, 15, tzinfo=UTC)

ORDERS = Suite(
    name="orders",
    paths=("tests/test_orders.py",),
    expected=3,
    requires=("shop",),
    value="nobody can buy: $120K a month",
)
REACHABLE = ReliabilityGate(
    name="shop_reachable", dependency="shop", probe="shop", floor=0.5, target=1.0, under_s=3.0, target_s=0.5
)
COVERED = CoverageGate(name="orders_tests", dependency="shop", suites=("orders",), floor=0.9)
PHASE = Phase(number=1, name="infrastructure", budget_s=1200.0, suites=(ORDERS,), gates=(REACHABLE, COVERED))
PLAN = Plan(
    name="full",
    reason="all phases",
    environment="here",
    time_scale=0.1,
    phases=(PHASE,),
    left_out=("critical",),
    kpis=(
        Kpi(name="shop", about="the shop answers", target=0.9, gate="shop_reachable"),
        Kpi(name="pace", about="the shop is quick", under_s=0.15, gate="shop_reachable"),
        Kpi(name="orders", about="orders work", target=0.95, suites=("orders",)),
        Kpi(name="search", about="search works", target=0.95, suites=("search",)),
    ),
    identifies_deployment=True,
)
STARTED = CampaignStarted(campaign="20260302-101500-abc123", plan=PLAN, tool_version="0.1.0")
DEPLOYED = DeploymentIdentified(deployment=Deployment(revision="shop-00042", sha="0123456789abcdef"))
FINISHED = CampaignFinished(writers={})
TESTS = tuple(NodeId(f"tests/test_orders.py::test_{name}") for name in ("cart", "list", "pay"))


def collected(node_id: NodeId) -> Collected:
    """A test of the suite."""
    return Collected(node_id=node_id, suite="orders", phase=1, requires=("shop",))


def seen(state: DependencyState, latency_s: float | None = 0.02, code: str = "200", text: str = "") -> Sampled:
    """One attempt at the shop."""
    observation = Observation(
        probe="shop", dependency="shop", state=state, latency_s=latency_s, code=code, text=text, source="GET /health"
    )
    return Sampled(phase=1, gate="shop_reachable", observation=observation)


def ended(node_id: NodeId, outcome: Outcome, message: str = "", exc_type: str = "") -> TestFinished:
    """A test's end."""
    return TestFinished(node_id=node_id, outcome=outcome, duration_s=0.25, message=message, exc_type=exc_type)


def judged(events: Sequence[Event], problems: Sequence[str] = ()) -> Judgement:
    """The judgement of *events*, one second apart."""
    records = [
        Record(writer="campaign", seq=number, at=START + timedelta(seconds=number), mono_s=float(number), event=event)
        for number, event in enumerate(events, 1)
    ]
    return judge(fold(records, problems))


OPENING: tuple[Event, ...] = (STARTED, DEPLOYED, PhaseStarted(number=1))
GOOD: tuple[Event, ...] = (seen(DependencyState.UP),) * 5
CLOSING: tuple[Event, ...] = (PhaseFinished(number=1), FINISHED)
ALL_COLLECTED = tuple(collected(test) for test in TESTS)

PASS = judged([*OPENING, *GOOD, *ALL_COLLECTED, *(ended(test, Outcome.PASSED) for test in TESTS), *CLOSING])

FAIL = judged(
    [
        *OPENING,
        seen(DependencyState.UP),
        seen(DependencyState.DOWN, code="503", text="503 instead of 200: Redis is gone"),
        *ALL_COLLECTED,
        ended(TESTS[0], Outcome.PASSED),
        ended(TESTS[1], Outcome.SKIPPED, "not on Mondays"),
        ended(TESTS[2], Outcome.FAILED, "expected 201, got 500", "AssertionError"),
        *CLOSING,
    ]
)

INCONCLUSIVE = judged(
    [
        *OPENING,
        *GOOD,
        *ALL_COLLECTED[:2],
        ended(TESTS[0], Outcome.PASSED),
        TestBlocked(node_id=TESTS[1], dependency="edge", reason="429 from /api/orders, retry after 60 s"),
        ended(TESTS[1], Outcome.BLOCKED),
        *CLOSING,
    ]
)

KILLED = judged(
    [
        STARTED,
        PhaseStarted(number=1),
        seen(DependencyState.UP),
        *ALL_COLLECTED,
        ended(TESTS[0], Outcome.PASSED),
        TestStarted(node_id=TESTS[1]),
        Interrupted(reason="SIGTERM was received"),
    ],
    problems=["phase1-gw0.jsonl: the last line is torn (17 bytes dropped)"],
)

BEFORE = Previous(
    campaign="20260301-101500-abc122",
    revision="shop-00041",
    tests=tuple(
        PreviousTest(node_id=test, outcome=outcome, duration_s=0.25)
        for test, outcome in zip(TESTS, (Outcome.FAILED, Outcome.PASSED, Outcome.ERRORED), strict=True)
    ),
)
COMPARED = judged(
    [
        replace(STARTED, previous=BEFORE),
        *OPENING[1:],
        *GOOD,
        *ALL_COLLECTED,
        ended(TESTS[0], Outcome.PASSED),
        ended(TESTS[1], Outcome.FAILED, "expected 3 orders, got 2", "AssertionError"),
        ended(TESTS[2], Outcome.FAILED, "expected 201, got 500", "AssertionError"),
        *CLOSING,
    ]
)

SCENARIOS = {"pass": PASS, "fail": FAIL, "inconclusive": INCONCLUSIVE, "killed": KILLED, "compared": COMPARED}
