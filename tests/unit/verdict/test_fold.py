from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from ci_tools.model import DependencyState, NodeId, Observation, Outcome, Phase
from ci_tools.verdict.fold import CampaignState, fold

REDIS_UP = Observation(probe="redis", dependency="redis", state=DependencyState.UP)
NODE = NodeId("tests/test_chat.py::a")


def test_every_event_has_a_rule(story: Any) -> None:
    """No event of a journal can stop the fold."""
    events: list[Event] = [
        story.stated(),
        PlanExtended(reason="healthy", phases=()),
        DeploymentIdentified(deployment=None, problem="404"),
        PhaseStarted(number=1),
        Collected(node_id=NODE, suite="chat", phase=1),
        TestStarted(node_id=NODE),
        TestFinished(node_id=NODE, outcome=Outcome.PASSED, duration_s=1.0),
        TestBlocked(node_id=NODE, dependency="redis", reason="down"),
        Observed(observation=REDIS_UP),
        Sampled(phase=1, gate="redis answers", observation=REDIS_UP),
        DependencyChanged(dependency="redis", state=DependencyState.DOWN, reason="refused"),
        WorkerLost(worker="gw0", reason="killed"),
        CleanUpFailed(worker="gw0", reason="RuntimeError: no"),
        PhaseFinished(number=1),
        Interrupted(reason="SIGTERM was received"),
        CampaignFinished(writers={}),
        HeartbeatStarted(environment="here"),
    ]
    state = CampaignState()
    for event in events:
        state.take(event, story.records()[0])

    assert {type(event) for event in events} == set(get_args(Event))
    assert state.observations == [events[8]]
    assert state.samples == {(1, "redis answers"): {"campaign": [events[9]]}}
    assert state.changes == [events[10]]
    assert state.lost == [events[11]]
    assert state.interruptions == ["SIGTERM was received"]


def test_what_is_no_event_is_refused(story: Any) -> None:
    """A value that is no event is a defect of ours, never ignored."""
    with pytest.raises(TypeError, match="no rule for the event str"):
        CampaignState().take("started", story.records()[0])  # type: ignore[arg-type]


def test_a_campaign_lasts_from_its_statement_to_its_last_event(story: Any) -> None:
    """The bounds of a campaign are those of its events."""
    records = story.suite().ran("a").records()

    state = fold(records)

    assert (state.first_at, state.last_at) == (records[0].at, records[-1].at)


def test_an_extension_adds_phases_and_its_reason(story: Any) -> None:
    """The plan ``auto`` grows by what it decided after its first phase."""
    later = Phase(number=2, name="features", budget_s=1.0)
    story.suite().planned(left_out=("coverage",))
    story.saw(PlanExtended(reason="phase 1 is healthy", phases=(later,), left_out=("coverage", "advanced")))

    plan = fold(story.records()).plan

    assert [phase.number for phase in plan.phases] == [1, 2]
    assert (plan.reason, plan.left_out) == ("phase 1 is healthy", ("coverage", "advanced"))


def test_an_extension_without_a_plan_is_a_problem(story: Any) -> None:
    """An extension of what was never stated is noticed."""
    state = fold(story.saw(PlanExtended(reason="healthy", phases=())).records()[2:3])

    assert state.problems == ["the plan was extended at 12:00:03 before it was stated"]


def test_the_same_statement_twice_changes_nothing(story: Any) -> None:
    """A repeated statement neither is a problem nor takes an extension back."""
    later = Phase(number=2, name="features", budget_s=1.0)
    story.suite().saw(PlanExtended(reason="healthy", phases=(later,)), story.stated())

    state = fold(story.records())

    assert (state.problems, len(state.plan.phases)) == ([], 2)


def test_another_plan_of_the_same_campaign_is_a_problem(story: Any) -> None:
    """A later, smaller plan cannot replace what was promised first."""
    stated = story.suite().stated()
    smaller = replace(stated, plan=replace(stated.plan, phases=()))

    state = fold(story.saw(smaller).records())

    assert state.problems == ["campaign c1 was stated twice, differently; the first counts"]
    assert len(state.plan.phases) == 1


def test_another_campaign_is_a_stranger(story: Any) -> None:
    """Events of a second campaign are noticed, and its plan is not taken."""
    stated = story.suite().stated()

    state = fold(story.saw(CampaignStarted(campaign="c2", plan=stated.plan, tool_version="1")).records())

    assert (state.strangers, state.started.campaign) == (["c2"], "c1")


def test_a_phase_starts_when_it_first_started(story: Any) -> None:
    """A phase that is announced twice began the first time."""
    records = story.saw(PhaseStarted(number=1)).records()

    assert fold(records).phases_started == {1: records[1].at}


def test_two_ends_of_one_attempt_count_as_the_worse(story: Any) -> None:
    """Contradicting ends are a problem, and the failure counts."""
    story.suite().ran("a").attempted("a", outcome=Outcome.FAILED)

    state = fold(story.records())

    assert state.tests[NODE].attempts[1].finished.outcome is Outcome.FAILED
    assert state.problems == [f"{NODE} ended twice in attempt 1: failed and passed; the worse one counts"]


def test_a_later_better_end_does_not_count(story: Any) -> None:
    """The order of contradicting ends does not matter."""
    story.suite().ran("a", outcome=Outcome.FAILED).attempted("a", outcome=Outcome.PASSED)

    assert fold(story.records()).tests[NODE].attempts[1].finished.outcome is Outcome.FAILED


def test_the_same_end_twice_is_no_problem(story: Any) -> None:
    """Two writers may report the same end."""
    story.suite().ran("a").attempted("a", outcome=Outcome.PASSED)

    assert fold(story.records()).problems == []


def test_a_test_collected_for_two_suites_is_a_problem(story: Any) -> None:
    """A test votes once; where two suites claim it, one of them is short of a test."""
    story.suite().suite("search").ran("a").collected("a", suite="search")

    assert fold(story.records()).problems == [f"{NODE} was collected for both chat in phase 1 and search in phase 1"]


def test_a_test_collected_twice_for_one_suite_is_no_problem(story: Any) -> None:
    """Every worker collects the same tests."""
    assert fold(story.suite().ran("a").collected("a").records()).problems == []


def test_a_file_that_cannot_be_collected_is_no_test(story: Any) -> None:
    """A broken file stands beside the tests."""
    broken = Collected(node_id=NodeId("tests/test_x.py"), suite="chat", phase=1, problem="ImportError")

    state = fold(story.suite().saw(broken).records())

    assert (state.uncollected, state.tests) == ([broken], {})


@pytest.mark.parametrize(
    ("event", "has_failures"),
    [
        (TestFinished(node_id=NODE, outcome=Outcome.FAILED, duration_s=1.0), True),
        (TestFinished(node_id=NODE, outcome=Outcome.BLOCKED, duration_s=1.0), True),
        (TestFinished(node_id=NODE, outcome=Outcome.BLOCKED, duration_s=0.0, attempt=HELD_BACK), False),
        (TestFinished(node_id=NODE, outcome=Outcome.PASSED, duration_s=1.0), False),
        (TestStarted(node_id=NODE), False),
        (Collected(node_id=NodeId("tests/test_more.py"), suite="chat", phase=1, problem="ImportError"), True),
    ],
    ids=["failed", "throttled while it ran", "held back", "passed", "never ended", "not collected"],
)
def test_what_pytest_ends_with_1_for_is_known(story: Any, event: Event, *, has_failures: bool) -> None:
    """Whatever became of it in the end; otherwise a plugin of the suite's own has refused the session."""
    assert fold(story.suite().saw(event).records()).has_failures is has_failures


def test_events_missing_at_the_end_of_a_writer_are_counted(story: Any) -> None:
    """The finished campaign knows how far every writer came."""
    story.suite().ends_with(CampaignFinished(writers={"phase1-gw0": 7, "phase1-gw1": 0}))

    assert fold(story.records()).problems == ["phase1-gw0.jsonl: 7 of 7 events are missing at the end"]


def test_a_writer_that_is_complete_is_no_problem(story: Any) -> None:
    """A writer whose last event is there has lost nothing."""
    story.suite().ends_with(CampaignFinished(writers={"phase1-gw0": 1}))
    other = replace(story.records()[1], writer="phase1-gw0", seq=1)

    assert fold([*story.records(), other]).problems == []


@pytest.mark.parametrize(("counted", "said"), [({}, "2 of 2"), ({"phase1-gw0": 1}, "1 of 2")])
def test_events_that_no_campaign_counted_are_nobodys(story: Any, counted: dict[str, int], said: str) -> None:
    """A file of another campaign that was put beside, or in the place of, one of ours is noticed."""
    story.suite().ends_with(CampaignFinished(writers=counted))
    foreign = [replace(story.records()[1], writer="phase1-gw0", seq=number) for number in (1, 2)]

    assert fold([*story.records(), *foreign]).problems == [
        f"phase1-gw0.jsonl: {said} events belong to no finished campaign here"
    ]


def test_before_the_end_nobody_knows_whose_events_are_whose(story: Any) -> None:
    """While a campaign runs, its writers are not yet counted."""
    story.suite().ends_with()
    other = replace(story.records()[1], writer="phase1-gw0", seq=1)

    assert fold([*story.records(), other]).problems == []


def test_two_finishing_events_demand_what_either_counted(story: Any) -> None:
    """A second finish cannot forget the writers of the first."""
    story.suite().ends_with(CampaignFinished(writers={"a": 2, "b": 1}), CampaignFinished(writers={"a": 1}))

    assert fold(story.records()).problems == [
        "a.jsonl: 2 of 2 events are missing at the end",
        "b.jsonl: 1 of 1 events are missing at the end",
    ]


def test_problems_of_reading_are_carried_along() -> None:
    """What could not be read stays a problem."""
    assert fold([], ["main.jsonl: the last line is torn"]).problems == ["main.jsonl: the last line is torn"]


@given(order=st.permutations(range(12)))
@settings(derandomize=True, deadline=None)
def test_the_order_of_writers_does_not_matter(story_of_writers: Any, order: Sequence[int]) -> None:
    """Events of several writers give one result, however their files are interleaved."""
    whole, records = story_of_writers

    state = fold([records[number] for number in order])

    assert (state.tests, state.samples, state.finished, sorted(state.problems)) == whole


@pytest.fixture(scope="module")
def story_of_writers() -> Any:
    """Twelve events, each by a writer of its own, and the state they make in their own order."""
    from_noon = _twelve_records()
    state = fold(from_noon)
    return (state.tests, state.samples, state.finished, sorted(state.problems)), from_noon


def _twelve_records() -> list[Record]:
    events: list[Event] = [
        *(Collected(node_id=NodeId(f"t::{name}"), suite="chat", phase=1) for name in "abc"),
        *(TestStarted(node_id=NodeId(f"t::{name}")) for name in "abc"),
        *(TestFinished(node_id=NodeId(f"t::{name}"), outcome=Outcome.PASSED, duration_s=1.0) for name in "ab"),
        TestFinished(node_id=NodeId("t::a"), outcome=Outcome.FAILED, duration_s=1.0),
        TestBlocked(node_id=NodeId("t::c"), dependency="redis", reason="down"),
        Sampled(phase=1, gate="redis answers", observation=REDIS_UP),
        CampaignFinished(writers={"w1": 1, "w99": 4}),
    ]
    now = datetime(2025, 9, 16, tzinfo=UTC)
    return [
        Record(writer=f"w{number}", seq=1, at=now + timedelta(seconds=number), mono_s=0.0, event=event)
        for number, event in enumerate(events)
    ]
