from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console

from ci_tools.evidence.events import (
    CampaignStarted,
    CleanUpFailed,
    Collected,
    DependencyChanged,
    Event,
    Interrupted,
    PhaseFinished,
    PhaseStarted,
    PlanExtended,
    Record,
    Sampled,
    TestFinished,
    TestStarted,
    WorkerLost,
)
from ci_tools.model import DependencyState, NodeId, Observation, Outcome, Phase, Plan
from ci_tools.runner.progress import Progress

FIRST = Phase(number=1, name="first", budget_s=300)
SECOND = Phase(number=2, name="second", budget_s=60)


def started(text: str = "word") -> CampaignStarted:
    """A campaign in which everything is called *text*."""
    phase = Phase(number=1, name=text, budget_s=300)
    plan = Plan(name=text, reason=text, environment=text, time_scale=1, phases=(phase,))
    return CampaignStarted(campaign=text, plan=plan, tool_version="0", faults=(text,))


def finished(
    outcome: Outcome, message: str = "", exc_type: str = "", node_id: str = "test_a.py::test_it"
) -> TestFinished:
    """The end of a test."""
    return TestFinished(node_id=NodeId(node_id), outcome=outcome, duration_s=0.1, message=message, exc_type=exc_type)


def collected(problem: str = "", node_id: str = "test_a.py::test_it") -> Collected:
    """A test, or a file that could not be imported."""
    return Collected(node_id=NodeId(node_id), suite="all", phase=1, problem=problem)


class Audience:
    """Somebody who watches, at a clock that stands until it is moved."""

    def __init__(self, *, live: bool) -> None:
        self.now = 100.0
        self.console = Console(file=StringIO(), width=100, force_terminal=live, highlight=False)
        self.progress = Progress(self.console, live=live, clock=lambda: self.now)

    def sees(self, *events: Event) -> str:
        """All that is shown after *events*."""
        for number, event in enumerate(events, 1):
            record = Record(writer="w", seq=number, at=datetime(2026, 3, 2, tzinfo=UTC), mono_s=0, event=event)
            self.progress.take(record)
        assert isinstance(self.console.file, StringIO)
        return self.console.file.getvalue()


@pytest.fixture
def log() -> Audience:
    """Who reads a CI log."""
    return Audience(live=False)


@pytest.fixture
def terminal() -> Iterator[Audience]:
    """Who sits at a terminal."""
    audience = Audience(live=True)
    with audience.progress:
        yield audience


def test_a_campaign_is_told_from_plan_to_tally(log: Audience) -> None:
    """What runs and why, then each phase with its count."""
    plan = Plan(name="full", reason="all phases", environment="here", time_scale=1, phases=(FIRST,))

    told = log.sees(
        CampaignStarted(campaign="c-1", plan=plan, tool_version="0"),
        PhaseStarted(number=1),
        collected(),
        TestStarted(node_id=NodeId("test_a.py::test_it")),
        finished(Outcome.PASSED),
        PhaseFinished(number=1),
    )

    assert told.splitlines() == [
        "campaign c-1: plan full on here",
        "  all phases",
        "phase 1 first, budget 5 min 00 s",
        "  1/1 passed",
    ]


def test_a_phase_that_was_added_is_known(log: Audience) -> None:
    """What a choosing plan adds is told like the rest."""
    extended = PlanExtended(reason="first is healthy, hence full", phases=(SECOND,))

    told = log.sees(started(), extended, PhaseStarted(number=2))

    assert told.splitlines()[-2:] == ["  first is healthy, hence full", "phase 2 second, budget 1 min 00 s"]


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (finished(Outcome.FAILED, "one is not two\nassert 1 == 2"), "  failed: test_a.py::test_it: one is not two"),
        (finished(Outcome.ERRORED, "", "RuntimeError"), "  errored: test_a.py::test_it: RuntimeError"),
        (collected("E  first\nE  No module\n"), "  cannot collect test_a.py::test_it: E No module"),
        (DependencyChanged(dependency="redis", state=DependencyState.DOWN, reason="503"), "  redis is down: 503"),
        (WorkerLost(worker="gw1", reason="died"), "  lost gw1: died"),
        (CleanUpFailed(worker="gw1", reason="RuntimeError"), "  gw1 did not clean up: RuntimeError"),
        (Interrupted(reason="SIGTERM was received"), "  interrupted: SIGTERM was received"),
        (PhaseFinished(number=1, cut_short="the budget ended"), "  0/0 passed; the budget ended"),
    ],
)
def test_trouble_is_told_as_it_comes(log: Audience, event: Event, words: str) -> None:
    """In one line, with its reason."""
    told = log.sees(started(), PhaseStarted(number=1), event)

    assert told.splitlines()[-1] == words


@pytest.mark.parametrize("outcome", [Outcome.PASSED, Outcome.SKIPPED, Outcome.BLOCKED])
def test_what_is_no_failure_is_only_counted(log: Audience, outcome: Outcome) -> None:
    """A hundred blocked tests do not bury the line that says why."""
    before = log.sees(started(), PhaseStarted(number=1))

    assert log.sees(finished(outcome)) == before


def test_a_log_is_told_every_five_seconds(log: Audience) -> None:
    """Done, not passed and left, without movement."""
    log.sees(started(), PhaseStarted(number=1), collected(), collected(), finished(Outcome.SKIPPED))
    log.progress.deadline(160.0)
    log.now += 5

    log.progress.tick()
    log.progress.tick()

    assert log.sees().splitlines()[-1] == "  1/2 done, 1 not passed, 55.0 s left"
    assert log.sees().count("done") == 1


def test_a_log_is_told_what_goes_on_before_tests_run(log: Audience) -> None:
    """Probing and collecting take time as well."""
    observation = Observation(probe="p", dependency="d", state=DependencyState.UP)
    log.sees(started(), PhaseStarted(number=1), Sampled(phase=1, gate="reachable", observation=observation))
    log.now += 5
    log.progress.tick()
    log.now += 5

    log.progress.doing("collecting")

    assert log.sees().splitlines()[-2:] == ["  probing: reachable", "  collecting"]


def test_a_budget_that_has_ended_is_not_negative(log: Audience) -> None:
    """Nothing is left."""
    log.progress.deadline(1.0)
    log.now += 5

    log.progress.tick()

    assert log.sees() == "  starting, 0 ms left\n"


def test_nothing_of_a_phase_is_told_after_its_result(log: Audience) -> None:
    """What goes on between phases is told, if anything, without the count and the time of the one before."""
    told = log.sees(started(), PhaseStarted(number=1), collected(), finished(Outcome.PASSED))
    log.progress.deadline(200.0)
    told = log.sees(PhaseFinished(number=1))
    log.now += 5
    log.progress.tick()

    assert log.sees() == told
    log.progress.doing("stopping")
    assert log.sees() == f"{told}  stopping\n"


def test_a_terminal_has_a_bar_at_its_foot(terminal: Audience) -> None:
    """It counts, and is gone at the end."""
    shown = terminal.sees(started(), PhaseStarted(number=1), collected(), finished(Outcome.FAILED, "[bold]no[/bold]"))
    terminal.progress.tick()
    terminal.progress._bar.refresh()

    assert "1/1" in terminal.sees()
    assert "[bold]no[/bold]" in shown


def test_each_phase_has_a_bar_of_its_own(terminal: Audience) -> None:
    """The count of the one before does not go on."""
    terminal.sees(started(), PhaseStarted(number=1), collected(), finished(Outcome.PASSED), PhaseFinished(number=1))

    terminal.sees(PlanExtended(reason="more", phases=(SECOND,)), PhaseStarted(number=2))

    assert len(terminal.progress._bar.tasks) == 1


def test_a_log_obeys_nothing_from_outside(log: Audience, hostile: str) -> None:
    """No control character, and no workflow command, whatever names and reasons hold."""
    told = log.sees(
        started(hostile),
        PlanExtended(reason=hostile, phases=()),
        PhaseStarted(number=1),
        Sampled(phase=1, gate=hostile, observation=Observation(probe="p", dependency="d", state=DependencyState.UP)),
        collected(hostile, hostile),
        finished(Outcome.FAILED, hostile, hostile, hostile),
        finished(Outcome.ERRORED, "", hostile),
        DependencyChanged(dependency=hostile, state=DependencyState.DOWN, reason=hostile),
        WorkerLost(worker=hostile, reason=hostile),
        CleanUpFailed(worker=hostile, reason=hostile),
        Interrupted(reason=hostile),
        PhaseFinished(number=1, cut_short=hostile),
    )
    log.now += 5
    log.progress.tick()

    assert {char for char in told if ord(char) < 32 or 127 <= ord(char) < 160} <= {"\n"}
    assert [row for row in told.splitlines() if row.strip().startswith("::") or "##[" in row] == []
