from dataclasses import replace

import pytest

from ci_tools.model import CoverageGate, GateState
from ci_tools.triage.operations import Severity
from ci_tools.triage.severity import RULES, severity_of
from ci_tools.verdict.judgement import GateResult, SuiteResult
from ci_tools.verdict.statistics import Latency
from tests.unit.triage.scenarios import QUICK, REACHABLE, SOCKET, gate, suite

FAILS = GateState.FAILS
EVENTS = CoverageGate(name="events", dependency="websocket", suites=("events",), floor=0.85)
CRITICAL = CoverageGate(name="critical", dependency="backend", suites=("priority1_critical",), floor=0.95)
AGENTS = CoverageGate(name="agents", dependency="agents", suites=("agents",), floor=0.8)
SLOW = Latency(n=3, median_s=0.4, max_s=0.5, p95_s=None, censored=0)


def judged(*gates: GateResult, suites: tuple[SuiteResult, ...] = ()) -> Severity:
    """The severity of *gates* on an environment where a second is a tenth."""
    return severity_of(gates, {(one.phase, one.name): one for one in suites}, 0.1)[0]


@pytest.mark.parametrize(
    ("good", "expected"),
    [(0, Severity.P0), (9, Severity.P0), (10, Severity.P1), (13, Severity.P1), (14, Severity.P2), (16, Severity.P2)],
)
def test_a_websocket_is_as_urgent_as_it_is_broken(good: int, expected: Severity) -> None:
    """Below half P0, below 70 % P1."""
    assert judged(gate(SOCKET, FAILS, good=good, n=20)) is expected


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"passed": 2, "failed": 3}, Severity.P0),
        ({"passed": 2, "failed": 2, "blocked": 1}, Severity.P1),
        ({"failed": 1, "not_run": 4}, Severity.P2),
    ],
)
def test_what_was_not_executed_is_not_held_against_it(counts: dict[str, int], expected: Severity) -> None:
    """Only a rate that is certain raises the severity."""
    assert judged(gate(EVENTS, FAILS), suites=(suite("events", **counts),)) is expected


@pytest.mark.parametrize(("passed", "expected"), [(19, Severity.P1), (20, Severity.P2)])
def test_the_critical_suite_is_urgent_below_four_fifths(passed: int, expected: Severity) -> None:
    """Fewer than 20 of 25 critical tests is P1."""
    tests = suite("priority1_critical", passed=passed, failed=25 - passed)

    assert judged(gate(CRITICAL, FAILS), suites=(tests,)) is expected


@pytest.mark.parametrize(("passed", "expected"), [(0, Severity.P1), (1, Severity.P2)])
def test_agents_are_urgent_when_none_of_them_works(passed: int, expected: Severity) -> None:
    """One campaign cannot show two hours, so it is P1 and not P0."""
    tests = suite("agents", passed=passed, failed=6 - passed)

    assert judged(gate(AGENTS, FAILS), suites=(tests,)) is expected


@pytest.mark.parametrize(("good", "expected"), [(1, Severity.P1), (2, Severity.P2)])
def test_a_dependency_is_down_when_its_probe_mostly_fails(good: int, expected: Severity) -> None:
    """Fewer than half good attempts is down, P1."""
    assert judged(gate(REACHABLE, FAILS, good=good)) is expected


def test_slow_is_not_down() -> None:
    """Where every attempt was answered too late, the dependency is slow, P2."""
    slow = replace(gate(QUICK, FAILS, n=3), latency=SLOW)

    assert judged(slow) is Severity.P2


@pytest.mark.parametrize(
    "latency",
    [None, replace(SLOW, censored=1), replace(SLOW, median_s=0.01)],
    ids=["never measured", "timed out", "answered at once"],
)
def test_down_is_not_slow(latency: Latency | None) -> None:
    """A dependency that does not answer, or refuses at once, is down even where its gate is about speed."""
    assert judged(replace(gate(QUICK, FAILS, n=3), latency=latency)) is Severity.P1


def test_the_most_urgent_gate_counts() -> None:
    """Of several failing gates the worst decides, and its reason is given."""
    mild, bad = gate(SOCKET, FAILS, good=16, n=20), gate(SOCKET, FAILS, good=1, n=20)

    assert severity_of([mild, bad], {}, 1.0) == (Severity.P0, RULES[0].reason)


@pytest.mark.parametrize("of", [SOCKET, EVENTS], ids=["no attempt", "no suite"])
def test_without_a_number_nothing_is_urgent(of: CoverageGate) -> None:
    """Where nothing was counted, no rate is claimed."""
    assert judged(gate(of, FAILS, n=0)) is Severity.P2


def test_every_failing_gate_fits_a_rule() -> None:
    """The last row of the table asks for nothing."""
    last = RULES[-1]

    assert (last.dependency, last.suite, last.is_probed, last.below) == (None, None, False, float("inf"))
    assert last.severity is Severity.P2
