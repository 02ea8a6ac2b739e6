"""Figures that people follow, read off the gates and suites that measure them."""

from collections.abc import Sequence

from ci_tools.model import CoverageGate, GateState, Kpi, KpiState, Plan, ReliabilityGate
from ci_tools.verdict.gates import covered
from ci_tools.verdict.judgement import GateResult, KpiResult, SuiteResult

_OF_TESTS = {
    GateState.HOLDS: KpiState.MET,
    GateState.FAILS: KpiState.MISSED,
    GateState.CANNOT_TELL: KpiState.UNKNOWN,
}


def results_of_kpis(plan: Plan, suites: Sequence[SuiteResult], gates: Sequence[GateResult]) -> list[KpiResult]:
    """One result for every figure that a gate or a suite of *plan* measures, in the plan's order."""
    repeated = {gate.gate.name: gate for gate in gates if isinstance(gate.gate, ReliabilityGate)}
    results = []
    for kpi in plan.kpis:
        counted = [suite for suite in suites if "*" in kpi.suites or suite.name in kpi.suites]
        if kpi.gate in repeated:
            results.append(_of_attempts(kpi, repeated[kpi.gate], plan.time_scale))
        elif counted:
            results.append(_of_tests(kpi, counted))
    return results


def _of_tests(kpi: Kpi, suites: Sequence[SuiteResult]) -> KpiResult:
    """A share of tests is met as a coverage gate holds: with every named suite there, and every test decided."""
    named = tuple(dict.fromkeys(suite.name for suite in suites)) if "*" in kpi.suites else kpi.suites
    wish = CoverageGate(name=kpi.name, dependency="", suites=named, floor=kpi.target or 0.0)
    planned = sum(suite.planned for suite in suites)
    passed = sum(suite.passed for suite in suites)
    value = passed / planned if planned else None
    return KpiResult(kpi=kpi, state=_OF_TESTS[covered(wish, suites)], value=value, n=planned)


def _of_attempts(kpi: Kpi, gate: GateResult, time_scale: float) -> KpiResult:
    if kpi.under_s is None:
        value, reached = gate.observed, gate.observed is not None and gate.observed >= (kpi.target or 0.0)
    else:
        value = gate.latency.median_s if gate.latency else None
        reached = value is not None and value < kpi.under_s * time_scale
    state = KpiState.MET if reached else KpiState.MISSED
    # Too few attempts say nothing, and refusals are quick: they do not show that answers are.
    if (
        value is None
        or gate.state is GateState.CANNOT_TELL
        or (kpi.under_s and reached and gate.state is GateState.FAILS)
    ):
        state = KpiState.UNKNOWN
    return KpiResult(kpi=kpi, state=state, value=value, n=gate.n)
