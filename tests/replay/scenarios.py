"""What happens in a replay: campaigns one after the other, and what people do to issues between them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

from tests.replay.inventory import JOBS, ReplayedTest, standing_on
from tests.replay.outages import DATABASE, REDIS, Outage

REPEATS = 50
GREEN = 2
"""As ``[triage] green_campaigns`` of campaign.toml has it."""


class Hand(StrEnum):
    """What people do to the issues that are open."""

    RANKS = "sets the label P2"
    REFUSES = "closes as not planned"
    POINTS = "files an issue, and closes ours as its duplicate"


class Weather(StrEnum):
    """What GitHub does meanwhile."""

    FAIR = "as always"
    LAGGING = "lists do not show yet what was filed last"


class Evidence(StrEnum):
    """What there is to go by."""

    JOURNAL = "what tests and probes saw, by our own plugin"
    RESULTS = "JUnit files of tests only, ingested"


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One campaign: what was deployed, and what was wrong with it."""

    build: int
    """Which build was deployed, the higher the later."""
    outages: tuple[Outage, ...] = ()
    edition: int = 0
    """In which words the outages are told."""
    share: float = 1.0
    """The part of each job's tests that an outage fails; less than all: it began while they ran, after the probes."""
    declares: bool = True
    """Tests say what they stand on; else every suite requires both stores, whatever its tests use."""
    skips: bool = False
    """What failed before is skipped, so nobody knows whether it is well."""

    def cause_of(self, test: ReplayedTest) -> Outage | None:
        """Why *test* fails; None: it does not."""
        hit = next((one for one in self.outages if one.dependency == test.file.store), None)
        return hit if hit is not None and test in _hit(hit.dependency, self.share) else None

    @property
    def begins_late(self) -> bool:
        """Whether an outage begins after the first job has asked for everything."""
        return self.share < 1

    @property
    def is_green(self) -> bool:
        """Whether everything passes."""
        return not self.outages and not self.skips


Step = Campaign | Hand


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A replay."""

    name: str
    about: str
    steps: tuple[Step, ...]
    weather: Weather = Weather.FAIR
    evidence: Evidence = Evidence.JOURNAL

    @property
    def causes(self) -> int:
        """How many outages there are in it."""
        return len({one.name for step in self.campaigns for one in step.outages})

    @property
    def campaigns(self) -> tuple[Campaign, ...]:
        """The steps that are campaigns."""
        return tuple(step for step in self.steps if isinstance(step, Campaign))


def scenarios(repeats: int = REPEATS) -> tuple[Scenario, ...]:
    """All of them; the outage that goes on does so for so many campaigns."""
    down, well = Campaign(build=1, outages=(REDIS,)), Campaign(build=2)
    both = Campaign(build=1, outages=(REDIS, DATABASE))
    recovery: tuple[Step, ...] = (down, well, well)
    return (
        Scenario(name="outage", about="one Redis outage fails 332 tests", steps=(down,)),
        Scenario(
            name="repeated",
            about=f"the same outage in {repeats} campaigns, {repeats} builds and other words",
            steps=tuple(_repeated(repeats)),
        ),
        Scenario(
            name="two outages",
            about="Redis and PostgreSQL are down in the same campaign",
            steps=(both,),
        ),
        Scenario(
            name="recovery",
            about=f"an outage, a campaign that skips what failed, and {GREEN} green ones",
            steps=(down, Campaign(build=2, skips=True), well, well),
        ),
        Scenario(
            name="regression",
            about="it fails again after it has recovered",
            steps=(*recovery, Campaign(build=3, outages=(REDIS,))),
        ),
        Scenario(
            name="older build",
            about="it has recovered, and a build from before the fix fails",
            steps=(*recovery, Campaign(build=0, outages=(REDIS,))),
        ),
        Scenario(
            name="P-label",
            about="a person sets P2, and it fails three times more",
            steps=(down, Hand.RANKS, *_later(3)),
        ),
        Scenario(
            name="not planned",
            about="a person closes it as not planned, and it fails three times more",
            steps=(down, Hand.REFUSES, *_later(3)),
        ),
        Scenario(
            name="duplicate",
            about="a person closes it as a duplicate of an issue of theirs, and it fails three times more",
            steps=(down, Hand.POINTS, *_later(3)),
        ),
        Scenario(
            name="lagging list",
            about="it fails twice, and the second list does not show the issue yet",
            steps=(down, Campaign(build=1, outages=(REDIS,), edition=1)),
            weather=Weather.LAGGING,
        ),
        Scenario(
            name="undeclared needs",
            about="both are down, and every suite requires both, whatever its tests use",
            steps=(replace(both, declares=False),),
        ),
        Scenario(
            name="results only",
            about="the Redis outage, from JUnit files of the jobs, without a probe",
            steps=(down,),
            evidence=Evidence.RESULTS,
        ),
    )


@cache
def _hit(dependency: str, share: float) -> frozenset[ReplayedTest]:
    """The last *share* of what stands on *dependency*, in each job."""
    by_job = [[test for test in standing_on(dependency) if test.file.job == job] for job in JOBS]
    return frozenset(test for mine in by_job for test in mine[len(mine) - round(share * len(mine)) :])


def _repeated(times: int) -> Iterable[Campaign]:
    """It begins while tests run, so that the first campaign sees a third of it."""
    for number in range(times):
        yield Campaign(build=number + 1, outages=(REDIS,), edition=number, share=0.3 if number == 0 else 1.0)


def _later(times: int) -> Iterable[Campaign]:
    return (Campaign(build=number + 2, outages=(REDIS,), edition=number) for number in range(times))
