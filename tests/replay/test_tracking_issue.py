from tests.replay.examples import a_run
from tests.replay.models.tracking_issue import tracking_issue
from tests.replay.runs import JobRun
from tests.replay.tracker import Tracker


def filed(*runs: JobRun) -> Tracker:
    """What stands in the tracker after *runs*."""
    tracker = Tracker()
    for run in runs:
        tracking_issue(run, tracker)
    return tracker


def test_a_job_has_one_issue() -> None:
    """Whatever fails in it, and why: a further failure replaces its text, which mails nobody."""
    tracker = filed(a_run(12), a_run(3, cause="other"), a_run(1, job="agents"))

    assert [(page.title, page.causes) for page in tracker.filed] == [
        ("CI failed on core", {"one", "other"}),
        ("CI failed on agents", {"one"}),
    ]
    assert (tracker.mails, tracker.reads, tracker.writes) == (2, 9, 3)


def test_a_job_without_failure_closes() -> None:
    """Also where everything was skipped."""
    tracker = filed(a_run(1), a_run(0))

    assert [(page.is_open, len(page.comments)) for page in tracker.filed] == [(False, 1)]


def test_a_job_that_is_well_and_has_no_issue_files_none() -> None:
    """It only searched."""
    tracker = filed(a_run(0, passed=2))

    assert (tracker.filed, tracker.reads, tracker.writes) == ([], 3, 0)


def test_what_was_closed_is_filed_anew() -> None:
    """It is never opened again."""
    assert [page.is_open for page in filed(a_run(1), a_run(0), a_run(1)).filed] == [False, True]


def test_what_people_opened_again_is_closed_without_a_further_comment() -> None:
    """The one that stands is renewed, which mails nobody; the close does."""
    tracker = filed(a_run(1), a_run(0))
    tracker.filed[0].is_open = True
    mails, writes = tracker.mails, tracker.writes

    tracking_issue(a_run(0), tracker)

    assert (len(tracker.filed[0].comments), tracker.mails - mails, tracker.writes - writes) == (1, 1, 2)
