from dataclasses import replace

import pytest

from ci_tools.report.wording import (
    duration,
    evidence,
    figure_observed,
    figure_wanted,
    observed,
    percent,
    since,
    speed,
    subject,
    tally,
    wanted,
)
from ci_tools.verdict.statistics import Latency
from tests.unit.report.judgements import FAIL, INCONCLUSIVE, KILLED, PASS

REACHABLE, COVERED = PASS.gates


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 ms"),
        (0.0004, "0 ms"),
        (0.85, "850 ms"),
        (0.9996, "1.0 s"),
        (1, "1.0 s"),
        (12.34, "12.3 s"),
        (59.96, "1 min 00 s"),
        (245, "4 min 05 s"),
        (245.6, "4 min 06 s"),
        (7_200_000, "120000 min 00 s"),
        (1e9, "1e+09 s"),
        (1e300, "1e+300 s"),
        (float("inf"), "inf s"),
        (float("nan"), "nan s"),
    ],
)
def test_a_duration_is_told_in_its_own_unit(seconds: float, words: str) -> None:
    """Nobody reads 0.02 s, 1000 ms or 245 s."""
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (None, "—"),
        (0.0, "0 %"),
        (0.5, "50 %"),
        (2 / 3, "66.6 %"),
        (0.9999, "99.9 %"),
        (170 / 171, "99.4 %"),
        (1.0, "100 %"),
    ],
)
def test_a_rate_is_told_as_a_percentage(rate: float | None, words: str) -> None:
    """At most one digit after the point, and a dash for no evidence."""
    assert percent(rate) == words


def test_nothing_but_all_is_a_hundred_percent() -> None:
    """One failure among any number of tests keeps the figure below 100 %."""
    almost = {percent((planned - 1) / planned) for planned in range(1, 20_000)}

    assert "100 %" not in almost


def test_percentages_of_tenths_are_exact() -> None:
    """Cutting digits off never shows less than a declared threshold."""
    shown = [float(percent(tenth / 1000).removesuffix(" %")) for tenth in range(1001)]

    assert shown == [tenth / 10 for tenth in range(1001)]


def test_what_was_observed_comes_with_its_sample_size() -> None:
    """A rate without its n says nothing."""
    assert observed(FAIL.gates[0]) == "50 % (1/2)"


def test_no_evidence_is_called_nothing() -> None:
    """A gate without attempts has no rate."""
    assert observed(replace(REACHABLE, n=0, good=0, observed=None)) == "nothing"


def test_a_reliability_gate_wants_its_target_in_real_seconds() -> None:
    """The threshold is scaled as it was applied."""
    assert wanted(REACHABLE, 0.1) == "100 % in 300 ms (fails at 50 %)"


def test_a_reliability_gate_without_limit_wants_no_speed() -> None:
    """No latency is claimed where none is judged."""
    assert wanted(replace(REACHABLE, gate=replace(REACHABLE.gate, under_s=None)), 0.1) == "100 % (fails at 50 %)"


def test_a_coverage_gate_wants_its_floor() -> None:
    """Tests are counted."""
    assert wanted(COVERED, 0.1) == "≥ 90 %"


def test_a_subject_is_each_part_of_the_system_that_fails() -> None:
    """Once; of many the first three, and how many more."""
    gates = [replace(FAIL.gates[0], gate=replace(REACHABLE.gate, dependency=name)) for name in "aabcde"]

    assert subject(replace(FAIL, gates=tuple(gates)), ()) == "a, b, c and 2 more"


def test_a_subject_is_what_cannot_be_told_where_nothing_fails() -> None:
    """A pass has none."""
    assert subject(INCONCLUSIVE, ()) == "shop"
    assert subject(PASS, ()) == ""


def test_latency_is_described() -> None:
    """Median, tail where there is one, worst, and what timed out."""
    described = replace(REACHABLE, latency=Latency(60, 0.02, 1.5, 0.9, 2))

    assert speed(described) == "median 20 ms, p95 900 ms, max 1.5 s, 2 timed out"


def test_few_attempts_have_no_tail() -> None:
    """Below 59 samples the 95th percentile has no upper bound."""
    assert speed(REACHABLE) == "median 20 ms, max 20 ms"


def test_no_latency_is_no_words() -> None:
    """What was never measured is not told."""
    assert speed(COVERED) == ""


def test_a_gate_that_holds_tells_how_fast_it_was_wished_to_be() -> None:
    """The declared target of a latency is compared with the median, and decides nothing."""
    slow = replace(REACHABLE, latency=Latency(5, 0.05, 0.2, None, 0))

    assert evidence(REACHABLE, 0.1) == "median 20 ms, max 20 ms; target 50 ms met by the median"
    assert evidence(slow, 0.1) == "median 50 ms, max 200 ms; target 50 ms missed by the median"


def test_without_a_wish_or_a_latency_only_what_was_seen_is_told() -> None:
    """Nothing is compared with nothing, and a reason comes before any figure."""
    unwished = replace(REACHABLE, gate=replace(REACHABLE.gate, target_s=None))

    assert evidence(unwished, 0.1) == "median 20 ms, max 20 ms"
    assert evidence(replace(REACHABLE, latency=None), 0.1) == evidence(COVERED, 0.1) == ""
    assert evidence(replace(REACHABLE, detail="5 times 503"), 0.1) == "5 times 503"


def test_a_figure_is_told_as_what_it_measures() -> None:
    """Shares in percent, latencies as their median, and nothing where nothing was measured."""
    shop, pace, _ = PASS.kpis

    assert (figure_wanted(shop, 0.1), figure_observed(shop)) == ("≥ 90 %", "100 % of 5")
    assert (figure_wanted(pace, 0.1), figure_observed(pace)) == ("< 15 ms", "median 20 ms of 5")
    assert figure_observed(replace(pace, value=None, n=0)) == "nothing"


def test_outcomes_that_are_no_pass_are_counted() -> None:
    """Each kind by its name."""
    assert tally(FAIL.suites[0]) == "1 failed, 1 skipped"
    assert tally(KILLED.suites[0]) == "2 not run"


def test_a_suite_that_passed_has_nothing_to_count() -> None:
    """No words for no trouble."""
    assert tally(PASS.suites[0]) == ""


def test_without_a_campaign_before_nothing_is_said_of_it() -> None:
    """Not even that nothing has changed."""
    assert since(PASS) == ""
