from tests.replay.examples import a_run
from tests.replay.models.githubpost import githubpost
from tests.replay.runs import JobRun
from tests.replay.tracker import Tracker


def filed(*runs: JobRun) -> Tracker:
    """What stands in the tracker after *runs*."""
    tracker = Tracker()
    for run in runs:
        githubpost(run, tracker)
    return tracker


def test_each_failing_test_has_an_issue() -> None:
    """Two searches, the milestones and a create each."""
    tracker = filed(a_run(12, passed=3))

    assert (len(tracker.filed), tracker.reads, tracker.writes) == (12, 36, 12)


def test_an_open_issue_is_commented_on_each_time() -> None:
    """Also for the same build."""
    tracker = filed(a_run(1), a_run(1), a_run(1, commit="b"))

    assert [page.comments for page in tracker.filed] == [["a", "b"]]


def test_a_pass_changes_nothing() -> None:
    """People close."""
    assert filed(a_run(1), a_run(0, passed=1)).filed[0].is_open


def test_what_people_closed_is_filed_again() -> None:
    """Only open issues are looked for."""
    tracker = filed(a_run(1))
    tracker.filed[0].is_open = False

    githubpost(a_run(1), tracker)

    assert [page.is_open for page in tracker.filed] == [False, True]
