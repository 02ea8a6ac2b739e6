"""What a tool is given that knows test results only: those of one job."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from tests.replay.inventory import JOBS, ReplayedTest, every_test
from tests.replay.scenarios import Campaign
from tests.replay.tracker import Tracker


@dataclass(frozen=True, slots=True)
class Failure:
    """A failing test, and why it fails: that is for the score, no tool is told."""

    test: ReplayedTest
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun:
    """One job of one campaign; skipped tests are in neither list."""

    job: str
    commit: str
    passed: tuple[ReplayedTest, ...]
    failed: tuple[Failure, ...]

    @property
    def causes(self) -> set[str]:
        """Why anything fails in it."""
        return {failure.cause for failure in self.failed}


class Model(Protocol):
    """The rules of a tool, simplified, as what it does to *tracker* after one job."""

    def __call__(self, run: JobRun, tracker: Tracker) -> None:
        """Tell *tracker* what *run* saw."""


def job_runs(campaign: Campaign) -> Iterator[JobRun]:
    """What the jobs of *campaign* saw that have tests."""
    for job in JOBS:
        mine = [(test, campaign.cause_of(test)) for test in every_test() if test.file.job == job]
        if mine:
            yield JobRun(
                job=job,
                commit=f"build-{campaign.build}",
                passed=() if campaign.skips else tuple(test for test, cause in mine if cause is None),
                failed=tuple(Failure(test, cause.name) for test, cause in mine if cause is not None),
            )
