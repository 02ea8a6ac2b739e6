from dataclasses import replace
from datetime import timedelta

import pytest

from ci_tools.escalation.rules import RULES, Severity
from ci_tools.escalation.timers import Moment, Timer
from ci_tools.escalation.urgency import Figures, Urgency, assess, settled
from ci_tools.model import CoverageGate, Gate, GateState, ReliabilityGate
from ci_tools.verdict.judgement import GateResult, SuiteResult
from ci_tools.verdict.statistics import Latency
from tests.unit.triage.scenarios import START, gate, suite


def probed(dependency: str, **more: object) -> Gate:
    """A gate that repeats a probe of *dependency*."""
    made = ReliabilityGate(name=f"{dependency}_up", dependency=dependency, probe=dependency, floor=0.9, target=1.0)
    return replace(made, **more)  # type: ignore[arg-type]


def covered(dependency: str, name: str = "tests") -> Gate:
    """A gate over the tests of the suite *name*."""
    return CoverageGate(name=name, dependency=dependency, suites=(name,), floor=1.0)


def fails(of: Gate, *, good: int = 0, n: int = 10, median_s: float | None = None) -> GateResult:
    """A failing gate, with the median of its latencies in real seconds where there is one."""
    result = gate(of, GateState.FAILS, good=good, n=n)
    if median_s is None:
        return result
    return replace(result, latency=Latency(n=n, median_s=median_s, max_s=median_s, p95_s=None, censored=0))


def figures(*gates: GateResult, suites: tuple[SuiteResult, ...] = (), minutes: tuple[int, ...] = (0,)) -> Figures:
    """What one campaign measured; it was seen bad so many *minutes* after the start."""
    moments = tuple(Moment(START + timedelta(minutes=one), is_bad=True) for one in minutes)
    return Figures(
        gates=gates,
        suites=suites,
        hit=frozenset((one.phase, one.name) for one in suites),
        time_scale=1.0,
        moments=moments,
    )


def severity(*gates: GateResult, suites: tuple[SuiteResult, ...] = (), minutes: tuple[int, ...] = (0,)) -> Severity:
    """How urgent one campaign is by itself."""
    return assess(figures(*gates, suites=suites, minutes=minutes)).severity


EVERY_40 = tuple(range(0, 281, 40))
SILENT = (suite("tests", failed=6),)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ((fails(probed("websocket"), good=4), (), (0,)), Severity.P0),
        ((fails(probed("websocket"), good=5), (), (0,)), Severity.P1),
        ((fails(probed("websocket"), good=7), (), (0,)), Severity.P2),
        ((fails(probed("redis")), (), (0,)), Severity.P1),
        ((fails(probed("redis")), (), EVERY_40), Severity.P0),
        ((fails(probed("redis"), good=6), (), EVERY_40), Severity.P2),
        ((fails(covered("agents")), SILENT, (0,)), Severity.P1),
        ((fails(covered("agents")), SILENT, EVERY_40), Severity.P0),
        ((fails(covered("agents")), (suite("tests", failed=5, passed=1),), EVERY_40), Severity.P2),
        ((fails(covered("agents")), (suite("tests", failed=5, blocked=1),), EVERY_40), Severity.P2),
        ((fails(probed("agents"), good=6, median_s=61.0), (), (0,)), Severity.P1),
        ((fails(probed("agents"), good=6, median_s=60.0), (), (0,)), Severity.P2),
        (
            (
                fails(covered("backend", "priority1_critical")),
                (suite("priority1_critical", failed=6, passed=19),),
                (0,),
            ),
            Severity.P1,
        ),
        (
            (
                fails(covered("backend", "priority1_critical")),
                (suite("priority1_critical", failed=5, passed=20),),
                (0,),
            ),
            Severity.P2,
        ),
    ],
)
def test_each_threshold_has_its_severity(
    rule: tuple[GateResult, tuple[SuiteResult, ...], tuple[int, ...]], expected: Severity
) -> None:
    """Passed and just not passed."""
    failing, suites, minutes = rule

    assert severity(failing, suites=suites, minutes=minutes) is expected


@pytest.mark.parametrize(
    ("median_s", "expected"), [(10.1, Severity.P0), (10.0, Severity.P1), (5.1, Severity.P1), (5.0, Severity.P2)]
)
def test_a_database_is_slow_consistently_after_three_campaigns(median_s: float, expected: Severity) -> None:
    """One slow campaign is none; forty attempts in one are one observation."""
    slow = fails(probed("postgresql", under_s=3.0), good=6, median_s=median_s)
    timers: tuple[Timer, ...] = ()
    found: list[Urgency] = []
    for hours in (0, 1, 2):
        found.append(assess(figures(slow, minutes=(60 * hours, 60 * hours + 1)), timers))
        timers = found[-1].timers

    assert [one.severity for one in found] == [Severity.P2, Severity.P2, expected]


def test_a_threshold_that_is_not_passed_ends_its_timer() -> None:
    """A campaign that measures less begins anew."""
    slow = fails(probed("postgresql", under_s=3.0), good=6, median_s=11.0)
    quick = fails(probed("postgresql", under_s=3.0), good=6, median_s=4.0)
    first = assess(figures(slow))

    assert {one.rule for one in first.timers} == {"database_over_10s", "database_over_5s"}
    assert assess(figures(quick, minutes=(60,)), first.timers).timers == ()


def test_what_was_not_measured_leaves_a_timer_alone() -> None:
    """No gate of it failed this time, and nobody knows."""
    timers = assess(figures(fails(probed("redis")))).timers

    assert assess(figures(minutes=(60,)), timers).timers == timers


def test_a_timer_that_a_good_look_ended_begins_with_the_last_moment() -> None:
    """There may have been good looks in between that nobody remembers."""
    redis = figures(fails(probed("redis")), minutes=(0, 40, 80))

    assert [one.first_bad for one in assess(redis, rested=["redis_unreachable_4h"]).timers] == [
        START + timedelta(minutes=80)
    ]


def test_latencies_are_judged_unscaled() -> None:
    """On a tenth of the time, 0.6 s are six."""
    slow = replace(figures(fails(probed("agents"), good=6, median_s=6.1)), time_scale=0.1)

    assert assess(slow).severity is Severity.P1


def test_an_outage_that_nobody_dated_has_no_timer() -> None:
    """Without a moment there is no duration."""
    assert assess(figures(fails(probed("redis")), minutes=())).timers == ()


def test_what_was_never_answered_is_not_merely_slow() -> None:
    """No latency, or one that was cut off, is an outage."""
    cut = fails(probed("store", under_s=3.0), good=1, median_s=4.0)
    censored = replace(cut, latency=Latency(n=10, median_s=4.0, max_s=4.0, p95_s=None, censored=9))

    assert severity(fails(probed("store", under_s=3.0))) is Severity.P1
    assert severity(censored) is Severity.P1


def test_slowness_is_no_outage() -> None:
    """Every attempt was answered, only late."""
    assert severity(fails(probed("store", under_s=3.0), good=1, median_s=4.0)) is Severity.P2
    assert severity(fails(probed("store", under_s=3.0), good=1, median_s=1.0)) is Severity.P1


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"failed": 16, "passed": 84}, "less than 85 % of all tests pass"),
        ({"failed": 15, "passed": 85}, "it fails, and no rule makes it more urgent"),
    ],
)
def test_p2_says_why(counts: dict[str, int], said: str) -> None:
    """The share of all tests, or nothing but that it fails."""
    assert assess(figures(suites=(suite("all", **counts),))).reason == said


def test_what_is_not_proven_is_told_with_what_is_missing() -> None:
    """A person sees what would make it more urgent."""
    told = assess(figures(fails(probed("redis")), minutes=(0, 100, 250))).told

    assert [(one.severity, one.holds) for one in told] == [(Severity.P0, False), (Severity.P1, True)]
    assert "unproven: gap" in told[0].proof


@pytest.mark.parametrize(
    ("standing", "now", "calm", "after"),
    [
        (Severity.P1, Severity.P0, 2, (Severity.P0, 0)),
        (Severity.P1, Severity.P1, 2, (Severity.P1, 0)),
        (Severity.P0, Severity.P2, 0, (Severity.P0, 1)),
        (Severity.P0, Severity.P2, 1, (Severity.P0, 2)),
        (Severity.P0, Severity.P2, 2, (Severity.P2, 0)),
    ],
)
def test_severity_rises_at_once_and_falls_late(
    standing: Severity, now: Severity, calm: int, after: tuple[Severity, int]
) -> None:
    """What flaps stays what it was."""
    assert settled(standing, now, calm) == after


def test_rules_have_names_of_their_own() -> None:
    """A timer is kept by its rule's name."""
    assert len({rule.id for rule in RULES}) == len(RULES)
