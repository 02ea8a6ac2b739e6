"""Campaigns in which everything that comes from outside is spoiled, whatever field it stands in."""

import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from ci_tools.evidence.events import (
    CampaignFinished,
    CampaignStarted,
    CleanUpFailed,
    Collected,
    DependencyChanged,
    DeploymentIdentified,
    Event,
    HeartbeatStarted,
    Interrupted,
    Observed,
    PhaseFinished,
    PhaseStarted,
    PlanExtended,
    Sampled,
    TestBlocked,
    TestFinished,
    TestStarted,
    WorkerLost,
)
from ci_tools.model import (
    CoverageGate,
    Dependency,
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
    Shard,
    Suite,
)

EXCHANGE = {
    "request_id": "e2e-77",
    "method": "GET",
    "url": "https://shop.example/cart",
    "status": 500,
    "error": "Connection refused",
}


class _Everywhere:
    def __contains__(self, word: object) -> bool:
        return True


EVERYWHERE = _Everywhere()
"""Holds every text."""
SENTENCES = ("Error 111 connecting to redis:6379. Connection refused.", "def test_cart():\n    assert 500 == 201")
"""What the system and its tests say, whatever its length."""
_SHAPE = frozenset({"exchanges", *EXCHANGE})
"""Names by which evidence is looked up: without them it would not be shown at all."""

COMMITS = ("89abcdef", "1234567", "0123456")
"""What was deployed last, what came before, and what the campaign before has seen; a text follows them where it can."""
_TESTS = tuple(NodeId(f"tests/test_orders.py::test_{name}") for name in ("cart", "list", "pay"))
_SUITE = Suite(name="orders", paths=("tests/test_orders.py",), expected=3, requires=("shop",), value="nobody can buy")
_REACHABLE = ReliabilityGate(
    name="redis_reachable", dependency="redis", probe="redis", floor=0.5, target=1.0, requires=("edge",)
)
_COVERED = CoverageGate(name="orders_tests", dependency="shop", suites=("orders",), floor=0.9)
_PHASE = Phase(number=1, name="infrastructure", budget_s=60.0, suites=(_SUITE,), gates=(_REACHABLE, _COVERED))
_STARTED = CampaignStarted(
    campaign="campaign",
    plan=Plan(
        name="full",
        reason="all phases",
        environment="staging",
        time_scale=1.0,
        phases=(_PHASE,),
        left_out=("coverage",),
        identifies_deployment=True,
        kpis=(
            Kpi(name="redis", about="redis answers", target=0.9, gate="redis_reachable"),
            Kpi(name="orders", about="orders work", target=0.9, suites=("orders",)),
        ),
    ),
    tool_version="0.1.0",
    faults=("redis_down",),
    previous=Previous(
        campaign="before",
        revision=COMMITS[2],
        sha=COMMITS[2],
        tests=tuple(PreviousTest(node_id=one, outcome=Outcome.PASSED, duration_s=1.0) for one in _TESTS),
        damage="a line was torn",
    ),
    hosts={"shop": "https://shop.example"},
    dependencies=(
        Dependency(name="shop", needs=("redis",), owners=("@acme/shop",)),
        Dependency(name="redis", owners=("@acme/platform",)),
    ),
)
_DEPLOYED = DeploymentIdentified(deployment=Deployment(revision="shop-00042", sha=COMMITS[0]))


def _looked(state: DependencyState) -> Observation:
    is_up = state is DependencyState.UP
    return Observation(
        probe="redis",
        dependency="redis",
        state=state,
        kind="tcp",
        latency_s=0.02,
        code="200" if is_up else "ECONNREFUSED",
        text="PONG" if is_up else SENTENCES[0],
        source="tcp redis:6379",
    )


def _campaign(name: str, state: DependencyState, outcome: Outcome) -> tuple[Event, ...]:
    """A whole campaign in which Redis is in *state*, and every test ends in *outcome*."""
    is_well = outcome is Outcome.PASSED
    looked = _looked(state)
    return (
        replace(_STARTED, campaign=name),
        _DEPLOYED,
        Observed(observation=looked),
        PhaseStarted(number=1),
        *[Sampled(phase=1, gate="redis_reachable", observation=looked)] * 5,
        DependencyChanged(dependency="redis", state=state, reason="it was asked again", gate="redis_reachable"),
        *(Collected(node_id=one, suite="orders", phase=1, requires=("shop",)) for one in _TESTS),
        *(
            TestFinished(
                node_id=one,
                outcome=outcome,
                duration_s=0.25,
                exc_type="" if is_well else "redis.exceptions.ConnectionError",
                message="" if is_well else SENTENCES[0],
                excerpt="" if is_well else SENTENCES[1],
                evidence={} if is_well else {"exchanges": [EXCHANGE], "notes": {"seen": "500"}},
            )
            for one in _TESTS
        ),
        PhaseFinished(number=1),
        CampaignFinished(writers={}),
    )


FAILING = _campaign("failing", DependencyState.DOWN, Outcome.FAILED)
HEARTBEAT: tuple[Event, ...] = (
    HeartbeatStarted(environment="staging", judged={"redis": ("redis",)}),
    Observed(observation=_looked(DependencyState.DOWN)),
)
"""Probes look between the campaigns, and find what the first of them found."""
HISTORY = (
    FAILING,
    _campaign("passing", DependencyState.UP, Outcome.PASSED),
    _campaign("passing again", DependencyState.UP, Outcome.PASSED),
    _campaign("failing again", DependencyState.DOWN, Outcome.FAILED),
)
"""An issue is filed, recovers, and comes back."""
BROKEN: tuple[Event, ...] = (
    replace(_STARTED, campaign="broken", shards=(Shard(number=1, phases=(1,)),), shard=1),
    PlanExtended(
        reason="the first phase passes", phases=(replace(_PHASE, number=2, name="critical"),), left_out=("x",)
    ),
    _DEPLOYED,
    DeploymentIdentified(deployment=None, problem="503 from /info"),
    PhaseStarted(number=1),
    Sampled(phase=1, gate="redis_reachable", observation=_looked(DependencyState.DOWN)),
    *(Collected(node_id=one, suite="orders", phase=1, requires=("shop",)) for one in _TESTS),
    Collected(node_id=NodeId("tests/test_more.py"), suite="orders", phase=1, problem="ImportError: no module"),
    TestStarted(node_id=_TESTS[0]),
    TestBlocked(node_id=_TESTS[1], dependency="redis", reason="redis is down"),
    TestFinished(node_id=_TESTS[1], outcome=Outcome.BLOCKED, duration_s=0.0),
    TestFinished(node_id=_TESTS[2], outcome=Outcome.SKIPPED, duration_s=0.0, message="not on Mondays"),
    WorkerLost(worker="gw1", reason="killed by signal 9", node_id=_TESTS[0]),
    CleanUpFailed(worker="gw1", reason="RuntimeError: 500 from DELETE /orders"),
    PhaseFinished(number=1, cut_short="its budget is spent"),
    Interrupted(reason="SIGTERM was received"),
    CampaignFinished(writers={"gw9": 3}),
)
"""Everything that can go wrong with a campaign itself."""


def spoiled(events: Sequence[Event], spoil: Callable[[str], str]) -> tuple[Event, ...]:
    """*events* with every text in them through *spoil*, except words that this program alone writes."""
    return tuple(_spoiled(event, type(event), spoil) for event in events)


def _spoiled(value: Any, kind: Any, spoil: Callable[[str], str]) -> Any:
    if isinstance(value, Enum) or get_origin(kind) is Literal or value == "":
        return value
    if isinstance(value, str):
        return spoil(value)
    if is_dataclass(value) and not isinstance(value, type):
        hints = get_type_hints(type(value))
        changed = {one.name: _spoiled(getattr(value, one.name), hints[one.name], spoil) for one in fields(value)}
        return replace(value, **changed)
    if isinstance(value, Mapping):
        return {name if name in _SHAPE else spoil(name): _spoiled(item, Any, spoil) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return tuple(_spoiled(item, Any, spoil) for item in value)
    return value


def text_fields(kind: Any) -> set[tuple[str, str]]:
    """The class and the name of every field that takes a text, in *kind* and all that it holds."""
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        own = {(kind.__name__, one.name) for one in fields(kind) if _takes_text(hints[one.name])}
        return own.union(*(text_fields(hints[one.name]) for one in fields(kind)))
    return set().union(*map(text_fields, get_args(kind)))


def _takes_text(kind: Any) -> bool:
    if get_origin(kind) is Literal:
        return False
    if get_origin(kind) in (Union, types.UnionType, tuple, Mapping) or get_args(kind):
        return any(map(_takes_text, get_args(kind)))
    return kind in (str, NodeId)


def filled_fields(value: Any) -> set[tuple[str, str]]:
    """The class and the name of every field below *value* that holds anything."""
    if is_dataclass(value) and not isinstance(value, type):
        own = {(type(value).__name__, one.name) for one in fields(value) if getattr(value, one.name)}
        return own.union(*(filled_fields(getattr(value, one.name)) for one in fields(value)))
    if isinstance(value, Mapping):
        return set().union(*map(filled_fields, value.values()))
    if isinstance(value, tuple | list):
        return set().union(*map(filled_fields, value))
    return set()
