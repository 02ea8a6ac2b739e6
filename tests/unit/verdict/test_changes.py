from dataclasses import replace
from typing import Any

import pytest

from ci_tools.model import Change, GateState, NodeId, Outcome, Previous, PreviousTest
from ci_tools.verdict.changes import change, changed, previous_of

FAILING = (Outcome.FAILED, Outcome.ERRORED)
OTHERS = [outcome for outcome in Outcome if outcome not in FAILING]


def before(**outcomes: Outcome) -> Previous:
    """The campaign before, in which these tests ended so."""
    tests = (
        PreviousTest(node_id=NodeId(f"tests/test_chat.py::{name}"), outcome=outcome, duration_s=2.0)
        for name, outcome in outcomes.items()
    )
    return Previous(campaign="c0", revision="shop-41", tests=tuple(tests))


@pytest.mark.parametrize("now", FAILING)
@pytest.mark.parametrize("then", [None, *OTHERS])
def test_what_did_not_fail_before_is_newly_failing(then: Outcome | None, now: Outcome) -> None:
    """Also a test that is new, or was not run."""
    assert change(then, now) is Change.NEWLY_FAILING


@pytest.mark.parametrize("now", FAILING)
@pytest.mark.parametrize("then", FAILING)
def test_what_failed_before_is_still_failing(then: Outcome, now: Outcome) -> None:
    """In whichever way."""
    assert change(then, now) is Change.STILL_FAILING


@pytest.mark.parametrize("then", FAILING)
def test_what_failed_and_passes_is_fixed(then: Outcome) -> None:
    """Only a pass fixes."""
    assert change(then, Outcome.PASSED) is Change.FIXED


@pytest.mark.parametrize("now", [outcome for outcome in OTHERS if outcome is not Outcome.PASSED])
@pytest.mark.parametrize("then", [None, *Outcome])
def test_what_was_not_run_says_nothing(then: Outcome | None, now: Outcome) -> None:
    """A skipped test is not fixed."""
    assert change(then, now) is None


@pytest.mark.parametrize("then", [None, *OTHERS])
def test_a_pass_after_no_failure_is_no_change(then: Outcome | None) -> None:
    """Nothing to tell."""
    assert change(then, Outcome.PASSED) is None


def test_a_gate_names_its_tests_by_what_became_of_them(story: Any) -> None:
    """What is new stands first in its words."""
    told = story.suite().coverage(1.0, "chat").ran("a", "b", outcome=Outcome.FAILED, message="no answer").ran("c")
    judgement = told.compared(before(a=Outcome.FAILED, b=Outcome.PASSED, c=Outcome.ERRORED)).judged()

    (gate,) = judgement.gates
    assert gate.state is GateState.FAILS
    assert gate.detail == "b: no answer (+1 more); 1 newly failing, 1 still failing"
    assert {kind: [name[-1] for name in names] for kind, names in gate.changes.items()} == {
        Change.NEWLY_FAILING: ["b"],
        Change.STILL_FAILING: ["a"],
        Change.FIXED: ["c"],
    }


def test_without_a_campaign_before_nothing_is_said(story: Any) -> None:
    """A first failure is not called new."""
    judgement = story.suite().coverage(1.0, "chat").ran("a", outcome=Outcome.FAILED, message="no answer").judged()

    assert judgement.previous is None
    assert set(changed(judgement.tests).values()) == {()}
    assert judgement.gates[0].detail == "a: no answer"


def test_what_a_campaign_hands_on(story: Any) -> None:
    """Outcomes of all tests, durations of those that ran, and which deployment it was."""
    told = story.suite().identified("shop-42").ran("a").ran("b", outcome=Outcome.SKIPPED).blocked("c").collected("d")

    handed = previous_of(told.judged())

    assert (handed.campaign, handed.revision) == ("c1", "shop-42")
    assert {name[-1]: outcome for name, outcome in handed.outcomes.items()} == {
        "a": Outcome.PASSED,
        "b": Outcome.SKIPPED,
        "c": Outcome.BLOCKED,
        "d": Outcome.NOT_RUN,
    }
    assert {name[-1]: took for name, took in handed.durations_s.items()} == {"a": 0.5}


def test_an_unidentified_deployment_has_no_revision(story: Any) -> None:
    """It is not made up."""
    assert previous_of(story.suite().ran("a").judged()).revision is None


def test_what_is_handed_on_of_a_campaign_that_is_not_whole_says_why(new_story: Any) -> None:
    """Its first problem, or that it was killed; a whole one has nothing to say."""
    whole = new_story().suite().ran("a")

    assert previous_of(whole.judged()).damage == ""
    assert previous_of(replace(whole.judged(), problems=("torn", "worse"))).damage == "torn"
    assert previous_of(replace(whole.judged(), complete=False)).damage == "it never came to its end"
