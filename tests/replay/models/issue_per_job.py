"""One issue a job, as an action files it that runs where a job fails: JasonEtco/create-an-issue, update_existing.

It searches for an open issue with the job's title, and replaces its text or files one. Nothing closes it.
"""

from tests.replay.runs import JobRun
from tests.replay.tracker import Tracker


def issue_per_job(run: JobRun, tracker: Tracker) -> None:
    """File or update after one job, if it failed."""
    if not run.failed:
        return
    title = f"{run.job} failed"
    text = f"{run.failed[0].test.name} and {len(run.failed) - 1} more"
    found = tracker.searched(title)
    if found:
        tracker.edit(found[0], text, run.causes)
    else:
        tracker.create(title, text, run.causes)
