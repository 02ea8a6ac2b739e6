"""The rules of cockroach's githubpost (``pkg/cmd/bazci/githubpost``): one issue a test.

For each failing test two searches, one for an open issue with its title and one for the same on other branches; then a
comment there, or a new issue, before which the milestones are read. It closes nothing. Waiting for GitHub's limit of
thirty searches a minute is not counted.
"""

from tests.replay.runs import JobRun
from tests.replay.tracker import Tracker


def githubpost(run: JobRun, tracker: Tracker) -> None:
    """Post each failure of one job."""
    for failure in run.failed:
        title = f"{failure.test.package}: {failure.test.name} failed"
        found = tracker.searched(title)
        tracker.reads_once()  # the same on other branches
        if found:
            tracker.comment(found[0], run.commit, {failure.cause})
        else:
            tracker.reads_once()  # milestones
            tracker.create(title, run.commit, {failure.cause})
