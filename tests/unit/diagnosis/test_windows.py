from ci_tools.diagnosis.clues import Clue
from ci_tools.diagnosis.windows import ALWAYS, Window, coincide, windows
from ci_tools.model import DependencyState
from tests.unit.diagnosis.clinic import at, clue, well


def bad(second: float, probe: str = "cache", code: str = "") -> Clue:
    """What *probe* found wrong with the cache."""
    return clue("cache", ref=f"{probe}#1", at=at(second), code=code)


def good(second: float, probe: str = "cache") -> Clue:
    """What *probe* found right."""
    return well("cache", ref=f"{probe}#1", at=at(second))


def test_an_outage_lasts_from_the_last_good_look_to_the_next() -> None:
    """It may have begun at any time between two looks, in whatever order they are told."""
    seen = [good(9), bad(6), good(1), bad(5)]

    assert windows("cache", seen) == (Window(after=at(1), first=at(5), last=at(6), until=at(9)),)


def test_an_outage_that_nobody_saw_begin_or_end_has_no_bounds() -> None:
    """Other dependencies do not count."""
    assert windows("cache", [bad(5), well("store", at=at(1))]) == (Window(first=at(5), last=at(5)),)


def test_where_nothing_was_seen_down_nothing_bounds_it() -> None:
    """A dependency can be wrong without being down; whoever could not be asked saw nothing."""
    unknown = clue("cache", state=DependencyState.UNKNOWN, at=at(2))

    assert windows("cache", [good(1), unknown]) == ALWAYS
    assert ALWAYS[0].overlaps(at(1), at(2))


def test_two_outages_have_a_time_between_them() -> None:
    """What ran then met neither."""
    found = windows("cache", [bad(1), good(2), good(8), bad(9)])

    assert len(found) == 2
    assert [one.overlaps(at(4), at(5)) for one in found] == [False, False]
    assert [one.overlaps(at(1), at(5)) for one in found] == [True, False]


def test_what_comes_and_goes_may_be_there_between_two_looks() -> None:
    """Three outages are one."""
    seen = [good(0), bad(1), good(2), bad(3), good(4), bad(5), good(6)]

    assert windows("cache", seen) == (Window(after=at(0), first=at(1), last=at(5), until=at(6)),)


def test_what_one_probe_finds_wrong_is_not_over_when_another_one_finds_nothing() -> None:
    """They ask for different things."""
    assert windows("cache", [bad(1), good(2, "other"), bad(9)]) == (Window(first=at(1), last=at(9)),)


def test_that_nobody_was_there_is_over_when_anybody_answers() -> None:
    """Whatever was asked."""
    seen = [bad(1, code="503"), good(2, "other"), bad(9, code="503")]

    assert [(one.after, one.until) for one in windows("cache", seen)] == [(None, at(2)), (at(2), None)]


def test_failing_in_the_outages_of_another_is_coincidence_only_if_it_is_well_otherwise() -> None:
    """Where that one is down all the time, nothing follows from one's own ups and downs."""
    short = [bad(1), good(2), good(8), bad(9)]
    long = [bad(1), bad(9)]
    failing, well_ = [clue("socket", at=at(1.5))], [well("socket", at=at(5))]

    assert coincide(failing, well_, "cache", short)
    assert not coincide([clue("socket", at=at(5))], well_, "cache", short)
    assert not coincide(failing, well_, "cache", long)
