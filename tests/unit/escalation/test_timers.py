from datetime import UTC, datetime, timedelta

import pytest

from ci_tools.escalation.timers import Moment, Timer, in_a_row, lasting, spoken, watched

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOURS_2 = timedelta(hours=2)


def bad(*minutes: int) -> list[Moment]:
    """Bad observations, so many minutes after noon."""
    return [Moment(NOON + timedelta(minutes=one), is_bad=True) for one in minutes]


def good(minutes: int) -> Moment:
    """A good observation."""
    return Moment(NOON + timedelta(minutes=minutes), is_bad=False)


def test_a_duration_is_proven_by_bad_at_both_ends_and_no_gap() -> None:
    """Five looks within two and a half hours, none of them good, none too far from the next."""
    proof = lasting(watched("r", None, bad(0, 40, 80, 120, 160)), HOURS_2)

    assert proof.holds
    assert proof.says.startswith("longer than 2 h: proven: bad 5 times from 2026-03-02 12:00 UTC to 2026-03-02 14:40")


def test_a_gap_leaves_a_duration_unproven() -> None:
    """Nobody knows what was while nobody looked."""
    proof = lasting(watched("r", None, bad(0, 40, 86, 120, 160)), HOURS_2)

    assert not proof.holds
    assert "unproven: gap: nobody looked for 46 min in between" in proof.says


def test_a_gap_of_just_the_limit_is_none() -> None:
    """The limit itself is allowed."""
    assert lasting(watched("r", None, bad(0, 45, 90, 135)), HOURS_2).holds


def test_after_a_gap_a_duration_can_be_proven_anew() -> None:
    """What counts is the stretch without a gap."""
    assert lasting(watched("r", None, bad(0, 100, 140, 180, 221)), HOURS_2).holds is True


def test_a_good_observation_between_ends_it() -> None:
    """It has to begin again."""
    proof = lasting(watched("r", None, [*bad(0, 40, 80), good(100), *bad(120, 160)]), HOURS_2)

    assert not proof.holds
    assert "2 of 3 observations" in proof.says


def test_two_observations_prove_nothing() -> None:
    """However short the duration."""
    assert "2 of 3 observations" in lasting(watched("r", None, bad(0, 40)), timedelta(minutes=30)).says


def test_a_duration_that_is_just_reached_is_not_exceeded() -> None:
    """Longer than two hours is not two hours."""
    assert "not yet: 2 h so far" in lasting(watched("r", None, bad(0, 40, 80, 120)), HOURS_2).says


def test_nothing_seen_bad_proves_nothing() -> None:
    """There is no timer."""
    assert watched("r", None, [good(0)]) is None
    assert not lasting(None, HOURS_2).holds
    assert not in_a_row(None, 3).holds


def test_a_timer_goes_on_from_campaign_to_campaign() -> None:
    """What is not later than what it knows is left out."""
    first = watched("r", None, bad(0, 30))
    again = watched("r", first, bad(0, 30))
    later = watched("r", first, bad(30, 60))

    assert again == first
    assert later == Timer(
        rule="r",
        first_bad=NOON,
        last_bad=NOON + timedelta(minutes=60),
        n_bad=3,
        since=NOON,
        n_since=3,
        gap_s=1800.0,
    )


def test_a_good_observation_that_is_told_late_leaves_the_last_bad_one() -> None:
    """Of the others nobody knows on which side of it they were."""
    known = watched("r", None, bad(0, 30, 60))

    assert watched("r", known, [good(45)]) == watched("r", None, bad(60))
    assert watched("r", known, [good(-1), good(0)]) == known


def test_consecutive_observations_are_counted() -> None:
    """Three in a row are three."""
    assert [in_a_row(watched("r", None, bad(*range(count))), 3).holds for count in (2, 3)] == [False, True]


@pytest.mark.parametrize(
    ("minutes", "said"), [(0, "0 min"), (45, "45 min"), (60, "1 h"), (125, "2 h 05 min"), (1500, "25 h")]
)
def test_a_duration_is_spoken(minutes: int, said: str) -> None:
    """As a person would."""
    assert spoken(timedelta(minutes=minutes)) == said
