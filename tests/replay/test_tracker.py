import pytest

from tests.replay.tracker import PER_PAGE, Tracker


@pytest.mark.parametrize(("issues", "reads"), [(0, 1), (PER_PAGE, 1), (PER_PAGE + 1, 2)])
def test_a_list_takes_a_request_a_page(issues: int, reads: int) -> None:
    """Also an empty one takes one."""
    tracker = Tracker()
    for number in range(issues):
        tracker.create(str(number), "", ())

    assert (len(tracker.listed()), tracker.reads) == (issues, reads)


@pytest.mark.parametrize(("comments", "reads"), [(0, 1), (30, 1), (31, 2)])
def test_comments_take_a_request_a_page(comments: int, reads: int) -> None:
    """Of thirty, as GitHub has it."""
    tracker = Tracker()
    page = tracker.create("t", "", ())
    for _ in range(comments):
        tracker.comment(page, "c")

    assert (len(tracker.said_in(page)), tracker.reads) == (comments, reads)


def test_a_search_finds_open_issues_by_their_title() -> None:
    """Neither closed ones, nor those that are called otherwise."""
    tracker = Tracker()
    for title in ("t", "t", "other"):
        tracker.create(title, "", ())
    tracker.turn(tracker.pages[0], is_open=False)

    assert [page.number for page in tracker.searched("t")] == [2]


def test_whoever_watches_is_mailed_of_what_happens_and_not_of_edits() -> None:
    """Opened, commented on, closed and opened again; closing what is closed tells nobody."""
    tracker = Tracker()
    page = tracker.create("t", "", ())
    tracker.edit(page, "other")
    tracker.comment(page, "c")
    for is_open in (False, False, True):
        tracker.turn(page, is_open=is_open)

    assert (tracker.mails, tracker.writes) == (4, 6)


@pytest.mark.parametrize(("is_lagging", "shown"), [(True, [0, 1]), (False, [1, 1])])
def test_a_list_that_lags_leaves_out_what_the_campaign_before_has_filed(is_lagging: bool, shown: list[int]) -> None:  # noqa: FBT001 - a parameter of the test
    """Once."""
    tracker = Tracker(is_lagging=is_lagging)
    tracker.create("t", "", ())
    tracker.ends_campaign()

    assert [len(tracker.listed()) for _ in range(2)] == shown
