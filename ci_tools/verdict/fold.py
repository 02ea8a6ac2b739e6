"""Events become the state of a campaign: a pure fold, the same for finished and killed runs."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import singledispatchmethod

from ci_tools.evidence.events import (
    HELD_BACK,
    CampaignFinished,
    CampaignStarted,
    CleanUpFailed,
    Collected,
    DependencyChanged,
    DeploymentIdentified,
    Event,
    HeartbeatStarted,
    Interrupted,
    Observed,
    PhaseFinished,
    PhaseStarted,
    PlanExtended,
    Record,
    Sampled,
    TestBlocked,
    TestFinished,
    TestStarted,
    WorkerLost,
)
from ci_tools.model import FAILURES, NodeId, Outcome, Plan


@dataclass(slots=True)
class Attempt:
    """One attempt at a test, as far as it came."""

    number: int
    started_at: datetime | None = None
    ended_at: datetime | None = None
    finished: TestFinished | None = None
    blocked: TestBlocked | None = None


@dataclass(slots=True)
class TestState:
    """Everything the journal says of one test."""

    __test__ = False

    node_id: NodeId
    collected: Collected | None = None
    attempts: dict[int, Attempt] = field(default_factory=dict)

    def attempt(self, number: int) -> Attempt:
        """The attempt of that number, new if nothing was said of it yet."""
        return self.attempts.setdefault(number, Attempt(number))


@dataclass(slots=True)
class CampaignState:
    """What a journal says, before anything is judged."""

    started: CampaignStarted | None = None
    """As first stated; of a campaign in shards, by one of them."""
    plan: Plan | None = None
    shards: dict[str, int] = field(default_factory=dict)
    """Which shard a writer has run."""
    first_at: datetime | None = None
    last_at: datetime | None = None
    deployments: list[DeploymentIdentified] = field(default_factory=list)
    phases_started: dict[int, datetime] = field(default_factory=dict)
    phases_finished: dict[int, dict[str, tuple[datetime, PhaseFinished]]] = field(default_factory=dict)
    """By number and writer: each shard finishes its own part."""
    tests: dict[NodeId, TestState] = field(default_factory=dict)
    uncollected: list[Collected] = field(default_factory=list)
    samples: dict[tuple[int, str], dict[str, list[Sampled]]] = field(default_factory=dict)
    """By phase and gate, and by who looked: the attempts of two shards are not one sequence."""
    observations: list[Observed] = field(default_factory=list)
    changes: list[DependencyChanged] = field(default_factory=list)
    lost: list[WorkerLost] = field(default_factory=list)
    unclean: list[CleanUpFailed] = field(default_factory=list)
    interruptions: list[str] = field(default_factory=list)
    finished: CampaignFinished | None = None
    finishers: set[str] = field(default_factory=set)
    """Who has said that nothing follows."""
    strangers: list[str] = field(default_factory=list)
    """Other campaigns whose events stand in the same journal: nobody can say which test is whose."""
    problems: list[str] = field(default_factory=list)

    def test(self, node_id: NodeId) -> TestState:
        """The state of that test, new if nothing was said of it yet."""
        return self.tests.setdefault(node_id, TestState(node_id))

    @property
    def has_failures(self) -> bool:
        """Whether any attempt at a test failed, was throttled while it ran, or a file could not be collected.

        So pytest ends with 1, whatever became of the test in the end.
        """
        ended = (attempt for test in self.tests.values() for attempt in test.attempts.values())
        return bool(self.uncollected) or any(
            attempt.number != HELD_BACK and attempt.finished is not None and attempt.finished.outcome in _RED
            for attempt in ended
        )

    @singledispatchmethod
    def take(self, event: Event, record: Record) -> None:
        """Learn the *event* of *record*."""
        raise TypeError(f"no rule for the event {type(event).__name__} at {record.at}")

    @take.register
    def _(self, event: CampaignStarted, record: Record) -> None:
        if self.started is None:
            self.started, self.plan, self.first_at = event, event.plan, record.at
        elif self.started.campaign != event.campaign:
            self.strangers.append(event.campaign)
        elif self.started != replace(event, shard=self.started.shard):
            self.problems.append(f"campaign {event.campaign} was stated twice, differently; the first counts")
        if event.shard is not None:
            if event.shard in self.shards.values():
                self.problems.append(f"shard {event.shard} has run twice; the worse outcome of each test counts")
            self.shards[record.writer] = event.shard

    @take.register
    def _(self, event: PlanExtended, record: Record) -> None:
        if self.plan is None:
            self.problems.append(f"the plan was extended at {record.at:%H:%M:%S} before it was stated")
            return
        self.plan = replace(
            self.plan,
            reason=event.reason,
            phases=self.plan.phases + event.phases,
            left_out=tuple(dict.fromkeys(self.plan.left_out + event.left_out)),
        )

    @take.register
    def _(self, event: DeploymentIdentified, _record: Record) -> None:
        self.deployments.append(event)

    @take.register
    def _(self, event: PhaseStarted, record: Record) -> None:
        self.phases_started.setdefault(event.number, record.at)

    @take.register
    def _(self, event: PhaseFinished, record: Record) -> None:
        self.phases_finished.setdefault(event.number, {})[record.writer] = (record.at, event)

    @take.register
    def _(self, event: Collected, _record: Record) -> None:
        if event.problem:
            if event not in self.uncollected:  # each shard says so
                self.uncollected.append(event)
            return
        test = self.test(event.node_id)
        before, test.collected = test.collected, event
        if before is not None and (before.phase, before.suite) != (event.phase, event.suite):
            claims = sorted(f"{one.suite} in phase {one.phase}" for one in (before, event))
            self.problems.append(f"{event.node_id} was collected for both {' and '.join(claims)}")

    @take.register
    def _(self, event: TestStarted, record: Record) -> None:
        self.test(event.node_id).attempt(event.attempt).started_at = record.at

    @take.register
    def _(self, event: TestFinished, record: Record) -> None:
        attempt = self.test(event.node_id).attempt(event.attempt)
        attempt.ended_at = max(record.at, attempt.ended_at or record.at)
        if attempt.finished is not None and attempt.finished.outcome is not event.outcome:
            self.problems.append(
                f"{event.node_id} ended twice in attempt {event.attempt}: "
                f"{' and '.join(sorted((attempt.finished.outcome, event.outcome)))}; the worse one counts"
            )
        if attempt.finished is None or _WORSE.index(event.outcome) < _WORSE.index(attempt.finished.outcome):
            attempt.finished = event

    @take.register
    def _(self, event: TestBlocked, _record: Record) -> None:
        self.test(event.node_id).attempt(event.attempt).blocked = event

    @take.register
    def _(self, _event: HeartbeatStarted, _record: Record) -> None:
        """No campaign: what it saw are observations like others."""

    @take.register
    def _(self, event: Observed, _record: Record) -> None:
        self.observations.append(event)

    @take.register
    def _(self, event: Sampled, record: Record) -> None:
        self.samples.setdefault((event.phase, event.gate), {}).setdefault(record.writer, []).append(event)

    @take.register
    def _(self, event: DependencyChanged, _record: Record) -> None:
        self.changes.append(event)

    @take.register
    def _(self, event: WorkerLost, _record: Record) -> None:
        self.lost.append(event)

    @take.register
    def _(self, event: CleanUpFailed, _record: Record) -> None:
        self.unclean.append(event)

    @take.register
    def _(self, event: Interrupted, _record: Record) -> None:
        self.interruptions.append(event.reason)

    @take.register
    def _(self, event: CampaignFinished, record: Record) -> None:
        self.finishers.add(record.writer)
        before = self.finished.writers if self.finished else {}
        writers = {name: max(count, before.get(name, 0)) for name, count in event.writers.items()}
        self.finished = CampaignFinished(writers={**before, **writers})


_RED = {*FAILURES, Outcome.BLOCKED}
_WORSE = (
    Outcome.FAILED,
    Outcome.ERRORED,
    Outcome.BLOCKED,
    Outcome.NOT_RUN,
    Outcome.SKIPPED,
    Outcome.PASSED,
)


def fold(records: Iterable[Record], problems: Iterable[str] = ()) -> CampaignState:
    """The state that *records* describe; *problems* of reading them are carried along."""
    state = CampaignState(problems=list(problems))
    last_seq: dict[str, int] = {}
    authors: set[str] = set()
    for record in records:
        state.take(record.event, record)
        state.last_at = record.at
        last_seq[record.writer] = max(record.seq, last_seq.get(record.writer, 0))
        if isinstance(record.event, CampaignStarted | CampaignFinished):
            authors.add(record.writer)
    if state.finished is not None:
        state.problems += _lost_events(state.finished, last_seq)
        state.problems += _foreign_events(state.finished, last_seq, authors)
    return state


def _lost_events(finished: CampaignFinished, last_seq: dict[str, int]) -> list[str]:
    return [
        f"{writer}.jsonl: {count - last_seq.get(writer, 0)} of {count} events are missing at the end"
        for writer, count in finished.writers.items()
        if last_seq.get(writer, 0) < count
    ]


def _foreign_events(finished: CampaignFinished, last_seq: dict[str, int], authors: set[str]) -> list[str]:
    """A test's events do not say whose campaign they are of: what no campaign has counted is nobody's."""
    return [
        f"{writer}.jsonl: {last - counted} of {last} events belong to no finished campaign here"
        for writer, last in sorted(last_seq.items())
        if writer not in authors and (counted := finished.writers.get(writer, 0)) < last
    ]
