from dataclasses import replace

import pytest

from ci_tools.model import DependencyState as Found
from ci_tools.model import GateState, Observation, Outcome, Verdict
from ci_tools.triage.recovery import is_green
from ci_tools.triage.seen import Seen
from ci_tools.triage.state import Failed, digest
from tests.unit.triage.scenarios import GATES, TESTS, gate, judgement, passing
from tests.unit.triage.test_state import state

WELL = Seen(judgement=passing(2))
BARE = state(evidence=Failed())


def test_without_anything_to_go_by_a_pass_is_needed() -> None:
    """A failing campaign shows nothing of what nobody remembers."""
    assert is_green(BARE, WELL)
    assert not is_green(BARE, Seen(judgement=replace(passing(2), verdict=Verdict.FAIL)))


def test_an_inconclusive_campaign_is_good_for_nobody() -> None:
    """Nobody knows which deployment was seen."""
    assert not is_green(BARE, Seen(judgement=replace(passing(2), verdict=Verdict.INCONCLUSIVE)))


def test_where_too_many_failed_to_be_remembered_all_have_to_pass() -> None:
    """One skip is enough to show nothing."""
    many = state(evidence=Failed(is_whole=False))
    skipped = (replace(TESTS[0], outcome=Outcome.SKIPPED), *WELL.judgement.tests[1:])

    assert is_green(many, WELL)
    assert not is_green(many, Seen(judgement=passing(2, tests=skipped)))
    assert not is_green(many, Seen(judgement=passing(2, tests=())))


@pytest.mark.parametrize(
    ("evidence", "green"),
    [
        (Failed(tests=digest(TESTS[1].node_id)), True),
        (Failed(tests=digest("another")), False),
        (Failed(gates=("store_reachable",)), True),
        (Failed(gates=("another",)), False),
        (Failed(probes=("store",)), False),
    ],
)
def test_all_that_failed_must_have_been_executed(evidence: Failed, *, green: bool) -> None:
    """What was not asked for is no evidence."""
    assert is_green(state(evidence=evidence), WELL) is green


def test_a_gate_that_holds_without_a_sample_shows_nothing() -> None:
    """Something must have been executed."""
    gates = [gate(one, GateState.HOLDS, n=0) for one in GATES]

    assert not is_green(state(), Seen(judgement=judgement(2, Verdict.PASS, gates)))


def test_a_probe_that_looks_at_others_only_counts_by_these() -> None:
    """What is placed at a dependency need not have been asked there."""
    probed = state(evidence=Failed(probes=("checks",)))
    other = Observation(probe="checks", dependency="other", state=Found.UP)

    assert is_green(probed, replace(WELL, observations=(other,)))
    assert not is_green(probed, replace(WELL, observations=(replace(other, state=Found.DOWN),)))
    assert is_green(
        probed, replace(WELL, observations=(replace(other, state=Found.DOWN), replace(other, dependency="store")))
    )
