from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from ci_tools.evidence.events import (
    CampaignFinished,
    Collected,
    Event,
    PhaseFinished,
    PhaseStarted,
    Record,
    Sampled,
    TestFinished,
)
from ci_tools.model import DependencyState, GateState, Observation, Outcome, Shard, Verdict
from ci_tools.verdict.fold import fold
from ci_tools.verdict.judge import judge
from ci_tools.verdict.judgement import Judgement
from tests.unit.verdict.conftest import records_of

SHARDS = (Shard(number=1, phases=(1,), part=1, parts=2), Shard(number=2, phases=(1,), part=2, parts=2))
TESTS = ("a", "b")


def shard(story: Any, number: int, *middle: Event, ending: Sequence[Event] | None = None) -> list[Record]:
    """The journal of one shard, which ran its own test and knows of the other's."""
    own = TESTS[number - 1]
    finished = [PhaseFinished(number=1), CampaignFinished(writers={})]
    events = [
        replace(story.stated(), shards=SHARDS, shard=number),
        PhaseStarted(number=1),
        *(Collected(node_id=story.node(name), suite="chat", phase=1) for name in TESTS),
        *middle,
        TestFinished(node_id=story.node(own), outcome=Outcome.PASSED, duration_s=0.5),
        *(finished if ending is None else ending),
    ]
    return records_of(events, f"shard{number}-campaign")


def merged(*journals: list[Record]) -> Judgement:
    """The judgement of journals in one directory."""
    return judge(fold(sorted((record for one in journals for record in one), key=lambda record: record.at)))


@pytest.fixture
def chat(story: Any) -> Any:
    """A campaign of one suite, gated by its tests."""
    return story.suite().coverage(1.0, "chat")


def sampled(*states: DependencyState) -> list[Event]:
    """Attempts of the gate ``redis answers``."""
    seen = (Observation(probe="redis", dependency="redis", state=state) for state in states)
    return [Sampled(phase=1, gate="redis answers", observation=observation) for observation in seen]


UP, DOWN = DependencyState.UP, DependencyState.DOWN


def test_all_shards_together_are_one_campaign(chat: Any) -> None:
    """Each ran what the other did not."""
    judgement = merged(shard(chat, 1), shard(chat, 2))

    assert (judgement.verdict, judgement.reasons, judgement.complete) == (Verdict.PASS, (), True)
    assert {test.outcome for test in judgement.tests} == {Outcome.PASSED}


def test_a_shard_that_left_no_journal_is_missed(chat: Any) -> None:
    """By its number, and its tests by name; that is the first thing said."""
    judgement = merged(shard(chat, 1))

    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert judgement.reasons[0] == "shard 2 of 2 left no journal here: put it into this directory"
    assert {test.node_id[-1]: test.outcome for test in judgement.tests} == {"a": Outcome.PASSED, "b": Outcome.NOT_RUN}
    assert not judgement.complete


def test_a_shard_that_was_killed_is_named(chat: Any) -> None:
    """What it had run counts; what it had not is open."""
    judgement = merged(shard(chat, 1), shard(chat, 2, ending=[]))

    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "shard 2 never finished: its process was killed or is still running" in judgement.reasons
    assert "phase 1 critical: never finished by shard 2" in judgement.reasons


def test_a_phase_that_one_shard_cut_short_is_not_whole(chat: Any) -> None:
    """Although another finished it later."""
    cut = [PhaseFinished(number=1, cut_short="the budget ended"), CampaignFinished(writers={})]

    judgement = merged(shard(chat, 1, ending=cut), shard(chat, 2))

    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "phase 1 critical: the budget ended" in judgement.reasons


def test_a_shard_that_ran_twice_is_said(chat: Any) -> None:
    """Nobody knows which of the two counts."""
    again = [replace(record, writer="shard2-again") for record in shard(chat, 2)]

    judgement = merged(shard(chat, 1), shard(chat, 2), again)

    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert any("shard 2 has run twice" in reason for reason in judgement.reasons)


def test_shards_of_different_plans_are_not_one_campaign(chat: Any) -> None:
    """The first statement counts, and the other is named."""
    other = [
        replace(record, event=replace(record.event, tool_version="2")) if record.seq == 1 else record
        for record in shard(chat, 2)
    ]

    assert any("stated twice, differently" in reason for reason in merged(shard(chat, 1), other).reasons)


@pytest.mark.parametrize(
    ("first", "second", "state"),
    [
        ([UP] * 18, [], GateState.HOLDS),
        ([], [UP] * 18, GateState.HOLDS),
        ([UP] * 18, [UP] * 18, GateState.HOLDS),
        ([UP] * 18, [DOWN] * 3, GateState.FAILS),
        ([DOWN] * 3, [UP] * 18, GateState.FAILS),
        ([UP] * 18, [UP, DOWN], GateState.HOLDS),
        ([UP] * 9, [UP] * 9, GateState.CANNOT_TELL),
    ],
)
def test_each_observer_of_a_gate_is_judged_by_itself(
    chat: Any, first: list[DependencyState], second: list[DependencyState], state: GateState
) -> None:
    """Two halves of a proof are no proof; one that failed is not outvoted."""
    chat.reliability()

    judgement = merged(shard(chat, 1, *sampled(*first)), shard(chat, 2, *sampled(*second)))

    assert next(gate.state for gate in judgement.gates if gate.gate.name == "redis answers") is state


def test_a_shard_for_what_did_not_follow_is_not_missed(chat: Any) -> None:
    """Planned for every way that the first phase's verdict could show, it had nothing to do."""
    parts = (Shard(number=1, phases=(1,)), Shard(number=2, phases=(2,)))
    events = [
        replace(chat.stated(), shards=parts, shard=1),
        PhaseStarted(number=1),
        *(Collected(node_id=chat.node(name), suite="chat", phase=1) for name in TESTS),
        *(TestFinished(node_id=chat.node(name), outcome=Outcome.PASSED, duration_s=0.5) for name in TESTS),
        PhaseFinished(number=1),
        CampaignFinished(writers={}),
    ]

    judgement = merged(records_of(events, "shard1-campaign"))

    assert (judgement.verdict, judgement.reasons, judgement.complete) == (Verdict.PASS, (), True)
