import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_tools.evidence.events import (
    CampaignFinished,
    Collected,
    Event,
    PhaseFinished,
    Record,
    TestBlocked,
    TestFinished,
    TestStarted,
    WorkerLost,
)
from ci_tools.evidence.lines import Speller, line_of
from ci_tools.evidence.redaction import MASK, Redactor
from ci_tools.model import NodeId, Outcome

SECRET = "correct-horse-battery"
REDACTOR = Redactor([SECRET])
AT = datetime(2025, 9, 16, 12, 0, 0, 123, tzinfo=UTC)
TEXTS = st.text(st.characters(codec=None)) | st.sampled_from(
    [SECRET, f"x {SECRET} y", "password=hunter2hunter2", "é\ud800"]
)


def record(event: Event, writer: str = "w") -> Record:
    """A record of *event*."""
    return Record(writer=writer, seq=7, at=AT, mono_s=1.25, event=event)


@pytest.mark.parametrize(
    "event",
    [
        Collected(node_id=NodeId("a"), suite="s", phase=1),
        Collected(node_id=NodeId("a"), suite="s", phase=1, requires=("redis", SECRET)),
        TestFinished(node_id=NodeId(f"a[{SECRET}]"), outcome=Outcome.FAILED, duration_s=0.5, message=SECRET),
        TestFinished(node_id=NodeId("a"), outcome=Outcome.PASSED, duration_s=1, evidence={"token": SECRET, "n": [1]}),
        TestFinished(node_id=NodeId("a"), outcome=Outcome.PASSED, duration_s=float("inf")),
        TestFinished(node_id=NodeId("a"), outcome=Outcome.PASSED, duration_s=True),
        TestBlocked(node_id=NodeId("a"), dependency="d", reason="é\ud800\x00\n"),
        TestStarted(node_id=NodeId("a")),
        WorkerLost(worker="w", reason="r"),
        PhaseFinished(number=1),
        CampaignFinished(writers={"w": 3}),
    ],
)
def test_the_speller_spells_as_everybody_does(event: Event) -> None:
    """Only faster."""
    assert Speller("w", REDACTOR).line(record(event)) == line_of(record(event), REDACTOR)


@given(text=TEXTS, message=TEXTS, excerpt=TEXTS, duration_s=st.floats(), outcome=st.sampled_from(Outcome))
def test_whatever_a_test_says_is_spelled_the_same(
    text: str, message: str, excerpt: str, duration_s: float, outcome: Outcome
) -> None:
    """Every text is masked by itself, as it is without the speller."""
    event = TestFinished(node_id=NodeId(text), outcome=outcome, duration_s=duration_s, message=message, excerpt=excerpt)

    assert Speller("w", REDACTOR).line(record(event)) == line_of(record(event), REDACTOR)


def test_another_writer_s_record_is_spelled_as_its() -> None:
    """The name stands in the line."""
    other = record(PhaseFinished(number=1), writer="other")

    assert Speller("w", REDACTOR).line(other) == line_of(other, REDACTOR)


def test_the_time_of_each_record_is_its_own() -> None:
    """What is remembered of the one before is asked again."""
    speller, first = Speller("w", REDACTOR), record(PhaseFinished(number=1))
    later = replace(first, mono_s=2.5)

    assert (speller.line(first), speller.line(later)) == (line_of(first, REDACTOR), line_of(later, REDACTOR))


def test_a_secret_that_is_a_writer_s_name_is_masked() -> None:
    """Nothing that is written once only is forgotten."""
    line = Speller(SECRET, REDACTOR).line(record(PhaseFinished(number=1), writer=SECRET))

    assert json.loads(line)["writer"] == MASK


def test_a_secret_that_is_the_name_of_a_field_is_masked() -> None:
    """Then the event is spelled the slow way."""
    redactor = Redactor(["cut_short"])

    assert json.loads(Speller("w", redactor).line(record(PhaseFinished(number=1))))["data"] == {"number": 1, MASK: ""}
