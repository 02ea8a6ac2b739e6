"""The least time that any way of running the tests could need: what each phase costs, and what that bounds."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class TestCost:
    """What one test took while nothing ran beside it."""

    __test__ = False

    node_id: str
    phase: int
    duration_s: float
    cpu_s: float
    """Of all processes that had a part in it, those of the twin too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseCost:
    """What the tests of one phase take, each for itself."""

    phase: int
    tests: int
    durations_s: float
    longest_s: float
    cpu_s: float


class Term(StrEnum):
    """What a phase cannot be faster than."""

    SPREAD = "durations / workers"
    LONGEST = "longest test"
    CPU = "CPU seconds / cores"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseBound:
    """The three terms of one phase, in seconds."""

    phase: int
    spread_s: float
    longest_s: float
    cpu_s: float

    @property
    def bound_s(self) -> float:
        """The greatest of the terms."""
        return max(self._terms.values())

    @property
    def binds(self) -> Term:
        """Which term that is; of equals the first."""
        return max(self._terms, key=self._terms.__getitem__)

    @property
    def _terms(self) -> dict[Term, float]:
        return {Term.SPREAD: self.spread_s, Term.LONGEST: self.longest_s, Term.CPU: self.cpu_s}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What no run with *workers* can be faster than; phases come one after the other."""

    workers: int
    phases: tuple[PhaseBound, ...]

    @property
    def bound_s(self) -> float:
        """The phases' bounds, added up."""
        return sum(phase.bound_s for phase in self.phases)


def phase_costs(runs: Sequence[Sequence[TestCost]]) -> list[PhaseCost]:
    """The least that was seen in *runs* of the same tests: what disturbs a run only ever adds.

    A test's duration is the least of all runs, a phase's CPU seconds are those of its least busy run.

    Raises:
        ValueError: there is no run, or the runs are not of the same tests.
    """
    if not runs or any({cost.node_id for cost in run} != {cost.node_id for cost in runs[0]} for run in runs):
        raise ValueError("a bound needs at least one reference run, and all of the same tests")
    phases = sorted({cost.phase for cost in runs[0]})
    return [_phase_cost(phase, [[cost for cost in run if cost.phase == phase] for run in runs]) for phase in phases]


def _phase_cost(phase: int, runs: Sequence[Sequence[TestCost]]) -> PhaseCost:
    least: dict[str, float] = {}
    for cost in (cost for run in runs for cost in run):
        least[cost.node_id] = min(cost.duration_s, least.get(cost.node_id, cost.duration_s))
    return PhaseCost(
        phase=phase,
        tests=len(least),
        durations_s=sum(least.values()),
        longest_s=max(least.values()),
        cpu_s=min(sum(cost.cpu_s for cost in run) for run in runs),
    )


def bound(costs: Sequence[PhaseCost], *, workers: int, cores: int) -> Bound:
    """Σ over phases max(Σ durations / workers, longest test, CPU seconds / cores)."""
    return Bound(
        workers=workers,
        phases=tuple(
            PhaseBound(
                phase=cost.phase,
                spread_s=cost.durations_s / workers,
                longest_s=cost.longest_s,
                cpu_s=cost.cpu_s / cores,
            )
            for cost in costs
        ),
    )
