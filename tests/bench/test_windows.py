from datetime import UTC, datetime, timedelta

import pytest

from ci_tools.evidence.events import (
    Collected,
    DeploymentIdentified,
    Event,
    Observed,
    PhaseFinished,
    PhaseStarted,
    Record,
    TestFinished,
    TestStarted,
)
from ci_tools.model import DependencyState, NodeId, Observation, Outcome
from tests.bench.windows import UnreadableRunError, phase_windows, session

A, B, C = NodeId("test_a.py::test_a"), NodeId("test_a.py::test_b"), NodeId("test_c.py::test_c")
IDENTIFIED = DeploymentIdentified(deployment=None)


MIDNIGHT = datetime(2025, 9, 16, tzinfo=UTC)


def record(mono_s: float, writer: str, event: Event) -> Record:
    """One line of a journal."""
    return Record(writer=writer, seq=1, at=MIDNIGHT + timedelta(seconds=mono_s), mono_s=mono_s, event=event)


def asked(at_s: float) -> Observed:
    """The campaign looked at something."""
    at = MIDNIGHT + timedelta(seconds=at_s)
    return Observed(observation=Observation(probe="names", dependency="edge", state=DependencyState.UP, at=at))


def collected(test: NodeId, phase: int) -> Collected:
    """A phase has a test."""
    return Collected(node_id=test, suite="any", phase=phase)


def finished(test: NodeId, duration_s: float) -> TestFinished:
    """A test passed."""
    return TestFinished(node_id=test, outcome=Outcome.PASSED, duration_s=duration_s)


TWO_PHASES = [
    record(0.1, "campaign", IDENTIFIED),
    record(1.0, "campaign", asked(0.7)),
    record(1.1, "campaign", asked(0.8)),
    record(2.0, "campaign", PhaseStarted(number=1)),
    record(5.0, "pytest-7", collected(A, 1)),
    record(5.1, "pytest-7", collected(B, 1)),
    record(5.5, "gw0-8", TestStarted(node_id=A)),
    record(5.6, "gw1-9", TestStarted(node_id=B)),
    record(6.5, "gw0-8", finished(A, 0.9)),
    record(7.5, "gw1-9", finished(B, 1.8)),
    record(7.7, "campaign", IDENTIFIED),
    record(7.8, "campaign", PhaseFinished(number=1)),
    record(9.5, "campaign", PhaseStarted(number=2)),
    record(9.9, "pytest-7", collected(C, 2)),
    record(10.0, "gw0-8", TestStarted(node_id=C)),
    record(13.0, "gw0-8", finished(C, 2.9)),
    record(13.1, "campaign", PhaseFinished(number=2)),
]


def test_a_window_reaches_from_the_first_test_to_the_last() -> None:
    """Each phase has one, with the durations of its tests."""
    first, second = phase_windows(TWO_PHASES)

    assert (first.phase, first.tests, first.began, first.ended) == (1, 2, 5.5, 7.5)
    assert (first.dispatch_s, first.durations_s) == pytest.approx((2.0, 2.7))
    assert (second.phase, second.dispatch_s) == (2, 3.0)


def test_the_session_is_told_apart_from_the_quiet_windows() -> None:
    """What the campaign does between phases is no part of the session; what the session does at a barrier is."""
    found = session(TWO_PHASES, phase_windows(TWO_PHASES), ended=14.0)

    assert found.start_s == pytest.approx(0.6 + 3.5)
    assert found.dispatch_s == pytest.approx(5.0)
    assert found.quiet_s == pytest.approx(2.0)
    assert found.barriers_s == pytest.approx(0.5)
    assert found.end_s == pytest.approx(1.0)
    assert found.session_s == pytest.approx(0.6 + 14.0 - 2.0 - 2.0)


def test_a_test_of_no_phase_is_refused() -> None:
    """A journal that lost a line says nothing about times."""
    with pytest.raises(UnreadableRunError, match="to which phase"):
        phase_windows([one for one in TWO_PHASES if not isinstance(one.event, Collected)])


def test_a_journal_without_tests_is_refused() -> None:
    """Nothing ran: there is no window of length nought."""
    with pytest.raises(UnreadableRunError, match="no test that ran"):
        phase_windows(TWO_PHASES[:6])


def test_a_replaced_session_is_refused() -> None:
    """Two sessions in one campaign are not what is compared."""
    second = record(9.8, "pytest-8", collected(C, 2))

    with pytest.raises(UnreadableRunError, match="found 2"):
        session([*TWO_PHASES, second], phase_windows(TWO_PHASES), ended=14.0)


@pytest.mark.parametrize("kind", [DeploymentIdentified, Observed])
def test_a_session_that_nobody_waited_for_is_refused(kind: type[Event]) -> None:
    """How long the campaign waited is part of what the session cost."""
    records = [one for one in TWO_PHASES if not isinstance(one.event, kind)]

    with pytest.raises(UnreadableRunError, match="how long it waited"):
        session(records, phase_windows(records), ended=14.0)


def test_a_session_that_nobody_ordered_is_refused() -> None:
    """Without a word of the campaign before a phase its beginning is unknown."""
    records = [one for one in TWO_PHASES if one.writer != "campaign" or one.mono_s > TWO_PHASES[-2].mono_s]

    with pytest.raises(UnreadableRunError, match="says nothing"):
        session(records, phase_windows(records), ended=14.0)
