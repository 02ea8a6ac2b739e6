"""A scenario as the models file it."""

from collections.abc import Mapping

from tests.replay.models.flakybot import flakybot
from tests.replay.models.githubpost import githubpost
from tests.replay.models.issue_per_job import issue_per_job
from tests.replay.models.tracking_issue import tracking_issue
from tests.replay.runs import Model, job_runs
from tests.replay.scenarios import Hand, Scenario, Weather
from tests.replay.scoring import Figures, scored
from tests.replay.tracker import Tracker

MODELS: Mapping[str, Model] = {
    "flakybot": flakybot,
    "githubpost": githubpost,
    "scikit-learn": tracking_issue,
    "issue per job": issue_per_job,
}


def filed_by(model: Model, scenario: Scenario) -> Figures:
    """What *model* makes of *scenario*."""
    tracker = Tracker(is_lagging=scenario.weather is Weather.LAGGING)
    for step in scenario.steps:
        if isinstance(step, Hand):
            _handled(step, tracker)
            continue
        for run in job_runs(step):
            model(run, tracker)
        tracker.ends_campaign()
    return scored(
        causes=scenario.causes,
        told=[page.causes for page in tracker.filed],
        mails=tracker.mails,
        reads=tracker.reads,
        writes=tracker.writes,
    )


def _handled(hand: Hand, tracker: Tracker) -> None:
    """People label or close every issue that is open; none of these tools reads an issue of theirs."""
    for page in tracker.filed:
        if hand is Hand.RANKS:
            page.labels.add("P2")
        else:
            page.is_open = False
