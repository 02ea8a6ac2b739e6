import pytest

from tests.replay.examples import a_run
from tests.replay.models.flakybot import FLAKY, MANY, flakybot
from tests.replay.runs import JobRun
from tests.replay.tracker import Tracker


def filed(*runs: JobRun) -> Tracker:
    """What stands in the tracker after *runs*."""
    tracker = Tracker()
    for run in runs:
        flakybot(run, tracker)
    return tracker


@pytest.mark.parametrize(("failed", "issues"), [(0, 0), (1, 1), (MANY - 1, MANY - 1), (MANY, 1), (2 * MANY, 1)])
def test_ten_failures_of_a_package_share_an_issue(failed: int, issues: int) -> None:
    """Fewer have one each."""
    assert len(filed(a_run(failed)).filed) == issues


def test_a_package_with_an_open_shared_issue_files_no_other() -> None:
    """Whatever fails in it is told there, once a build."""
    tracker = filed(a_run(MANY), a_run(2, commit="b"), a_run(2, commit="b"))

    assert [page.comments for page in tracker.filed] == [["commit: b"]]


def test_a_test_that_goes_on_failing_is_told_once_a_build() -> None:
    """The build that filed it is in the text already."""
    tracker = filed(a_run(1), a_run(1), a_run(1, commit="b"), a_run(1, commit="b"))

    assert [page.comments for page in tracker.filed] == [["commit: b"]]


def test_a_pass_closes() -> None:
    """With a comment: two mails."""
    tracker = filed(a_run(1), a_run(0, passed=1, commit="b"))

    assert [(page.is_open, page.comments) for page in tracker.filed] == [(False, ["passed"])]
    assert tracker.mails == 3


def test_a_test_that_did_not_run_closes_nothing() -> None:
    """Skipped is neither passed nor failed."""
    assert filed(a_run(1), a_run(0, commit="b")).filed[0].is_open


def test_a_shared_issue_is_not_closed_while_one_of_its_package_fails() -> None:
    """A pass beside it does not count."""
    assert filed(a_run(MANY), a_run(1, passed=MANY, commit="b")).filed[0].is_open


def test_what_passed_and_failed_on_one_build_is_flaky() -> None:
    """It stays open, and is closed no more."""
    tracker = filed(a_run(1), a_run(0, passed=1), a_run(0, passed=1, commit="b"))

    assert [(page.is_open, FLAKY in page.labels) for page in tracker.filed] == [(True, True)]


def test_what_was_closed_and_fails_is_opened_again_as_flaky() -> None:
    """Whoever closed it, and whatever build it was."""
    tracker = filed(a_run(1), a_run(0, passed=1, commit="b"), a_run(1))

    assert [(page.is_open, FLAKY in page.labels) for page in tracker.filed] == [(True, True)]


def test_what_is_flaky_hears_nothing_more() -> None:
    """It is read once more, and that is all."""
    runs = (a_run(1), a_run(0, passed=1, commit="b"), a_run(1, commit="c"))

    assert filed(*runs, a_run(1, commit="d")).mails == filed(*runs).mails


def test_a_shared_issue_that_was_closed_is_not_opened_again() -> None:
    """Another one is filed."""
    assert len(filed(a_run(MANY), a_run(0, passed=MANY, commit="b"), a_run(MANY, commit="c")).filed) == 2
