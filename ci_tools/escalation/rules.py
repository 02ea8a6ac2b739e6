"""What makes a failure urgent, as a table: each row a threshold, some with how long it has to last."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Severity(StrEnum):
    """How urgent a failure is; the lesser text is the more urgent."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"


class Figure(StrEnum):
    """What of a campaign a rule looks at."""

    RATE = "rate"
    """Of each gate: the share that certainly is not good; what was blocked or not run counts as if it had passed."""
    MEDIAN = "median"
    """Of each repeated probe: the median latency, unscaled."""
    OVERALL = "overall"
    """The share of all planned tests that passed or could still pass."""
    CATEGORY = "category"
    """The same of each suite that has a failing test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A failure that fits every field has *severity*."""

    id: str
    severity: Severity
    says: str
    figure: Figure = Figure.RATE
    below: float | None = None
    """A share in 0…1."""
    above_s: float | None = None
    """Unscaled seconds."""
    dependency: str | None = None
    suite: str | None = None
    is_probed: bool = False
    """Only gates that repeat a probe, and not where it is merely slowness that made it fail."""
    lasting: timedelta | None = None
    """Only when it has been so for longer than this: wall-clock time, never scaled."""
    in_a_row: int = 1
    """Only when so many consecutive campaigns saw it."""


_CONSISTENTLY = 3

RULES = (
    Rule(
        id="agents_silent_2h",
        severity=Severity.P0,
        dependency="agents",
        below=1e-6,
        lasting=timedelta(hours=2),
        says="no agent run works",
    ),
    Rule(
        id="database_over_10s",
        severity=Severity.P0,
        figure=Figure.MEDIAN,
        dependency="postgresql",
        above_s=10.0,
        in_a_row=_CONSISTENTLY,
        says="the database takes more than 10 s",
    ),
    Rule(
        id="redis_unreachable_4h",
        severity=Severity.P0,
        dependency="redis",
        is_probed=True,
        below=0.5,
        lasting=timedelta(hours=4),
        says="Redis is unreachable",
    ),
    Rule(
        id="websocket_under_half",
        severity=Severity.P0,
        dependency="websocket",
        below=0.5,
        says="fewer than half of what goes over the WebSocket works",
    ),
    Rule(
        id="critical_tests",
        severity=Severity.P1,
        suite="priority1_critical",
        below=0.8,
        says="less than 80 % of the critical tests pass",
    ),
    Rule(
        id="agents_over_60s",
        severity=Severity.P1,
        figure=Figure.MEDIAN,
        dependency="agents",
        above_s=60.0,
        says="an agent run takes more than 60 s",
    ),
    Rule(
        id="database_over_5s",
        severity=Severity.P1,
        figure=Figure.MEDIAN,
        dependency="postgresql",
        above_s=5.0,
        in_a_row=_CONSISTENTLY,
        says="the database takes more than 5 s",
    ),
    Rule(
        id="websocket_under_70",
        severity=Severity.P1,
        dependency="websocket",
        below=0.7,
        says="less than 70 % of what goes over the WebSocket works",
    ),
    Rule(id="agents_silent", severity=Severity.P1, dependency="agents", below=1e-6, says="no agent run works"),
    Rule(
        id="down",
        severity=Severity.P1,
        is_probed=True,
        below=0.5,
        says="the dependency is down: its probe fails more often than not",
    ),
    Rule(
        id="overall", severity=Severity.P2, figure=Figure.OVERALL, below=0.85, says="less than 85 % of all tests pass"
    ),
    Rule(
        id="category",
        severity=Severity.P2,
        figure=Figure.CATEGORY,
        below=0.75,
        says="less than 75 % of a suite's tests pass",
    ),
)
"""The rules of the worklog, and two of our own: what is down, and agents none of which answers, are P1 at once.

What misses a performance baseline fails its gate, which is P2 like every failing gate. For the average of agent runs
the median stands: that is what a campaign keeps.
"""
