"""Campaigns of the clinic's system, as the events that a run would have left, and their incidents."""

from collections.abc import Sequence
from typing import Any

from ci_tools.diagnosis.diagnose import diagnose
from ci_tools.diagnosis.incidents import Incident
from ci_tools.evidence.events import (
    CampaignFinished,
    CampaignStarted,
    Collected,
    DeploymentIdentified,
    Event,
    Observed,
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
    Dependency,
    DependencyState,
    Deployment,
    NodeId,
    Observation,
    Outcome,
    Phase,
    Plan,
    Previous,
    ReliabilityGate,
    Suite,
)
from ci_tools.verdict.fold import fold
from ci_tools.verdict.judge import judge
from tests.unit.diagnosis.clinic import GRAPH, at, knowledge

GATES = (
    ReliabilityGate(name="cache_answers", dependency="cache", probe="cache", floor=0.5, target=1.0),
    ReliabilityGate(
        name="socket_opens", dependency="socket", probe="socket", floor=0.5, target=1.0, requires=("cache",)
    ),
    CoverageGate(name="agent_tests", dependency="agents", suites=("agents",), floor=1.0),
    CoverageGate(name="store_tests", dependency="store", suites=("store",), floor=1.0),
)
SUITES = (
    Suite(name="agents", paths=("agents.py",), requires=("cache",), value="nobody answers"),
    Suite(name="store", paths=("store.py",), requires=("service",), value="everything is forgotten"),
    Suite(name="edge", paths=("edge.py",)),
)
PLAN = Plan(
    name="full",
    reason="all",
    environment="here",
    time_scale=0.1,
    phases=(Phase(number=1, name="infrastructure", budget_s=60, suites=SUITES, gates=GATES),),
)
PARTS = tuple(
    Dependency(name=name, needs=needs, owners=("@edge-team",) if name == "edge" else (f"@{name}",))
    for name, needs in GRAPH.edges.items()
)


def down(dependency: str, text: str, *, sampled: bool = False, **wishes: Any) -> Event:
    """A probe found *dependency* down: in a survey, or sampled for its gate."""
    usual: dict[str, Any] = {"state": DependencyState.DOWN, "at": at(5), "kind": "http_json"}
    seen = Observation(**{**usual, "probe": dependency, "dependency": dependency, "text": text, **wishes})
    gate = next((one.name for one in GATES if one.dependency == dependency), "")
    return Sampled(phase=1, gate=gate, observation=seen) if sampled else Observed(observation=seen)


def up(dependency: str, **wishes: Any) -> Event:
    """A probe found *dependency* well."""
    return down(dependency, "", state=DependencyState.UP, **wishes)


def ran(suite: str, name: str, outcome: Outcome = Outcome.FAILED, **wishes: Any) -> list[Event]:
    """A test of *suite* ended so."""
    node_id = NodeId(f"{suite}.py::{name}")
    requires = next(one.requires for one in SUITES if one.name == suite)
    return [
        Collected(node_id=node_id, suite=suite, phase=1, requires=requires),
        TestStarted(node_id=node_id),
        TestFinished(node_id=node_id, outcome=outcome, duration_s=0.5, **wishes),
    ]


def held_back(suite: str, name: str, dependency: str) -> list[Event]:
    """A test of *suite* was blocked."""
    node_id = NodeId(f"{suite}.py::{name}")
    return [
        Collected(node_id=node_id, suite=suite, phase=1),
        TestBlocked(node_id=node_id, dependency=dependency, reason="it is down", attempt=0),
        TestFinished(node_id=node_id, outcome=Outcome.BLOCKED, duration_s=0, attempt=0),
    ]


def story(*events: Event | Sequence[Event], previous: Previous | None = None) -> list[Event]:
    """All events of a campaign in which *events* happened."""
    happened = [one for event in events for one in ([event] if not isinstance(event, Sequence) else event)]
    return [
        CampaignStarted(campaign="c", plan=PLAN, tool_version="1", dependencies=PARTS, previous=previous),
        DeploymentIdentified(deployment=Deployment(revision="rev-2")),
        PhaseStarted(number=1),
        *happened,
        PhaseFinished(number=1),
        CampaignFinished(writers={}),
    ]


def incidents(*events: Event | Sequence[Event], previous: Previous | None = None) -> tuple[Incident, ...]:
    """What a campaign in which *events* happened is diagnosed with."""
    records = [
        Record(writer="campaign", seq=number, at=at(number), mono_s=0.0, event=event)
        for number, event in enumerate(story(*events, previous=previous))
    ]
    state = fold(records)
    return diagnose(state, judge(state), knowledge())
