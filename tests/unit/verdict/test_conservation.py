from collections.abc import Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_tools.evidence.events import (
    CampaignStarted,
    Collected,
    Event,
    Record,
    TestBlocked,
    TestFinished,
    TestStarted,
    WorkerLost,
)
from ci_tools.model import NodeId, Outcome, Phase, Plan, Suite
from ci_tools.verdict.conservation import has_exchange, results_of_suites, results_of_tests
from ci_tools.verdict.fold import fold

SUITES = (
    Suite(name="chat", paths=("chat",), expected=3),
    Suite(name="search", paths=("search",), evidence=True),
    Suite(name="empty", paths=("empty",), expected=2),
)
PLAN = Plan(
    name="full",
    reason="",
    environment="twin",
    time_scale=1.0,
    phases=(Phase(number=1, name="one", budget_s=1.0, suites=SUITES),),
)
NODES = st.sampled_from([NodeId(f"t::{name}") for name in "abcdef"])
ATTEMPTS = st.integers(1, 3)
EVENTS = st.one_of(
    st.builds(
        Collected,
        node_id=NODES,
        suite=st.sampled_from(["chat", "search", "ghost"]),
        phase=st.sampled_from([1, 2]),
        problem=st.sampled_from(["", "", "ImportError"]),
    ),
    st.builds(TestStarted, node_id=NODES, attempt=ATTEMPTS),
    st.builds(
        TestFinished,
        node_id=NODES,
        outcome=st.sampled_from(Outcome),
        duration_s=st.just(1.0),
        attempt=ATTEMPTS,
        message=st.just("why"),
        evidence=st.sampled_from([{}, {"exchanges": [{"status": 200}]}]),
    ),
    st.builds(TestBlocked, node_id=NODES, dependency=st.just("redis"), reason=st.just("down"), attempt=ATTEMPTS),
    st.builds(WorkerLost, worker=st.just("gw0"), reason=st.just("killed"), node_id=st.none() | NODES),
)


def told(events: Sequence[Event]) -> list[Record]:
    """*events* after a statement of the plan, all at one instant."""
    now = datetime(2025, 9, 16, tzinfo=UTC)
    stated = CampaignStarted(campaign="c", plan=PLAN, tool_version="1")
    return [
        Record(writer="w", seq=number, at=now, mono_s=0.0, event=event)
        for number, event in enumerate([stated, *events], 1)
    ]


@given(events=st.lists(EVENTS, max_size=40))
@settings(derandomize=True, deadline=None)
def test_a_suite_never_loses_a_test(events: list[Event]) -> None:
    """Whatever happened in whatever order, the outcomes of a suite sum up to what was planned."""
    state = fold(told(events))

    suites = results_of_suites(state, PLAN, results_of_tests(state, PLAN))

    assert [sum(suite.counts.values()) for suite in suites] == [suite.planned for suite in suites]
    assert all(count >= 0 for suite in suites for count in suite.counts.values())
    assert all(suite.planned >= (suite.expected or 0) for suite in suites)


@given(events=st.lists(EVENTS, max_size=40))
@settings(derandomize=True, deadline=None)
def test_every_test_that_was_ever_mentioned_has_one_result(events: list[Event]) -> None:
    """A test that was collected, started, finished or blocked appears exactly once."""
    mentioned = {
        event.node_id for event in events if not isinstance(event, WorkerLost) and not getattr(event, "problem", "")
    }
    state = fold(told(events))

    results = results_of_tests(state, PLAN)

    assert sorted(result.node_id for result in results) == sorted(mentioned)


def test_a_finished_test_has_its_outcome_and_its_words(story: Any) -> None:
    """Outcome, duration, exception and excerpt are those of the attempt."""
    story.suite().ran("a", outcome=Outcome.FAILED, message="no pong", exc_type="TimeoutError", excerpt="assert pong")

    test = story.judged_test()

    assert (test.outcome, test.reason, test.exc_type, test.excerpt) == (
        Outcome.FAILED,
        "no pong",
        "TimeoutError",
        "assert pong",
    )
    assert (test.attempts, test.duration_s, test.suite, test.phase) == (1, 0.5, "chat", 1)


def test_a_collected_test_that_never_started_was_not_run(story: Any) -> None:
    """Collected and nothing else is not run."""
    test = story.suite().collected("a").judged_test()

    assert (test.outcome, test.attempts, test.reason) == (Outcome.NOT_RUN, 0, "collected, never started")


def test_a_started_test_that_never_finished_was_not_run(story: Any) -> None:
    """A killed worker leaves a test without an end: not run, not failed."""
    test = story.suite().collected("a").saw(TestStarted(node_id=story.node("a"))).judged_test()

    assert (test.outcome, test.attempts, test.reason) == (Outcome.NOT_RUN, 1, "started, never finished")


def test_a_blocked_test_names_what_blocked_it(story: Any) -> None:
    """A test that was held back says by which dependency and why."""
    test = story.suite().blocked("a", dependency="postgresql").judged_test()

    assert (test.outcome, test.blocked_by, test.reason) == (Outcome.BLOCKED, "postgresql", "it is down")


def test_a_block_outweighs_the_end_of_the_same_attempt(story: Any) -> None:
    """An attempt that could not see the system is blocked, however it ended."""
    test = story.suite().blocked("a").attempted("a", outcome=Outcome.FAILED).judged_test()

    assert test.outcome is Outcome.BLOCKED


def test_the_first_attempt_votes(story: Any) -> None:
    """A test that passes when it is repeated has failed, and is called flaky."""
    story.suite().ran("a", outcome=Outcome.FAILED, message="no pong")
    test = story.attempted("a", attempt=2, outcome=Outcome.PASSED).judged_test()

    assert (test.outcome, test.reason, test.flaky, test.attempts) == (Outcome.FAILED, "no pong", True, 2)


def test_a_later_failure_does_not_vote_either(story: Any) -> None:
    """A test that fails when it is repeated has passed, and is called flaky."""
    story.suite().ran("a").attempted("a", attempt=2, outcome=Outcome.ERRORED)

    test = story.judged_test()

    assert (test.outcome, test.flaky, test.duration_s) == (Outcome.PASSED, True, 1.0)


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.PASSED, Outcome.SKIPPED])
def test_attempts_that_agree_are_not_flaky(story: Any, outcome: Outcome) -> None:
    """Flaky is only what both passed and failed."""
    story.suite().ran("a", outcome=outcome).attempted("a", attempt=2, outcome=outcome)

    assert not story.judged_test().flaky


def test_a_blocked_attempt_leaves_the_vote_to_the_next(story: Any) -> None:
    """The first attempt that saw the system votes."""
    story.suite().blocked("a").attempted("a", attempt=2, outcome=Outcome.PASSED)

    assert story.judged_test().outcome is Outcome.PASSED


def test_an_unfinished_first_attempt_still_votes(story: Any) -> None:
    """A repeated attempt cannot make up for one that was lost."""
    story.suite().collected("a").saw(TestStarted(node_id=story.node("a")))
    story.attempted("a", attempt=2, outcome=Outcome.PASSED)

    assert story.judged_test().outcome is Outcome.NOT_RUN


def test_a_pass_without_exchange_is_no_pass_where_evidence_is_wanted(story: Any) -> None:
    """In a suite that wants evidence a silent pass was not run, and the suite says so."""
    story.suite(evidence=True).ran("a", evidence={"exchanges": [], "frames": [], "seen": {"exchanges": 0}})

    suite = story.judged_suite()

    assert (suite.passed, suite.counts[Outcome.NOT_RUN]) == (0, 1)
    assert suite.problems == (
        "tests/test_chat.py::a: passed without a recorded exchange with the deployed system: no evidence",
    )


def test_a_pass_with_exchange_counts_where_evidence_is_wanted(story: Any) -> None:
    """The same pass with a recorded exchange counts."""
    story.suite(evidence=True).ran("a", evidence={"exchanges": [{"status": 200}]})

    suite = story.judged_suite()

    assert (suite.passed, suite.problems) == (1, ())


def test_a_pass_without_exchange_counts_where_no_evidence_is_wanted(story: Any) -> None:
    """A suite with clients of its own cannot record, and is not held to it."""
    assert story.suite().ran("a").judged_suite().passed == 1


def test_a_failure_needs_no_evidence(story: Any) -> None:
    """A test that failed before it reached the system has failed."""
    test = story.suite(evidence=True).ran("a", outcome=Outcome.FAILED).judged_test()

    assert test.outcome is Outcome.FAILED


def test_the_words_of_a_test_cannot_pose_as_missing_evidence(story: Any) -> None:
    """A failure's own message decides nothing, whatever it says."""
    story.suite().coverage(0.5, "chat").ran("a").ran("b", outcome=Outcome.FAILED, message="x: no evidence")

    assert story.judged_suite().problems == ()


@pytest.mark.parametrize(
    "evidence",
    [
        {"exchanges": [{"status": 503}]},
        {"exchanges": [{"status": None}, {"status": 200}]},
        {"frames": [{"direction": "received", "type": "pong"}]},
        {"frames": [{"direction": "opened"}, {"direction": "sent"}, {"direction": "closed"}]},
        MappingProxyType({"frames": ({"direction": "received"},)}),
    ],
)
def test_an_answer_or_a_connection_is_evidence(evidence: object) -> None:
    """Whatever the deployed system answered counts, and that it took a connection."""
    assert has_exchange(evidence)


@pytest.mark.parametrize(
    "evidence", [{}, None, [], "exchanges", {"exchanges": []}, {"notes": ["seen"]}, {"seen": {"exchanges": 3}}]
)
def test_notes_and_counts_are_no_evidence(evidence: object) -> None:
    """What a test says of itself is no exchange."""
    assert not has_exchange(evidence)


@pytest.mark.parametrize(
    "evidence",
    [
        {"exchanges": [{"status": None, "text": "ECONNREFUSED"}], "frames": []},
        {"frames": [{"direction": "closed", "type": "UnreachableError"}]},
        {"frames": [{"direction": "sent"}]},
        {"exchanges": [{}], "frames": [{}]},
        {"exchanges": 7, "frames": "received"},
        {"exchanges": ["200"], "frames": [1]},
    ],
)
def test_a_refusal_is_no_evidence(evidence: object) -> None:
    """A test that swallowed a refused connection has seen nothing of the deployed system."""
    assert not has_exchange(evidence)


def test_tests_that_were_never_collected_are_counted_as_not_run(story: Any) -> None:
    """A suite of five of which two were collected has three tests that did not run."""
    suite = story.suite(expected=5).ran("a", "b").judged_suite()

    assert (suite.planned, suite.collected, suite.passed, suite.counts[Outcome.NOT_RUN]) == (5, 2, 2, 3)


def test_a_suite_grows_with_what_was_collected(story: Any) -> None:
    """More tests than expected are all planned."""
    suite = story.suite(expected=1).ran("a", "b").judged_suite()

    assert (suite.planned, suite.expected, suite.undecided) == (2, 1, 0)


def test_undecided_is_what_neither_passed_nor_failed(story: Any) -> None:
    """Skipped, blocked and not run are undecided; failed and errored are not."""
    story.suite().ran("a").ran("b", outcome=Outcome.FAILED).ran("c", outcome=Outcome.ERRORED)
    suite = story.ran("d", outcome=Outcome.SKIPPED).blocked("e").collected("f").judged_suite()

    assert (suite.planned, suite.undecided) == (6, 3)


def test_a_suite_without_any_test_is_open_ended(story: Any) -> None:
    """Where nothing was collected and nothing declared, nobody knows how many tests there are."""
    assert story.suite().judged_suite().open_ended


def test_a_declared_suite_is_not_open_ended(story: Any) -> None:
    """A declared number says how many tests there are, also when none was collected."""
    assert not story.suite(expected=2).judged_suite().open_ended


def test_results_are_ordered_by_suite_and_name(story: Any) -> None:
    """The order of results is that of the plan's words, not of the run."""
    story.suite("chat").suite("auth").ran("z", "a").ran("m", suite="auth")

    assert [test.node_id.rpartition("::")[2] for test in story.judged().tests] == ["m", "a", "z"]
