from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from ci_tools.escalation.rules import Severity
from ci_tools.escalation.timers import Moment, Timer, watched
from ci_tools.escalation.watching import Kept, Look, kept_on, told_by

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
REDIS, AGENTS, SLOW = "redis_unreachable_4h", "agents_silent_2h", "database_over_10s"
NOTHING = Kept(())


def bad(rule: str, *minutes: int) -> Timer:
    """A timer of *rule* that a campaign keeps."""
    timer = watched(rule, None, [Moment(NOON + timedelta(minutes=one), is_bad=True) for one in minutes])
    assert timer is not None
    return timer


def looked(
    kept: Kept, minutes: Iterable[int], *, down: bool | None = True, of: str = "redis", place: str = "redis"
) -> Kept:
    """*kept* after looks at the dependency *of*, for a failure at *place*."""
    for one in minutes:
        kept = kept_on(kept, {of: Look(at=NOON + timedelta(minutes=one), is_down=down)}, place)
    return kept


def rules(kept: Kept) -> list[str]:
    """The rules that have a timer."""
    return [one.rule for one in kept.timers]


def test_heartbeats_prove_a_duration_that_a_campaign_began() -> None:
    """Every 15 minutes for more than four hours."""
    kept = looked(Kept((bad(REDIS, 0),)), range(15, 256, 15))

    (told,) = told_by(kept.timers)
    assert (told.severity, told.holds) == (Severity.P0, True)
    assert "proven: bad 18 times from 2026-03-02 12:00 UTC to 2026-03-02 16:15 UTC" in told.proof


def test_four_hours_are_not_more_than_four_hours() -> None:
    """One look less."""
    assert not told_by(looked(Kept((bad(REDIS, 0),)), range(15, 241, 15)).timers)[0].holds


def test_a_heartbeat_that_came_too_late_leaves_a_gap() -> None:
    """Nobody knows what was in between."""
    kept = looked(Kept((bad(REDIS, 0),)), [*range(15, 121, 15), *range(166, 281, 15)])

    assert "unproven: gap: nobody looked for 46 min in between" in told_by(kept.timers)[0].proof


def test_a_look_that_cannot_tell_counts_as_neither() -> None:
    """It ends no timer, and fills no gap."""
    kept = Kept((bad(REDIS, 0),))

    assert looked(kept, [15, 30], down=None) == kept
    assert looked(looked(kept, [15, 30], down=None), [46]).timers[0].gap_s == 46 * 60


def test_a_good_look_ends_a_timer() -> None:
    """And is remembered to have."""
    assert looked(Kept((bad(REDIS, 0),)), [15, 30], down=False) == Kept((), (REDIS,))
    assert looked(NOTHING, [15], down=False) == NOTHING


def test_after_a_good_look_a_bad_one_begins_anew() -> None:
    """Also where only a campaign could have begun it."""
    kept = looked(looked(Kept((bad(AGENTS, 0),)), [15], down=False, of="agents"), [30], of="agents", place="vpc")

    assert kept == Kept((bad(AGENTS, 30),))


@pytest.mark.parametrize(
    ("of", "place", "begun"), [("redis", "redis", [REDIS]), ("redis", "vpc", []), ("agents", "agents", [])]
)
def test_a_heartbeat_begins_only_what_it_measures_by_itself(of: str, place: str, begun: list[str]) -> None:
    """Whether an outage elsewhere, or failing tests, are meant by a rule is for a campaign to show."""
    assert rules(looked(NOTHING, [0], of=of, place=place)) == begun


def test_what_was_not_looked_at_is_left_alone() -> None:
    """Another dependency says nothing of this one."""
    kept = Kept((bad(REDIS, 0),))

    assert looked(kept, [15], down=False, of="agents") == kept


def test_the_same_look_twice_counts_once() -> None:
    """Whatever was lost may be told again."""
    once = looked(Kept((bad(REDIS, 0),)), [15])

    assert looked(once, [15]) == once


@pytest.mark.parametrize(
    ("latency_s", "down", "left"),
    [(10.1, False, [SLOW]), (10.1, True, [SLOW]), (10.0, False, []), (0.1, True, [SLOW]), (None, False, [SLOW])],
)
def test_slowness_is_told_by_latencies(latency_s: float | None, *, down: bool, left: list[str]) -> None:
    """What is refused at once is not quick, and what was not measured is neither."""
    look = Look(at=NOON + timedelta(minutes=15), is_down=down, latency_s=latency_s)
    kept = kept_on(Kept((bad(SLOW, 0),)), {"postgresql": look}, "cloud_sql")

    assert rules(kept) == left


def test_three_slow_looks_in_a_row_are_consistent() -> None:
    """By heartbeats alone; the more urgent rule is told first."""
    kept = NOTHING
    for minutes in (0, 15, 30):
        look = Look(at=NOON + timedelta(minutes=minutes), is_down=False, latency_s=11.0)
        kept = kept_on(kept, {"postgresql": look}, "postgresql")

    assert [(one.severity, one.holds, one.proof) for one in told_by(kept.timers)] == [
        (Severity.P0, True, "3 of 3 observations in a row"),
        (Severity.P1, True, "3 of 3 observations in a row"),
    ]
