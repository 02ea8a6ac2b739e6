"""Campaigns told in a few words, as the events that a run would have left."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import pytest

from ci_tools.evidence.events import (
    CampaignFinished,
    CampaignStarted,
    Collected,
    DeploymentIdentified,
    Event,
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
    Gate,
    GateState,
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
from ci_tools.verdict.judgement import GateResult, Judgement, SuiteResult, TestResult

NOON = datetime(2025, 9, 16, 12, 0, tzinfo=UTC)


@dataclass
class Story:
    """One campaign, complete and undamaged unless it is told otherwise."""

    suites: list[Suite] = field(default_factory=list)
    gates: list[Gate] = field(default_factory=list)
    plan: dict[str, Any] = field(default_factory=dict)
    middle: list[Event] = field(default_factory=list)
    ending: list[Event] | None = None
    problems: list[str] = field(default_factory=list)
    previous: Previous | None = None

    def suite(self, name: str = "chat", **fields: Any) -> Self:
        """The plan's only phase has that suite."""
        self.suites.append(Suite(name=name, paths=(f"tests/test_{name}.py",), **fields))
        return self

    def coverage(self, floor: float, *suites: str) -> Self:
        """The phase has a coverage gate over *suites*."""
        name = f"{' and '.join(suites)} at {floor:.0%}"
        self.gates.append(CoverageGate(name=name, dependency="backend", suites=suites, floor=floor))
        return self

    def reliability(self, **fields: Any) -> Self:
        """The phase has a reliability gate named ``redis answers``."""
        defaults: dict[str, Any] = {"dependency": "redis", "probe": "redis", "floor": 0.8, "target": 0.95}
        self.gates.append(ReliabilityGate(name="redis answers", **{**defaults, **fields}))
        return self

    def planned(self, **fields: Any) -> Self:
        """The plan says so."""
        self.plan |= fields
        return self

    def compared(self, previous: Previous) -> Self:
        """There is a campaign before to compare with."""
        self.previous = previous
        return self

    def saw(self, *events: Event) -> Self:
        """These events happened next."""
        self.middle += events
        return self

    def collected(self, *names: str, suite: str = "chat", phase: int = 1) -> Self:
        """These tests were collected and nothing else was heard of them."""
        return self.saw(*(Collected(node_id=self.node(name), suite=suite, phase=phase) for name in names))

    def ran(self, *names: str, outcome: Outcome = Outcome.PASSED, suite: str = "chat", **fields: Any) -> Self:
        """These tests were collected and ended with *outcome*."""
        self.collected(*names, suite=suite)
        return self.attempted(*names, outcome=outcome, **fields)

    def attempted(self, *names: str, outcome: Outcome, attempt: int = 1, **fields: Any) -> Self:
        """These tests, collected or not, were started and ended with *outcome*."""
        for name in names:
            node_id = self.node(name)
            self.saw(
                TestStarted(node_id=node_id, attempt=attempt),
                TestFinished(node_id=node_id, outcome=outcome, attempt=attempt, duration_s=0.5, **fields),
            )
        return self

    def blocked(self, *names: str, dependency: str = "redis", suite: str = "chat", attempt: int = 1) -> Self:
        """These tests were collected and held back."""
        self.collected(*names, suite=suite)
        return self.saw(
            *(
                TestBlocked(node_id=self.node(name), dependency=dependency, reason="it is down", attempt=attempt)
                for name in names
            )
        )

    def sampled(self, count: int, state: DependencyState = DependencyState.UP, **fields: Any) -> Self:
        """The gate ``redis answers`` was sampled that often, always with the same answer."""
        seen = Observation(probe="redis", dependency="redis", state=state, **fields)
        return self.saw(*[Sampled(phase=1, gate="redis answers", observation=seen)] * count)

    def identified(self, *revisions: str | None) -> Self:
        """The deployment called itself so, one after the other; None: it could not say."""
        return self.saw(
            *(
                DeploymentIdentified(deployment=Deployment(revision=revision, sha="0123456789abcdef"))
                if revision
                else DeploymentIdentified(deployment=None, problem="404")
                for revision in revisions
            )
        )

    def ends_with(self, *events: Event) -> Self:
        """Instead of a finished phase and campaign, the journal ends with these."""
        self.ending = list(events)
        return self

    @staticmethod
    def node(name: str) -> NodeId:
        """The node id of the test *name*."""
        return NodeId(f"tests/test_chat.py::{name}")

    def phase(self) -> Phase:
        """The plan's only phase, unless the plan was given its own."""
        return Phase(number=1, name="critical", budget_s=60.0, suites=tuple(self.suites), gates=tuple(self.gates))

    def stated(self) -> CampaignStarted:
        """The event that states the plan."""
        defaults: dict[str, Any] = {
            "name": "full",
            "reason": "asked for",
            "environment": "twin",
            "time_scale": 1.0,
            "phases": (self.phase(),),
        }
        plan = Plan(**{**defaults, **self.plan})
        return CampaignStarted(campaign="c1", plan=plan, tool_version="1", previous=self.previous)

    def events(self) -> list[Event]:
        """All events in the order they happened."""
        finished: list[Event] = [PhaseFinished(number=1), CampaignFinished(writers={})]
        return [
            self.stated(),
            PhaseStarted(number=1),
            *self.middle,
            *(finished if self.ending is None else self.ending),
        ]

    def records(self) -> list[Record]:
        """The events as one writer's records, a second apart."""
        return records_of(self.events())

    def judged(self) -> Judgement:
        """The judgement of it all."""
        return judge(fold(self.records(), self.problems))

    def judged_gate(self) -> GateResult:
        """The result of the first gate."""
        return self.judged().gates[0]

    def judged_suite(self) -> SuiteResult:
        """The result of the first suite."""
        return self.judged().suites[0]

    def judged_test(self) -> TestResult:
        """The result of the first test."""
        return self.judged().tests[0]

    def state(self) -> GateState:
        """What the first gate says."""
        return self.judged_gate().state


def records_of(events: Iterable[Event], writer: str = "campaign") -> list[Record]:
    """*events* as records of one writer, a second apart, from noon on."""
    return [
        Record(writer=writer, seq=number, at=NOON + timedelta(seconds=number), mono_s=float(number), event=event)
        for number, event in enumerate(events, 1)
    ]


@pytest.fixture
def story() -> Story:
    """A campaign to be told."""
    return Story()


@pytest.fixture(scope="session")
def new_story() -> type[Story]:
    """Campaigns to be told, for a test that tells many."""
    return Story
