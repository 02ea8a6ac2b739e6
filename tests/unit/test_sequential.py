import pytest

from ci_tools.model import GateState
from ci_tools.sequential import ALPHA, BETA, passes_needed
from ci_tools.verdict.statistics import Sequential, sprt


@pytest.mark.parametrize(
    ("floor", "target", "needed"), [(0.5, 0.9, 6), (0.8, 0.95, 18), (0.9, 1.0, 28), (0.85, 0.95, 27)]
)
def test_the_least_cap_is_what_the_test_really_needs(floor: float, target: float, needed: int) -> None:
    """Straight good attempts decide at the least cap, and not one attempt before."""
    decision = sprt([True] * 100, floor=floor, target=target)

    assert passes_needed(floor, target) == needed
    assert decision == Sequential(GateState.HOLDS, needed, needed)


def test_both_errors_are_as_rare_as_the_gates_promise() -> None:
    """A healthy service is refused, and a broken one accepted, once in twenty campaigns at most."""
    assert (ALPHA, BETA) == (0.05, 0.05)
