import pytest

from tests.bench.bound import PhaseCost, Term, TestCost, bound, phase_costs


def cost(node_id: str, duration_s: float, cpu_s: float = 0.0, phase: int = 1) -> TestCost:
    """What one test took."""
    return TestCost(node_id=node_id, phase=phase, duration_s=duration_s, cpu_s=cpu_s)


def phase(*, durations_s: float = 0.0, longest_s: float = 0.0, cpu_s: float = 0.0, number: int = 1) -> PhaseCost:
    """What the tests of one phase take."""
    return PhaseCost(phase=number, tests=1, durations_s=durations_s, longest_s=longest_s, cpu_s=cpu_s)


@pytest.mark.parametrize(
    ("costs", "seconds", "term"),
    [
        (phase(durations_s=12.0, longest_s=1.0, cpu_s=4.0), 3.0, Term.SPREAD),
        (phase(durations_s=12.0, longest_s=5.0, cpu_s=4.0), 5.0, Term.LONGEST),
        (phase(durations_s=12.0, longest_s=1.0, cpu_s=9.0), 4.5, Term.CPU),
    ],
)
def test_the_greatest_term_binds(costs: PhaseCost, seconds: float, term: Term) -> None:
    """A phase is bounded by its durations over the workers, its longest test or its CPU seconds over the cores."""
    (found,) = bound([costs], workers=4, cores=2).phases

    assert (found.bound_s, found.binds) == (seconds, term)


def test_phases_add_up() -> None:
    """Phases do not overlap: their bounds are added, each with the term that binds it."""
    found = bound([phase(durations_s=8.0), phase(longest_s=3.0, number=2)], workers=4, cores=2)

    assert found.bound_s == 5.0


def test_the_least_of_all_runs_counts() -> None:
    """A test's duration is its least, a phase's CPU time that of its least busy run: noise only adds."""
    first = [cost("a", 1.0, cpu_s=0.5), cost("b", 4.0, cpu_s=0.5)]
    second = [cost("a", 2.0, cpu_s=0.1), cost("b", 3.0, cpu_s=0.8)]

    assert phase_costs([first, second]) == [PhaseCost(phase=1, tests=2, durations_s=4.0, longest_s=3.0, cpu_s=0.9)]


def test_costs_are_told_by_phase() -> None:
    """Each phase has its own tests."""
    run = [cost("a", 1.0, phase=2), cost("b", 2.0, phase=1)]

    assert [(one.phase, one.longest_s) for one in phase_costs([run])] == [(1, 2.0), (2, 1.0)]


@pytest.mark.parametrize("runs", [[], [[cost("a", 1.0)], [cost("b", 1.0)]], [[cost("a", 1.0)], []]])
def test_runs_of_different_tests_bound_nothing(runs: list[list[TestCost]]) -> None:
    """A reference that lost a test would make the bound too low without a word."""
    with pytest.raises(ValueError, match="all of the same tests"):
        phase_costs(runs)
