import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_tools.model import GateState
from ci_tools.verdict.statistics import Latency, Sequential, latency, sprt, wilson

ATTEMPTS = st.lists(st.booleans(), max_size=60)


def test_eighteen_straight_passes_accept_95_against_80_percent() -> None:
    """Between 80 % and 95 %, the eighteenth straight good attempt accepts."""
    decision = sprt([True] * 18, floor=0.8, target=0.95)

    assert decision == Sequential(GateState.HOLDS, 18, 18)


def test_seventeen_straight_passes_do_not_suffice() -> None:
    """One good attempt fewer leaves it open."""
    decision = sprt([True] * 17, floor=0.8, target=0.95)

    assert decision == Sequential(GateState.CANNOT_TELL, 17, 17)


def test_three_straight_failures_reject() -> None:
    """Between 80 % and 95 %, the third straight bad attempt rejects."""
    decision = sprt([False] * 3, floor=0.8, target=0.95)

    assert decision == Sequential(GateState.FAILS, 3, 0)


def test_two_straight_failures_do_not_reject() -> None:
    """Two bad attempts leave it open."""
    decision = sprt([False] * 2, floor=0.8, target=0.95)

    assert decision.state is GateState.CANNOT_TELL


def test_attempts_after_the_decision_are_ignored() -> None:
    """What follows a decision cannot change it."""
    decision = sprt([True] * 18 + [False] * 40, floor=0.8, target=0.95)

    assert decision == Sequential(GateState.HOLDS, 18, 18)


def test_a_rate_between_floor_and_target_stays_open() -> None:
    """Seven good to one bad attempt shows neither 80 % nor 95 % within sixty attempts."""
    decision = sprt(([True] * 7 + [False]) * 7 + [True] * 4, floor=0.8, target=0.95)

    assert decision == Sequential(GateState.CANNOT_TELL, 60, 53)


def test_no_attempt_tells_nothing() -> None:
    """Without attempts nothing is decided."""
    assert sprt([], floor=0.8, target=0.95) == Sequential(GateState.CANNOT_TELL, 0, 0)


def test_a_target_of_one_is_refuted_by_the_first_bad_attempt() -> None:
    """One bad attempt among good ones suffices against 100 %."""
    decision = sprt([True, True, False], floor=0.9, target=1.0)

    assert decision == Sequential(GateState.FAILS, 3, 2)


def test_a_target_of_one_is_accepted_after_28_straight_passes() -> None:
    """Against a floor of 90 %, 28 straight good attempts accept 100 %."""
    decision = sprt([True] * 60, floor=0.9, target=1.0)

    assert decision == Sequential(GateState.HOLDS, 28, 28)


@given(attempts=ATTEMPTS)
@settings(derandomize=True, deadline=None)
def test_a_decision_never_uses_more_than_it_was_given(attempts: Sequence[bool]) -> None:
    """The counts are those of a beginning of the attempts."""
    decision = sprt(attempts, floor=0.8, target=0.95)

    assert decision.good == sum(attempts[: decision.n])


@given(attempts=ATTEMPTS)
@settings(derandomize=True, deadline=None)
def test_more_attempts_never_change_a_decision(attempts: Sequence[bool]) -> None:
    """A decision reached on a beginning is the decision on the whole."""
    decision = sprt(attempts, floor=0.8, target=0.95)

    assert sprt(attempts[: decision.n], floor=0.8, target=0.95) == decision


@pytest.mark.parametrize(
    ("good", "n", "low", "high"),
    [(60, 60, 0.9398, 1.0), (8, 10, 0.4902, 0.9433), (0, 10, 0.0, 0.2775), (1, 1, 0.2065, 1.0)],
)
def test_wilson_gives_the_published_intervals(good: int, n: int, low: float, high: float) -> None:
    """The interval agrees with the published values for its cases."""
    assert wilson(good, n) == pytest.approx((low, high), abs=5e-5)


def test_wilson_describes_nothing_without_attempts() -> None:
    """No attempt, no interval."""
    assert wilson(0, 0) is None


@given(n=st.integers(1, 500), data=st.data())
@settings(derandomize=True, deadline=None)
def test_wilson_holds_the_rate_and_stays_a_probability(n: int, data: st.DataObject) -> None:
    """The observed rate lies within the interval, and the interval within 0 and 1."""
    good = data.draw(st.integers(0, n))

    low, high = wilson(good, n) or (math.nan, math.nan)

    assert 0 <= low <= good / n + 1e-12
    assert good / n - 1e-12 <= high <= 1


def test_latency_without_samples_is_nothing() -> None:
    """No sample, no description."""
    assert latency([]) is None


def test_p95_is_not_stated_below_59_samples() -> None:
    """With 58 samples the 95th percentile has no upper bound, so it is withheld."""
    described = latency([float(number) for number in range(58)])

    assert described == Latency(n=58, median_s=28.5, max_s=57.0, p95_s=None, censored=0)


def test_p95_is_stated_from_59_samples_on() -> None:
    """With 59 samples the 95th percentile is the 57th smallest."""
    described = latency([float(number) for number in range(1, 60)])

    assert described == Latency(n=59, median_s=30.0, max_s=59.0, p95_s=57.0, censored=0)


def test_the_order_of_samples_does_not_matter() -> None:
    """A description is that of the samples, not of their order."""
    assert latency([3.0, 1.0, 2.0]) == latency([1.0, 2.0, 3.0])


def test_time_outs_stay_among_the_samples() -> None:
    """A censored sample counts with the least it took, and is counted as censored."""
    described = latency([0.1, 0.2, 30.0], censored=1)

    assert described == Latency(n=3, median_s=0.2, max_s=30.0, p95_s=None, censored=1)
