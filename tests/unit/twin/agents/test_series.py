import pytest

from ci_tools.twin.agents.series import summarise


def test_a_series_is_described_by_centre_spread_and_trend() -> None:
    """The figures of a straight line are exact."""
    summary = summarise([1.0, 2.0, 3.0, 4.0, 5.0])

    assert (summary.count, summary.total, summary.mean, summary.median) == (5, 15.0, 3.0, 3.0)
    assert (summary.minimum, summary.maximum, summary.p95) == (1.0, 5.0, 4.8)
    assert (summary.stdev, summary.slope, summary.trend) == (1.581139, 1.0, "rising")


def test_a_value_beyond_the_fences_is_an_outlier() -> None:
    """Tukey's fences single out the value that does not belong."""
    assert summarise([10.0, 11.0, 9.0, 10.0, 12.0, 90.0]).outliers == (90.0,)


@pytest.mark.parametrize(
    ("values", "trend"),
    [([5.0], "flat"), ([100.0, 100.5, 100.0], "flat"), ([3.0, 2.0, 1.0], "falling"), ([0.0, 0.0], "flat")],
)
def test_a_trend_is_named_only_when_it_is_one(values: list[float], trend: str) -> None:
    """A change of less than a hundredth of the mean per step is no trend."""
    assert summarise(values).trend == trend
