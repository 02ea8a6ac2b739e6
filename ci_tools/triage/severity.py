"""How urgent a failure is, from what a single campaign can show: a table, its rows with their reasons.

What needs a duration (down for hours) cannot be shown by one campaign and is not claimed here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ci_tools.model import ReliabilityGate
from ci_tools.triage.operations import Severity
from ci_tools.verdict.judgement import GateResult, SuiteResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A failing gate that fits every field has *severity*."""

    severity: Severity
    reason: str
    below: float = 1.0
    """The rate is certainly less: what was blocked or not run is counted as if it had passed."""
    dependency: str | None = None
    suite: str | None = None
    is_probed: bool = False
    """The gate repeats a probe, and it is not merely slowness that made it fail."""


RULES = (
    Rule(
        severity=Severity.P0,
        dependency="websocket",
        below=0.5,
        reason="fewer than half of what goes over the WebSocket works",
    ),
    Rule(
        severity=Severity.P1,
        dependency="websocket",
        below=0.7,
        reason="less than 70 % of what goes over the WebSocket works",
    ),
    Rule(
        severity=Severity.P1,
        suite="priority1_critical",
        below=0.8,
        reason="less than 80 % of the critical tests pass",
    ),
    Rule(
        severity=Severity.P1,
        dependency="agents",
        below=0.000_001,
        reason="no agent test passes; after two hours of it, P0",
    ),
    Rule(
        severity=Severity.P1,
        is_probed=True,
        below=0.5,
        reason="the dependency is down: its probe fails more often than not",
    ),
    Rule(severity=Severity.P2, below=float("inf"), reason="a gate fails, and no rule makes it more urgent"),
)
"""The first row that fits a gate counts; of several gates, the most urgent one."""


def severity_of(
    gates: Iterable[GateResult], suites: Mapping[tuple[int, str], SuiteResult], time_scale: float
) -> tuple[Severity, str]:
    """The severity of failing *gates* and the reason for it; *suites* by phase and name."""
    rows = [next(rule for rule in RULES if _fits(rule, gate, suites, time_scale)) for gate in gates]
    worst = min(rows, key=lambda rule: rule.severity)
    return worst.severity, worst.reason


def _fits(rule: Rule, result: GateResult, suites: Mapping[tuple[int, str], SuiteResult], time_scale: float) -> bool:
    gate = result.gate
    names = () if isinstance(gate, ReliabilityGate) else gate.suites
    return (
        rule.dependency in (None, gate.dependency)
        and (rule.suite is None or rule.suite in names)
        and (not rule.is_probed or (isinstance(gate, ReliabilityGate) and not _is_slow(gate, result, time_scale)))
        and _best_rate(result, suites) < rule.below
    )


def _best_rate(result: GateResult, suites: Mapping[tuple[int, str], SuiteResult]) -> float:
    if isinstance(result.gate, ReliabilityGate):
        return result.good / result.n if result.n else 1.0
    mine = [suites[key] for name in result.gate.suites if (key := (result.phase, name)) in suites]
    planned = sum(suite.planned for suite in mine)
    return sum(suite.passed + suite.undecided for suite in mine) / planned if planned else 1.0


def _is_slow(gate: ReliabilityGate, result: GateResult, time_scale: float) -> bool:
    """Every attempt was answered, and half of them too late."""
    if gate.under_s is None or result.latency is None or result.latency.censored:
        return False
    return result.latency.median_s >= gate.under_s * time_scale
