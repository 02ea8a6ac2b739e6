"""What a judgement says: values only, from single tests up to the campaign."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ci_tools.model import (
    Change,
    Deployment,
    Gate,
    GateState,
    Kpi,
    KpiState,
    NodeId,
    Outcome,
    Phase,
    Previous,
    Verdict,
)
from ci_tools.verdict.statistics import Latency


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResult:
    """The terminal state of one planned test. The first attempt that was not blocked votes."""

    __test__ = False

    node_id: NodeId
    suite: str
    phase: int
    outcome: Outcome
    attempts: int
    duration_s: float
    flaky: bool = False
    reason: str = ""
    exc_type: str = ""
    excerpt: str = ""
    blocked_by: str = ""
    """The dependency that kept the test from running or from seeing the system."""
    change: Change | None = None
    """Against the campaign before; None without one, or where nothing changed that counts."""
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteResult:
    """Conservation of a suite's tests: *planned* is the sum of all outcomes."""

    name: str
    phase: int
    value: str
    requires: tuple[str, ...]
    expected: int | None
    planned: int
    collected: int
    counts: Mapping[Outcome, int]
    problems: tuple[str, ...] = ()
    """Files that could not be collected, and tests whose pass carries no evidence."""
    open_ended: bool = False
    """Nobody knows how many tests there are: none was seen, or a file of an undeclared number is missing."""

    @property
    def passed(self) -> int:
        """Tests that passed, with evidence where the suite wants it."""
        return self.counts[Outcome.PASSED]

    @property
    def undecided(self) -> int:
        """Tests that are neither a pass nor a failure."""
        return self.planned - self.passed - self.counts[Outcome.FAILED] - self.counts[Outcome.ERRORED]


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """What the evidence says of one gate, and from how much of it."""

    gate: Gate
    phase: int
    state: GateState
    observed: float | None
    """Rate in 0…1; None without any evidence."""
    n: int
    good: int
    interval: tuple[float, float] | None = None
    latency: Latency | None = None
    missing: str = ""
    """What would have to be seen before this gate can be told; empty when it is decided."""
    detail: str = ""
    """Why it fails, in the words of the evidence."""
    changes: Mapping[Change, tuple[NodeId, ...]] = field(default_factory=dict)
    """A coverage gate's tests by what became of them since the campaign before; empty without one."""

    @property
    def reason(self) -> str:
        """Why it does not hold, in one line that names the dependency; empty where it holds."""
        what = f"{self.gate.dependency}: {self.gate.name}"
        if self.state is GateState.HOLDS:
            return ""
        is_failing = self.state is GateState.FAILS
        return f"{what} fails: {self.detail}" if is_failing else f"{what} cannot be told: {self.missing}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiResult:
    """A figure as this campaign measured it; no part of the verdict."""

    kpi: Kpi
    state: KpiState
    value: float | None
    """A share in 0…1, or the median in real seconds where a latency is wished for; None: not measured."""
    n: int
    """Tests or attempts behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseResult:
    """One phase of the plan."""

    phase: Phase
    verdict: Verdict
    started_at: datetime | None
    finished_at: datetime | None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The answer to: does the deployed system work?"""

    verdict: Verdict
    reasons: tuple[str, ...]
    """Each failing or undecided thing in one line; empty only for a pass."""
    campaign: str
    plan_name: str
    plan_reason: str
    environment: str
    time_scale: float
    inconclusive: str
    faults: tuple[str, ...]
    seed: int | None = None
    """Of a random order; None: longest first."""
    left_out: tuple[str, ...]
    started_at: datetime | None
    finished_at: datetime | None
    """The last event seen; the campaign itself may have been cut short."""
    complete: bool
    deployment: Deployment | None
    previous: Previous | None = None
    """The campaign that this one is compared with."""
    phases: tuple[PhaseResult, ...] = ()
    suites: tuple[SuiteResult, ...] = ()
    gates: tuple[GateResult, ...] = ()
    tests: tuple[TestResult, ...] = ()
    kpis: tuple[KpiResult, ...] = ()
    problems: tuple[str, ...] = ()
