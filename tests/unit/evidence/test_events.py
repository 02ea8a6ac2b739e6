import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_tools.evidence.events import (
    NAMES,
    TYPES,
    CampaignFinished,
    CampaignStarted,
    CleanUpFailed,
    Collected,
    DependencyChanged,
    DeploymentIdentified,
    Event,
    HeartbeatStarted,
    Interrupted,
    NotARecordError,
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
    from_line,
    to_document,
)
from ci_tools.model import (
    CoverageGate,
    DependencyState,
    Deployment,
    NodeId,
    Observation,
    Outcome,
    Phase,
    Plan,
    ReliabilityGate,
    Suite,
)

NOON = datetime(2025, 9, 16, 12, 0, tzinfo=UTC)
TEXT = st.text(max_size=8)

PLAN = Plan(
    name="full",
    reason="asked for",
    environment="twin",
    time_scale=0.1,
    phases=(
        Phase(
            number=1,
            name="one",
            budget_s=60.0,
            suites=(Suite(name="s", paths=("s.py",), expected=2, requires=("redis",), evidence=True),),
            gates=(
                CoverageGate(name="c", dependency="d", suites=("s",), floor=0.5, target=0.9),
                ReliabilityGate(name="r", dependency="d", probe="p", floor=0.8, target=1.0, under_s=3.0, cap=30),
            ),
        ),
    ),
    left_out=("advanced",),
    stop_early=True,
    inconclusive="warn",
    identifies_deployment=True,
)
NODE = NodeId("tests/test_s.py::test_a[1]")
SEEN = Observation(
    probe="p",
    dependency="d",
    state=DependencyState.DOWN,
    latency_s=0.5,
    timed_out=True,
    code="ECONNREFUSED",
    text="Connection refused",
    source="redis:6379",
)
EVERY_EVENT: tuple[Event, ...] = (
    CampaignStarted(campaign="c1", plan=PLAN, tool_version="1", faults=("redis_down",)),
    PlanExtended(reason="healthy", phases=PLAN.phases, left_out=("advanced",)),
    DeploymentIdentified(deployment=Deployment(revision="r1", sha="abc"), problem="slow"),
    PhaseStarted(number=2),
    Collected(node_id=NODE, suite="s", phase=1, requires=("redis",), problem="ImportError"),
    TestStarted(node_id=NODE, attempt=2),
    TestFinished(
        node_id=NODE,
        outcome=Outcome.ERRORED,
        duration_s=0.5,
        attempt=2,
        exc_type="TimeoutError",
        message="no pong",
        excerpt="assert pong",
        evidence={"exchanges": [{"status": None, "elapsed_s": 0.5}], "notes": ["é😀"]},
    ),
    TestBlocked(node_id=NODE, dependency="redis", reason="down", attempt=2),
    HeartbeatStarted(environment="twin", time_scale=0.1, judged={"d": ("p", "q")}),
    Observed(observation=SEEN),
    Sampled(phase=1, gate="r", observation=SEEN),
    DependencyChanged(dependency="redis", state=DependencyState.DEGRADED, reason="slow"),
    WorkerLost(worker="gw0", reason="killed", node_id=NODE),
    CleanUpFailed(worker="gw0", reason="RuntimeError: no"),
    PhaseFinished(number=2, cut_short="its budget was spent"),
    Interrupted(reason="SIGTERM"),
    CampaignFinished(writers={"phase1-gw0": 7}),
)


def line_of(**changes: Any) -> bytes:
    """A sound line of a journal, with *changes*."""
    record = Record(writer="main", seq=1, at=NOON, mono_s=2.5, event=Interrupted(reason="SIGINT"))
    return json.dumps({**to_document(record), **changes}).encode()


def test_a_line_says_version_kind_writer_number_time_and_data() -> None:
    """A line of a journal holds exactly what its format promises."""
    assert json.loads(line_of()) == {
        "v": 1,
        "event": "interrupted",
        "writer": "main",
        "seq": 1,
        "at": "2025-09-16T12:00:00+00:00",
        "mono": 2.5,
        "data": {"reason": "SIGINT"},
    }


def test_every_event_has_a_name_of_its_own() -> None:
    """Names and types of events correspond one to one."""
    assert set(NAMES) == set(get_args(Event))
    assert {NAMES[kind] for kind in NAMES} == set(TYPES)
    assert len(TYPES) == len(NAMES)


@pytest.mark.parametrize("event", EVERY_EVENT, ids=lambda event: NAMES[type(event)])
def test_an_event_survives_its_journal(event: Event) -> None:
    """What is written is what is read, in every field."""
    record = Record(writer="main", seq=3, at=NOON, mono_s=0.25, event=event)

    assert from_line(json.dumps(to_document(record)).encode()) == record


def test_every_kind_of_event_is_tried() -> None:
    """No kind of event is left out of the test above."""
    assert [type(event) for event in EVERY_EVENT] == list(get_args(Event))


def test_a_field_that_a_later_version_added_is_tolerated() -> None:
    """Fields are only ever added, so an unknown one does not spoil an event."""
    event = from_line(line_of(data={"reason": "SIGINT", "signal": 2})).event

    assert event == Interrupted(reason="SIGINT")


def test_times_are_read_in_utc() -> None:
    """A time with another offset is the same instant."""
    at = NOON.astimezone(timezone(timedelta(hours=9))).isoformat()

    record = from_line(line_of(at=at))

    assert (record.at, record.at.tzinfo) == (NOON, UTC)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (b"", "not JSON"),
        (b'{"v":1,"event":"interr', "not JSON"),
        (b"\0" * 40, "not JSON"),
        (b"\xff\xfe\xfd", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"9" * 10_000, "not JSON"),
        (b"[1]", "not an event of version 1"),
        (b'"text"', "not an event of version 1"),
        (line_of(v=99), "not an event of version 1, but of version 99: read it with the ci-tools that wrote it$"),
        (line_of(v=10**60), "but of version 1000000000000000000000000000000000000000: read"),
        (line_of(v="2"), "not an event of version 1$"),
        (line_of(v=[2]), "not an event of version 1$"),
        (line_of(v=None), "not an event of version 1"),
        (line_of(event="exploded"), "unknown event 'exploded'"),
        (line_of(event=None), "unknown event 'None'"),
        (line_of(event="x" * 999), f"unknown event '{'x' * 40}'$"),
        (line_of(data={}), "interrupted is damaged: ValidationError"),
        (line_of(data=None), "interrupted is damaged: ValidationError"),
        (line_of(seq="first"), "interrupted is damaged: ValueError"),
        (line_of(seq=None), "interrupted is damaged: TypeError"),
        (line_of(seq=float("inf")), "interrupted is damaged: OverflowError"),
        (line_of(mono="soon"), "interrupted is damaged: ValueError"),
        (line_of(mono=10**400), "interrupted is damaged: OverflowError"),
        (line_of(at="noon"), "interrupted is damaged: ValueError"),
        (line_of(at=12), "interrupted is damaged: TypeError"),
        (line_of(at="2025-09-16T12:00:00"), "interrupted is damaged: ValueError"),
        (line_of(at="0001-01-01T00:00:00+12:00"), "interrupted is damaged: OverflowError"),
        (b'{"v":1,"event":"interrupted"}', "interrupted is damaged: KeyError"),
        (
            line_of(event="heartbeat_started", data={"environment": "e", "time_scale": 0}),
            "heartbeat_started is damaged",
        ),
    ],
)
def test_what_is_no_record_is_refused_with_its_reason(line: bytes, complaint: str) -> None:
    """A line that is torn, damaged, foreign or newer is refused, never guessed."""
    with pytest.raises(NotARecordError, match=complaint):
        from_line(line)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


@given(
    name=st.sampled_from(sorted(TYPES)),
    changes=st.dictionaries(st.sampled_from(["writer", "seq", "at", "mono", "data", "v"]), JSON, max_size=3),
)
@settings(derandomize=True, deadline=None)
def test_a_hostile_line_is_a_record_or_refused(name: str, changes: dict[str, Any]) -> None:
    """Whatever stands in a line, reading it ends in a record or in a refusal."""
    try:
        read = from_line(line_of(event=name, **changes))
    except NotARecordError as error:
        read = error

    assert isinstance(read, Record | NotARecordError)


def test_half_a_character_in_the_name_of_evidence_is_written() -> None:
    """An undecodable name costs its own letters, not the end of a test."""
    evidence = {"exchanges": [{"half \udcff": {"\ud800": "half \udcff"}}], "frames": ("one",)}
    event = TestFinished(node_id=NodeId("t"), outcome=Outcome.FAILED, duration_s=1.0, evidence=evidence)

    document = to_document(Record(writer="w", seq=1, at=NOON, mono_s=1.0, event=event))

    assert document["data"]["evidence"] == {"exchanges": [{"half ?": {"?": "half \udcff"}}], "frames": ["one"]}
