"""The rules of scikit-learn's tracker (``maint_tools/update_tracking_issue.py``): one issue a job, kept up to date.

It reads the repository and who it is, searches for its open issue by the job's name, and files one or replaces title
and text, which mails nobody. Where no test failed, also where none ran, it says so in a comment that is made once, and
closes; where the comment stands already it is renewed. What was closed is never opened again.
"""

from tests.replay.runs import JobRun
from tests.replay.tracker import Tracker

_WELL = "CI is no longer failing!"


def tracking_issue(run: JobRun, tracker: Tracker) -> None:
    """Keep the issue of one job."""
    tracker.reads_once()  # the repository
    tracker.reads_once()  # the login
    title = f"CI failed on {run.job}"
    found = tracker.searched(title)
    text = "\n".join(failure.test.name for failure in run.failed)
    if run.failed and found:
        tracker.edit(found[0], text, run.causes)
    elif run.failed:
        tracker.create(title, text, run.causes)
    elif found:
        if _WELL in tracker.said_in(found[0]):
            tracker.edit(found[0])
        else:
            tracker.comment(found[0], _WELL)
        tracker.turn(found[0], is_open=False)
