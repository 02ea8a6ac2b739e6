from tests.replay.examples import a_run
from tests.replay.models.issue_per_job import issue_per_job
from tests.replay.runs import JobRun
from tests.replay.tracker import Tracker


def filed(*runs: JobRun) -> Tracker:
    """What stands in the tracker after *runs*."""
    tracker = Tracker()
    for run in runs:
        issue_per_job(run, tracker)
    return tracker


def test_a_job_that_fails_has_one_issue() -> None:
    """A further failure replaces its text."""
    tracker = filed(a_run(12), a_run(3, cause="other"), a_run(1, job="agents"))

    assert [page.causes for page in tracker.filed] == [{"one", "other"}, {"one"}]
    assert (tracker.mails, tracker.reads, tracker.writes) == (2, 3, 3)


def test_a_job_that_is_well_does_nothing() -> None:
    """It does not even look, so nothing is ever closed."""
    tracker = filed(a_run(1), a_run(0, passed=1))

    assert (tracker.filed[0].is_open, tracker.reads) == (True, 1)


def test_what_people_closed_is_filed_again() -> None:
    """Only open issues are searched."""
    tracker = filed(a_run(1))
    tracker.filed[0].is_open = False

    issue_per_job(a_run(1), tracker)

    assert len(tracker.filed) == 2
