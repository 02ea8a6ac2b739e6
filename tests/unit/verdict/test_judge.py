"""Each rule of the verdict has an evidence that makes it fire and one that must not."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_tools.errors import EmptyJournalError
from ci_tools.evidence.events import (
    CampaignFinished,
    CampaignStarted,
    CleanUpFailed,
    Collected,
    Interrupted,
    PhaseFinished,
    PhaseStarted,
    PlanExtended,
    WorkerLost,
)
from ci_tools.model import DependencyState, Deployment, GateState, NodeId, Outcome, Phase, Suite, Verdict
from ci_tools.verdict.fold import CampaignState, fold
from ci_tools.verdict.judge import judge

PASS, FAIL, INCONCLUSIVE = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE


def test_a_complete_campaign_without_failure_passes(story: Any) -> None:
    """Everything planned, seen and good is a pass without reasons."""
    story.suite(expected=2).coverage(0.85, "chat").ran("a", "b").reliability().sampled(18)

    judgement = story.judged()

    assert (judgement.verdict, judgement.reasons, judgement.complete) == (PASS, (), True)
    assert [phase.verdict for phase in judgement.phases] == [PASS]


def test_a_judgement_repeats_what_was_planned_and_when(story: Any) -> None:
    """A judgement says whose it is: campaign, plan, environment, faults, times and deployment."""
    story.suite().ran("a").identified("r1").planned(time_scale=0.1, left_out=("coverage",), inconclusive="warn")
    records = story.records()
    records[0] = replace(records[0], event=replace(records[0].event, faults=("redis_down",)))

    judgement = judge(fold(records))

    assert (judgement.campaign, judgement.plan_name, judgement.plan_reason) == ("c1", "full", "asked for")
    assert (judgement.environment, judgement.time_scale, judgement.inconclusive) == ("twin", 0.1, "warn")
    assert (judgement.faults, judgement.left_out) == (("redis_down",), ("coverage",))
    assert (judgement.started_at, judgement.finished_at) == (records[0].at, records[-1].at)
    assert judgement.deployment == Deployment(revision="r1", sha="0123456789abcdef")


def test_a_failing_gate_fails_the_campaign_and_names_its_dependency(story: Any) -> None:
    """One failing gate is a failure, in the name of the dependency it speaks for."""
    story.suite().coverage(1.0, "chat").ran("a").ran("b", outcome=Outcome.FAILED, message="no pong")

    judgement = story.judged()

    assert (judgement.verdict, judgement.reasons) == (FAIL, ("backend: chat at 100% fails: b: no pong",))


def test_an_open_gate_makes_the_campaign_inconclusive(story: Any) -> None:
    """What cannot be told is no pass, and the reason names what is missing."""
    story.suite().coverage(0.5, "chat").ran("a").blocked("b")

    judgement = story.judged()

    assert (judgement.verdict, judgement.reasons) == (
        INCONCLUSIVE,
        ("backend: chat at 50% cannot be told: 1 blocked by redis",),
    )


def test_failure_outweighs_what_is_open(story: Any) -> None:
    """A certain failure is a failure, whatever else could not be told; both are named."""
    story.suite().suite("search").coverage(1.0, "chat").ran("a", outcome=Outcome.FAILED)
    judgement = story.blocked("b", suite="search").judged()

    assert (judgement.verdict, len(judgement.reasons)) == (FAIL, 2)


def test_a_certain_failure_stays_one_when_the_run_was_killed(story: Any) -> None:
    """A killed run that has already seen enough still reports the failure."""
    story.suite(expected=3).coverage(1.0, "chat").ran("a", outcome=Outcome.FAILED).ends_with()

    assert story.judged().verdict is FAIL


def test_a_killed_campaign_is_inconclusive(story: Any) -> None:
    """Without its last event nobody knows what else would have come."""
    story.suite().ran("a").ends_with(PhaseFinished(number=1))

    judgement = story.judged()

    assert (judgement.verdict, judgement.complete, judgement.reasons) == (
        INCONCLUSIVE,
        False,
        ("the campaign never finished: its process was killed or is still running",),
    )


def test_an_interrupted_campaign_is_inconclusive(story: Any) -> None:
    """A campaign that was told to stop says by what, once."""
    story.suite().ran("a").saw(*[Interrupted(reason="SIGTERM was received")] * 2)

    judgement = story.judged()

    assert (judgement.verdict, judgement.reasons) == (INCONCLUSIVE, ("interrupted: SIGTERM was received",))
    assert judgement.complete is False


def test_a_phase_that_never_started_is_inconclusive(story: Any) -> None:
    """A planned phase that did not begin is named."""
    story.suite().ran("a").planned(phases=(story.phase(), replace(story.phase(), number=2, name="features")))

    judgement = story.judged()

    assert [phase.verdict for phase in judgement.phases] == [PASS, INCONCLUSIVE]
    assert "phase 2 features: never started" in judgement.reasons


def test_a_phase_that_never_finished_is_inconclusive(story: Any) -> None:
    """A phase without an end is named."""
    story.suite().ran("a").ends_with(CampaignFinished(writers={}))

    judgement = story.judged()

    assert (judgement.verdict, judgement.reasons) == (INCONCLUSIVE, ("phase 1 critical: never finished",))


def test_a_phase_that_was_cut_short_is_inconclusive(story: Any) -> None:
    """A phase that ran out of its budget says so."""
    story.suite().ran("a").ends_with(
        PhaseFinished(number=1, cut_short="its budget of 60 s was spent"), CampaignFinished(writers={})
    )

    judgement = story.judged()

    assert (judgement.verdict, judgement.reasons) == (
        INCONCLUSIVE,
        ("phase 1 critical: its budget of 60 s was spent",),
    )


def test_a_phase_that_asks_nothing_does_not_pass(story: Any) -> None:
    """A phase with neither gate nor suite is no evidence."""
    judgement = story.judged()

    assert (judgement.verdict, judgement.reasons) == (
        INCONCLUSIVE,
        ("phase 1 critical: it holds neither gate nor suite: nothing was asked",),
    )


def test_a_plan_without_phases_does_not_pass(story: Any) -> None:
    """A plan that asks nothing is no evidence."""
    judgement = story.planned(phases=()).judged()

    assert (judgement.verdict, judgement.reasons) == (INCONCLUSIVE, ("the plan holds no phase: nothing was asked",))


def test_tests_outside_every_suite_are_inconclusive(story: Any) -> None:
    """A test that ran without having been collected is evidence that nobody planned."""
    story.suite().ran("a").attempted("stray", outcome=Outcome.PASSED)

    judgement = story.judged()

    assert (judgement.verdict, judgement.reasons) == (
        INCONCLUSIVE,
        ("1 tests belong to no suite of the plan, the first tests/test_chat.py::stray",),
    )


@pytest.mark.parametrize(("suite", "phase"), [("ghost", 1), ("chat", 2)])
def test_a_test_of_an_unknown_suite_is_not_dropped(story: Any, suite: str, phase: int) -> None:
    """A test collected for a suite that the plan lacks is noticed, for it votes nowhere."""
    story.suite().ran("a").collected("b", suite=suite, phase=phase).attempted("b", outcome=Outcome.FAILED)

    judgement = story.judged()

    assert (judgement.verdict, judgement.reasons) == (
        INCONCLUSIVE,
        ("1 tests belong to no suite of the plan, the first tests/test_chat.py::b",),
    )


def test_a_broken_file_of_no_suite_is_inconclusive(story: Any) -> None:
    """A file that could not be collected is noticed also where no suite claims it."""
    story.suite().ran("a")
    story.saw(Collected(node_id=NodeId("tests/conftest.py"), suite="", phase=1, problem="ImportError"))

    judgement = story.judged()

    assert (judgement.verdict, judgement.reasons) == (
        INCONCLUSIVE,
        ("tests/conftest.py could not be collected: ImportError",),
    )


def test_a_damaged_journal_is_inconclusive(story: Any) -> None:
    """What could not be read might have been a failure."""
    story.suite().ran("a")
    story.problems.append("main.jsonl:3: not JSON")

    judgement = story.judged()

    assert (judgement.verdict, judgement.reasons) == (INCONCLUSIVE, ("journal: main.jsonl:3: not JSON",))
    assert judgement.problems == ("main.jsonl:3: not JSON",)


def test_lost_events_are_inconclusive(story: Any) -> None:
    """A writer's file cut short at a line's end is noticed by the count of its events."""
    story.suite().ran("a").ends_with(PhaseFinished(number=1), CampaignFinished(writers={"gw0": 2}))

    judgement = story.judged()

    assert (judgement.verdict, judgement.reasons) == (
        INCONCLUSIVE,
        ("journal: gw0.jsonl: 2 of 2 events are missing at the end",),
    )


def test_two_campaigns_in_one_journal_are_inconclusive(story: Any) -> None:
    """Even a failure has no owner where two campaigns share a journal."""
    story.suite().ran("a", outcome=Outcome.FAILED)
    story.saw(CampaignStarted(campaign="c2", plan=story.stated().plan, tool_version="1"))

    judgement = story.judged()

    assert (judgement.verdict, judgement.reasons[0]) == (INCONCLUSIVE, "several campaigns in one journal: c1, c2")


def test_a_changed_deployment_is_inconclusive(story: Any) -> None:
    """Even a failure has no owner where the deployment changed during the campaign."""
    story.suite().ran("a", outcome=Outcome.FAILED).planned(identifies_deployment=True).identified("r1", "r2", "r2")

    judgement = story.judged()

    assert (judgement.verdict, judgement.reasons[0]) == (
        INCONCLUSIVE,
        "superseded: the deployment changed during the campaign, r1 (0123456789ab) → r2 (0123456789ab)",
    )


def test_the_same_deployment_throughout_passes(story: Any) -> None:
    """A deployment that gives the same answer at every phase end is no doubt."""
    story.suite().ran("a").planned(identifies_deployment=True).identified("r1", "r1")

    assert story.judged().verdict is PASS


def test_a_deployment_without_sha_is_named_by_its_revision(story: Any) -> None:
    """Where the build is unknown the revision alone tells deployments apart."""
    story.suite().ran("a").identified("r1", "r2")
    story.middle = [
        replace(event, deployment=replace(event.deployment, sha=None)) if hasattr(event, "deployment") else event
        for event in story.middle
    ]

    assert story.judged().reasons == ("superseded: the deployment changed during the campaign, r1 → r2",)


def test_an_unidentified_deployment_is_inconclusive(story: Any) -> None:
    """An environment that can say which deployment it is must say so."""
    story.suite().ran("a").planned(identifies_deployment=True).identified("r1", None)

    judgement = story.judged()

    assert (judgement.verdict, judgement.reasons) == (
        INCONCLUSIVE,
        ("the deployment could not be identified: 404",),
    )


def test_a_deployment_that_was_never_asked_is_inconclusive(story: Any) -> None:
    """No answer at all is no identification."""
    judgement = story.suite().ran("a").planned(identifies_deployment=True).judged()

    assert (judgement.verdict, judgement.reasons, judgement.deployment) == (
        INCONCLUSIVE,
        ("the deployment could not be identified: it was never asked",),
        None,
    )


def test_an_environment_without_identity_needs_none(story: Any) -> None:
    """Where the environment cannot say which deployment it is, nobody asks."""
    assert story.suite().ran("a").judged().verdict is PASS


def test_a_lost_worker_leaves_its_test_open(story: Any) -> None:
    """The test that a killed worker was running did not run."""
    story.suite().ran("a").collected("b").saw(WorkerLost(worker="gw0", reason="killed", node_id=story.node("b")))

    judgement = story.judged()

    assert (judgement.verdict, judgement.reasons) == (
        INCONCLUSIVE,
        ("chat: chat passes cannot be told: 1 not run",),
    )


def test_a_lost_worker_whose_tests_all_ended_is_no_doubt(story: Any) -> None:
    """A worker that dies with nothing left to do takes no evidence along."""
    story.suite().ran("a").saw(WorkerLost(worker="gw0", reason="killed"))

    assert story.judged().verdict is PASS


def test_a_session_that_was_not_cleaned_up_leaves_no_pass(story: Any) -> None:
    """What its tests share may have failed for a reason that is the system's; each reason is told once."""
    unclean = [
        CleanUpFailed(worker=worker, reason="RuntimeError: 500 from DELETE /orders") for worker in ("gw0", "gw1")
    ]
    story.suite().ran("a").saw(*unclean)

    judgement = story.judged()

    assert (judgement.verdict, judgement.reasons) == (
        INCONCLUSIVE,
        ("a session was not cleaned up: RuntimeError: 500 from DELETE /orders",),
    )


def test_an_extended_plan_is_judged_whole(story: Any) -> None:
    """Phases that were added later count like the first."""
    added = Phase(number=2, name="features", budget_s=1.0, suites=(Suite(name="tools", paths=("tools",)),))
    story.suite().ran("a").ends_with(
        PhaseFinished(number=1),
        PlanExtended(reason="healthy", phases=(added,)),
        PhaseStarted(number=2),
        Collected(node_id=NodeId("t::x"), suite="tools", phase=2),
        PhaseFinished(number=2),
        CampaignFinished(writers={}),
    )

    judgement = story.judged()

    assert (judgement.plan_reason, [phase.verdict for phase in judgement.phases]) == ("healthy", [PASS, INCONCLUSIVE])
    assert judgement.reasons == ("tools: tools passes cannot be told: 1 not run",)


def test_phases_are_judged_by_their_own_gates(story: Any) -> None:
    """A gate that fails in one phase says nothing of another."""
    first = Phase(number=1, name="one", budget_s=1.0, suites=(Suite(name="chat", paths=("chat",)),))
    story.planned(phases=(first, replace(first, number=2, name="two"))).ran("a", outcome=Outcome.FAILED)
    story.collected("b", phase=2).attempted("b", outcome=Outcome.PASSED)
    story.ends_with(
        PhaseFinished(number=1), PhaseStarted(number=2), PhaseFinished(number=2), CampaignFinished(writers={})
    )

    assert [phase.verdict for phase in story.judged().phases] == [FAIL, PASS]


def test_a_flaky_test_that_failed_first_fails_its_gate(story: Any) -> None:
    """A repeat that passes does not repair the verdict."""
    story.suite().ran("a", outcome=Outcome.FAILED).attempted("a", attempt=2, outcome=Outcome.PASSED)

    assert story.judged().verdict is FAIL


def test_a_journal_without_a_plan_cannot_be_judged() -> None:
    """Where even the plan is missing there is nothing to hold the evidence against."""
    with pytest.raises(EmptyJournalError, match=r"its campaign_started is missing.*heartbeats .* triage DIR"):
        judge(CampaignState())


def test_why_the_plan_is_missing_is_said_where_it_is_known() -> None:
    """A line of another version is no line that another job holds."""
    state = fold([], ["campaign.jsonl:1: not an event of version 1, but of version 99"])

    with pytest.raises(
        EmptyJournalError, match=r"its campaign_started is missing; .*: campaign.jsonl:1: .* version 99"
    ):
        judge(state)


STEPS = st.sampled_from(
    [
        ("ran", ("a",), {}),
        ("ran", ("b",), {"outcome": Outcome.FAILED}),
        ("ran", ("c",), {"outcome": Outcome.SKIPPED}),
        ("attempted", ("a",), {"outcome": Outcome.PASSED, "attempt": 2}),
        ("attempted", ("stray",), {"outcome": Outcome.PASSED}),
        ("blocked", ("d",), {}),
        ("collected", ("e",), {}),
        ("collected", ("f",), {"suite": "ghost"}),
        ("sampled", (18,), {}),
        ("sampled", (3, DependencyState.DOWN), {}),
        ("sampled", (2, DependencyState.UNKNOWN), {}),
        ("identified", ("r1",), {}),
        ("identified", ("r2",), {}),
        ("identified", (None,), {}),
        ("saw", (Interrupted(reason="SIGINT"),), {}),
    ]
)


@given(
    steps=st.lists(STEPS, max_size=8),
    finished=st.booleans(),
    plan=st.fixed_dictionaries({"identifies_deployment": st.booleans()}),
    expected=st.none() | st.just(2),
)
@settings(derandomize=True, deadline=None, max_examples=200)
def test_a_verdict_and_its_reasons_agree(
    new_story: Any, steps: list[Any], plan: dict[str, bool], expected: int | None, *, finished: bool
) -> None:
    """A pass has no reasons and every gate holding; all else has reasons, and an open gate names what is missing."""
    story = new_story().suite(expected=expected).suite("search").coverage(0.6, "chat", "search").reliability()
    story.ran("s", suite="search").planned(**plan)
    for method, values, fields in steps:
        getattr(story, method)(*values, **fields)

    judgement = (story if finished else story.ends_with()).judged()

    states = {gate.state for gate in judgement.gates}
    assert (judgement.verdict is PASS) == (not judgement.reasons)
    assert judgement.verdict is not PASS or states == {GateState.HOLDS}
    assert judgement.verdict is not FAIL or GateState.FAILS in states
    assert all(bool(gate.missing) == (gate.state is GateState.CANNOT_TELL) for gate in judgement.gates)
    assert all(bool(gate.detail) == (gate.state is GateState.FAILS) for gate in judgement.gates)
