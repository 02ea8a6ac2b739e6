import pytest

from ci_tools.evidence.foreign.headers import Group, Stated, Tally, stated_in
from ci_tools.model import Outcome


def problems(stated: Stated, found: Tally) -> list[str]:
    """What a group lacks that states *stated* and holds *found*."""
    return [problem.text for problem in Group(name="g", stated=stated, where="it", found=found).problems()]


@pytest.mark.parametrize(
    ("attributes", "stated"),
    [
        ({}, Stated()),
        ({"tests": "3"}, Stated(tests=3)),
        ({"failures": "1", "errors": "2"}, Stated(bad=3)),
        ({"errors": "2"}, Stated(bad=2)),
        ({"skipped": "1"}, Stated(skipped=1)),
        ({"skips": "1"}, Stated(skipped=1)),
        ({"tests": "many", "failures": "-1", "skipped": "9" * 30}, Stated()),
        ({"tests": "²"}, Stated()),
    ],
)
def test_numbers_are_read_under_all_their_names(attributes: dict[str, str], stated: Stated) -> None:
    """What is no number states nothing."""
    assert stated_in(attributes) == stated


def test_numbers_that_agree_are_no_problem() -> None:
    """Everything stated is there."""
    assert problems(Stated(tests=3, bad=1, skipped=1), Tally(tests=3, bad=1, not_run=1)) == []


def test_more_than_stated_is_no_loss() -> None:
    """Each of the tests is judged anyway."""
    assert problems(Stated(tests=1, bad=0, skipped=0), Tally(tests=3, bad=1, not_run=1)) == []


def test_missing_tests_are_named_with_their_number() -> None:
    """They may be the ones that failed: that is not told a second time."""
    assert problems(Stated(tests=10, bad=2), Tally(tests=7)) == ["it states 10 tests, 7 are there: 3 are missing"]


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        (Stated(bad=1), "it states 1 failures and errors, 0 are there: nothing explains it"),
        (Stated(skipped=2), "it states 2 skipped tests, 0 are there: nothing explains it"),
    ],
)
def test_a_failure_that_is_not_there_is_a_problem(stated: Stated, said: str) -> None:
    """A number of failures without the failures is no pass."""
    assert problems(stated, Tally(tests=5)) == [said]


def test_a_test_can_go_wrong_several_times() -> None:
    """Tools count failures, not failing tests."""
    tally = Tally()

    tally.count(Outcome.FAILED, bad=3)

    assert (tally.tests, tally.bad) == (1, 3)


def test_what_stands_within_counts() -> None:
    """A group holds what its groups hold."""
    outer = Tally(tests=1)

    outer.add(Tally(tests=2, bad=1, not_run=1, missing=4))

    assert outer == Tally(tests=3, bad=1, not_run=1, missing=4)
