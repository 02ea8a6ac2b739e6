from dataclasses import replace
from typing import Any

import pytest

from ci_tools.model import DependencyState, Kpi, KpiState, Outcome

DOWN = DependencyState.DOWN


def kpi(**fields: Any) -> Kpi:
    """A figure of that kind."""
    return Kpi(name="figure", about="what is followed", **fields)


RELIABLE = kpi(target=0.9, gate="redis answers")
QUICK = kpi(under_s=1.0, gate="redis answers")
TESTED = kpi(target=0.75, suites=("chat",))


def measured(story: Any, figure: Kpi) -> tuple[KpiState, float | None, int]:
    """What the judgement says of its only figure."""
    (result,) = story.planned(kpis=(figure,)).judged().kpis
    return result.state, result.value, result.n


@pytest.mark.parametrize(("target", "state"), [(0.8, KpiState.MET), (0.95, KpiState.MISSED)])
def test_a_share_of_attempts_is_compared_with_its_target(story: Any, target: float, state: KpiState) -> None:
    """A decided gate shows a rate, which is what is wished for or is not."""
    story.suite().ran("a").reliability(floor=0.5, target=0.9).sampled(4).sampled(1, DOWN).sampled(9)

    reached, value, n = measured(story, replace(RELIABLE, target=target))

    assert (reached, value) == (state, (n - 1) / n)


@pytest.mark.parametrize("target", [0.9, 1.0])
def test_straight_good_attempts_meet_any_target(story: Any, target: float) -> None:
    """Without a bad attempt the rate is all there can be."""
    story.suite().ran("a").reliability().sampled(18)

    assert measured(story, replace(RELIABLE, target=target)) == (KpiState.MET, 1.0, 18)


def test_a_failing_gate_misses_a_higher_target(story: Any) -> None:
    """A dependency that is down has a rate, and it is too low."""
    story.suite().ran("a").reliability().sampled(5, DOWN)

    assert measured(story, RELIABLE) == (KpiState.MISSED, 0.0, 3)


@pytest.mark.parametrize("figure", [RELIABLE, QUICK])
@pytest.mark.parametrize("count", [0, 1])
def test_too_few_attempts_say_nothing_of_a_figure(story: Any, figure: Kpi, count: int) -> None:
    """What the gate cannot tell, no figure tells."""
    story.suite().ran("a").reliability().sampled(count, latency_s=0.1)

    assert measured(story, figure)[::2] == (KpiState.UNKNOWN, count)


@pytest.mark.parametrize(("latency_s", "state"), [(0.099, KpiState.MET), (0.1, KpiState.MISSED)])
def test_the_median_is_compared_in_real_seconds(story: Any, latency_s: float, state: KpiState) -> None:
    """The wish is scaled as every duration of the environment."""
    story.suite().ran("a").reliability().sampled(18, latency_s=latency_s).planned(time_scale=0.1)

    assert measured(story, QUICK) == (state, latency_s, 18)


@pytest.mark.parametrize(("latency_s", "state"), [(0.001, KpiState.UNKNOWN), (2.0, KpiState.MISSED)])
def test_quick_refusals_are_no_quick_answers(story: Any, latency_s: float, state: KpiState) -> None:
    """A dependency that is down can be slow, but never quick enough."""
    story.suite().ran("a").reliability().sampled(5, DOWN, latency_s=latency_s)

    assert measured(story, QUICK) == (state, latency_s, 3)


def test_attempts_without_latency_leave_the_pace_unknown(story: Any) -> None:
    """A gate without a clock has no median."""
    story.suite().ran("a").reliability().sampled(18)

    assert measured(story, QUICK) == (KpiState.UNKNOWN, None, 18)


@pytest.mark.parametrize(
    ("failed", "state", "value"), [("d", KpiState.MET, 0.75), ("cd", KpiState.MISSED, 0.5), ("", KpiState.MET, 1.0)]
)
def test_a_share_of_tests_is_compared_with_its_target(story: Any, failed: str, state: KpiState, value: float) -> None:
    """Tests are counted over what was planned."""
    story.suite().coverage(0.5, "chat").ran(*(set("abcd") - set(failed))).ran(*failed, outcome=Outcome.FAILED)

    assert measured(story, TESTED) == (state, value, 4)


def test_tests_that_did_not_run_leave_a_figure_open(story: Any) -> None:
    """Three of five may still become four."""
    story.suite(expected=5).ran("a", "b", "c")

    assert measured(story, TESTED) == (KpiState.UNKNOWN, 0.6, 5)


def test_no_tests_are_no_share(story: Any) -> None:
    """A suite of which nothing was seen has no value."""
    assert measured(story.suite(), TESTED) == (KpiState.UNKNOWN, None, 0)


def test_all_suites_of_the_plan_count_where_all_are_meant(story: Any) -> None:
    """The star stands for every suite that the plan runs."""
    story.suite().suite("search").ran("a").ran("b", suite="search", outcome=Outcome.FAILED)

    assert measured(story, kpi(target=0.5, suites=("*",))) == (KpiState.MET, 0.5, 2)


def test_a_figure_over_a_suite_that_the_plan_lacks_is_open(story: Any) -> None:
    """Half of what is followed does not show the whole."""
    story.suite().ran("a")

    assert measured(story, replace(TESTED, suites=("chat", "search"))) == (KpiState.UNKNOWN, 1.0, 1)


@pytest.mark.parametrize(
    "figure",
    [
        kpi(under_s=2.0),
        kpi(target=0.9),
        kpi(target=0.9, gate="postgresql answers"),
        kpi(target=0.9, gate="chat at 50%"),
        kpi(target=0.9, suites=("search",)),
    ],
)
def test_what_this_plan_does_not_measure_is_left_out(story: Any, figure: Kpi) -> None:
    """A figure of another plan's gates and suites is not shown at all."""
    story.suite().coverage(0.5, "chat").ran("a").reliability().sampled(18).planned(kpis=(figure,))

    assert story.judged().kpis == ()


def test_a_missed_figure_changes_no_verdict(story: Any) -> None:
    """Figures are shown; gates decide."""
    story.suite().coverage(0.5, "chat").ran("a").ran("b", outcome=Outcome.FAILED)

    judgement = story.planned(kpis=(TESTED,)).judged()

    assert ([result.state for result in judgement.kpis], judgement.reasons) == ([KpiState.MISSED], ())
