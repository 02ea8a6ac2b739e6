import pytest

from tests.bench.plugin_cost import TrivialRun, Variant, plugin_cost
from tests.bench.runs import spread


def run(variant: Variant, window_s: float | None, turn: int = 1) -> TrivialRun:
    """100 tests that do nothing."""
    return TrivialRun(variant=variant, turn=turn, tests=100, window_s=window_s)


def test_recording_costs_the_difference_within_a_turn() -> None:
    """Runs of one turn are compared, for they met the same noise."""
    cost = plugin_cost(
        [
            run(Variant.ALONE, 0.1),
            run(Variant.ALONE_RECORDED, 0.2),
            run(Variant.ALONE, 0.4, turn=2),
            run(Variant.ALONE_RECORDED, 0.45, turn=2),
            run(Variant.SPREAD, 0.5),
            run(Variant.CAMPAIGN, 0.4),
        ]
    )

    assert cost.alone_ms is not None
    assert (cost.alone_ms.minimum, cost.alone_ms.maximum) == pytest.approx((0.5, 1.0))
    assert cost.spread_ms is not None
    assert cost.spread_ms.median == pytest.approx(-1.0)
    assert cost.ms_per_test == pytest.approx(0.75)


def test_a_turn_without_its_counterpart_says_nothing() -> None:
    """A run that did not pass has no window."""
    cost = plugin_cost([run(Variant.ALONE, 0.1), run(Variant.ALONE_RECORDED, None), run(Variant.CAMPAIGN, 0.1)])

    assert (cost.alone_ms, cost.spread_ms, cost.ms_per_test) == (spread([]), None, None)
