"""Numbers and states in the words that every report uses."""

from collections import Counter
from collections.abc import Sequence

from ci_tools.diagnosis.incidents import Incident
from ci_tools.model import Change, GateState, Outcome
from ci_tools.verdict.judgement import GateResult, Judgement, KpiResult, SuiteResult

_MAX_NAMED = 3
_LONGEST_S = 8_640_000.0
"""A hundred days: a longer duration is a mistake, and is told in few characters."""


def duration(seconds: float) -> str:
    """``850 ms``, ``12.3 s`` or ``4 min 05 s``; what no campaign takes, infinity included, as ``1e+09 s``."""
    if not seconds < _LONGEST_S:
        return f"{seconds:.3g} s"
    if seconds < 0.9995:  # noqa: PLR2004 - rounds to less than a second
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:  # noqa: PLR2004 - rounds to less than a minute
        return f"{seconds:.1f} s"
    return f"{round(seconds) // 60} min {round(seconds) % 60:02d} s"


def percent(rate: float | None) -> str:
    """A rate in 0…1 as a percentage, never rounded up to 100 %."""
    if rate is None:
        return "—"
    shown = int(rate * 1000) / 10
    return f"{shown:.0f} %" if shown == int(shown) else f"{shown:.1f} %"


def observed(gate: GateResult) -> str:
    """What was seen: rate and sample size."""
    return f"{percent(gate.observed)} ({gate.good}/{gate.n})" if gate.n else "nothing"


def wanted(gate: GateResult, time_scale: float) -> str:
    """What the gate asks for, in real seconds, and the rate at which it is sure to fail where that is another."""
    if gate.gate.kind == "coverage":
        return f"≥ {percent(gate.gate.floor)}"
    within = f" in {duration(gate.gate.under_s * time_scale)}" if gate.gate.under_s is not None else ""
    return f"{percent(gate.gate.target)}{within} (fails at {percent(gate.gate.floor)})"


def speed(gate: GateResult) -> str:
    """The latency of a repeated probe, described."""
    if gate.latency is None:
        return ""
    parts = [f"median {duration(gate.latency.median_s)}", f"max {duration(gate.latency.max_s)}"]
    if gate.latency.p95_s is not None:
        parts.insert(1, f"p95 {duration(gate.latency.p95_s)}")
    if gate.latency.censored:
        parts.append(f"{gate.latency.censored} timed out")
    return ", ".join(parts)


def evidence(gate: GateResult, time_scale: float) -> str:
    """What is missing, why it fails, or how fast it answered and how fast it was wished to."""
    return gate.missing or gate.detail or "; ".join(part for part in (speed(gate), _wish(gate, time_scale)) if part)


def _wish(gate: GateResult, time_scale: float) -> str:
    if gate.gate.kind == "coverage" or gate.gate.target_s is None or gate.latency is None:
        return ""
    target_s = gate.gate.target_s * time_scale
    return f"target {duration(target_s)} {'met' if gate.latency.median_s < target_s else 'missed'} by the median"


def figure_wanted(result: KpiResult, time_scale: float) -> str:
    """What is wished of a figure, in real seconds where it is a latency."""
    kpi = result.kpi
    return f"≥ {percent(kpi.target)}" if kpi.under_s is None else f"< {duration(kpi.under_s * time_scale)}"


def figure_observed(result: KpiResult) -> str:
    """A figure as it was measured, and from how much."""
    if result.value is None:
        return "nothing"
    shown = percent(result.value) if result.kpi.under_s is None else f"median {duration(result.value)}"
    return f"{shown} of {result.n}"


def counted(count: int, what: str) -> str:
    """``1 test``, ``2 tests``."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def suites_in_short(suites: Sequence[SuiteResult]) -> str:
    """How many tests of how many suites passed."""
    passed = sum(suite.passed for suite in suites)
    planned = sum(suite.planned for suite in suites)
    return f"{counted(len(suites), 'suite')}: {passed} of {counted(planned, 'test')} passed"


def subject(judgement: Judgement, incidents: Sequence[Incident]) -> str:
    """What the verdict is about, for a title: the parts of the system that fail, else those that cannot be told."""
    of = {
        state: [gate.gate.dependency for gate in judgement.gates if gate.state is state]
        for state in (GateState.FAILS, GateState.CANNOT_TELL)
    }
    about = [one.dependency for one in incidents] or of[GateState.FAILS] or of[GateState.CANNOT_TELL]
    named = list(dict.fromkeys(about))
    more = f" and {len(named) - _MAX_NAMED} more" if len(named) > _MAX_NAMED else ""
    return ", ".join(named[:_MAX_NAMED]) + more


def since(judgement: Judgement) -> str:
    """How the tests compare with the campaign before, in one line; empty where there is none to compare with."""
    previous = judgement.previous
    if previous is None:
        return ""
    counts = Counter(test.change for test in judgement.tests)
    parts = [f"{counts[kind]} {kind.value}" for kind in Change if counts[kind]]
    deployed = f" ({previous.revision})" if previous.revision else ""
    deployed += f", which is not whole ({previous.damage})" if previous.damage else ""
    return f"since campaign {previous.campaign}{deployed}: {', '.join(parts) or 'nothing failed then or now'}"


def tally(suite: SuiteResult) -> str:
    """The outcomes of a suite that are not passes, in words; empty if all passed."""
    return ", ".join(
        f"{suite.counts[outcome]} {outcome.value.replace('_', ' ')}"
        for outcome in Outcome
        if outcome is not Outcome.PASSED and suite.counts[outcome]
    )
