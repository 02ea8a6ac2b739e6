"""The typed, versioned events of a journal, and the record each one travels in.

A line of a journal is one record: ``{"v", "event", "writer", "seq", "at", "mono", "data"}``. Fields are
only ever added, with a default; a change of meaning is a new :data:`VERSION`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, get_args

from pydantic import Field, TypeAdapter, ValidationError

from ci_tools.model import (
    Dependency,
    DependencyState,
    Deployment,
    NodeId,
    Observation,
    Outcome,
    Phase,
    Plan,
    Previous,
    Shard,
)

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignStarted:
    """A campaign was decided: everything a verdict needs to know besides what was seen."""

    campaign: str
    plan: Plan
    tool_version: str
    faults: tuple[str, ...] = ()
    """Faults switched on in the twin on purpose; empty on a real environment."""
    previous: Previous | None = None
    """The campaign to compare with."""
    seed: int | None = None
    """Of a random order; None: longest first."""
    hosts: Mapping[str, str] = field(default_factory=dict)
    """Where the deployed system was looked for; what is known only once it stands is told as it was declared."""
    shards: tuple[Shard, ...] = ()
    """All parts of the campaign; empty where one process runs all of it."""
    shard: int | None = None
    """The number of the part that this writer runs."""
    dependencies: tuple[Dependency, ...] = ()
    """The parts of the deployed system; empty in journals from before they were recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanExtended:
    """The plan ``auto`` decided what follows its first phase."""

    reason: str
    phases: tuple[Phase, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentIdentified:
    """Which deployment answered, or why it could not be told."""

    deployment: Deployment | None
    problem: str = ""
    status: int | None = None
    """HTTP status of what was answered instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseStarted:
    """A phase began."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """pytest collected a test of the plan, or could not collect a file (*problem*)."""

    node_id: NodeId
    suite: str
    phase: int
    requires: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestStarted:
    """An attempt at a test began."""

    __test__ = False

    node_id: NodeId
    attempt: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TestFinished:
    """An attempt at a test ended; *evidence* is what its clients recorded."""

    __test__ = False

    node_id: NodeId
    outcome: Outcome
    duration_s: float
    attempt: int = 1
    exc_type: str = ""
    message: str = ""
    excerpt: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)


HELD_BACK = 0
"""The attempt that was none: should what holds a test back recover, its first attempt is still to come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestBlocked:
    """A test did not run, or could not see the system, because of *dependency*."""

    __test__ = False

    node_id: NodeId
    dependency: str
    reason: str
    attempt: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatStarted:
    """Probes look without a campaign: what the same writer observes from here on is one heartbeat."""

    environment: str
    time_scale: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    judged: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The probes that gates of the campaign file repeat, by the dependency that these gates judge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """A probe looked at a dependency once."""

    observation: Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """One attempt of a reliability gate."""

    phase: int
    gate: str
    observation: Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class DependencyChanged:
    """A dependency is confirmed to be in another state than before."""

    dependency: str
    state: DependencyState
    reason: str
    gate: str = ""
    """The gate that it fails; empty: its probe was asked for another reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLost:
    """A pytest worker died; the test it ran, if any, is accounted for."""

    worker: str
    reason: str
    node_id: NodeId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanUpFailed:
    """What the tests of a pytest worker shared could not be cleaned up after the last of them: no test's failure."""

    worker: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseFinished:
    """A phase ended; *cut_short* says why it did not do all it planned."""

    number: int
    cut_short: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted:
    """The campaign was told to stop, or could not go on."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignFinished:
    """Nothing follows; *writers* holds the last sequence number of every other writer."""

    writers: Mapping[str, int]


Event = (
    CampaignStarted
    | PlanExtended
    | DeploymentIdentified
    | PhaseStarted
    | Collected
    | TestStarted
    | TestFinished
    | TestBlocked
    | HeartbeatStarted
    | Observed
    | Sampled
    | DependencyChanged
    | WorkerLost
    | CleanUpFailed
    | PhaseFinished
    | Interrupted
    | CampaignFinished
)

NAMES: Mapping[type[Event], str] = {
    CampaignStarted: "campaign_started",
    PlanExtended: "plan_extended",
    DeploymentIdentified: "deployment_identified",
    PhaseStarted: "phase_started",
    Collected: "collected",
    TestStarted: "test_started",
    TestFinished: "test_finished",
    TestBlocked: "test_blocked",
    HeartbeatStarted: "heartbeat_started",
    Observed: "observation",
    Sampled: "sample",
    DependencyChanged: "dependency_changed",
    WorkerLost: "worker_lost",
    CleanUpFailed: "clean_up_failed",
    PhaseFinished: "phase_finished",
    Interrupted: "interrupted",
    CampaignFinished: "campaign_finished",
}
TYPES: Mapping[str, type[Event]] = {name: kind for kind, name in NAMES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One line of a journal. *mono_s* compares only with records of the same machine."""

    writer: str
    seq: int
    at: datetime
    mono_s: float
    event: Event


class NotARecordError(ValueError):
    """A line is no record that this version can read; the text says why."""


@cache
def _adapter(name: str) -> TypeAdapter[Event]:
    return TypeAdapter(TYPES[name])


def to_document(record: Record) -> dict[str, Any]:
    """The JSON object of one line, not yet redacted."""
    name = NAMES[type(record.event)]
    return {
        "v": VERSION,
        "event": name,
        "writer": record.writer,
        "seq": record.seq,
        "at": record.at.isoformat(),
        "mono": record.mono_s,
        "data": _dumped(_adapter(name), record.event),
    }


def _dumped(adapter: TypeAdapter[Event], event: Event) -> Any:
    try:
        return adapter.dump_python(event, mode="json")
    except UnicodeEncodeError:
        # Half a surrogate pair: pydantic leaves it in a value, and refuses it in a mapping's key.
        held = {one.name: getattr(event, one.name) for one in fields(event)}
        named = {name: _renamed(value) for name, value in held.items() if isinstance(value, Mapping)}
        return adapter.dump_python(replace(event, **named), mode="json")


def _renamed(value: Any) -> Any:
    """*value* with every key in it a text that can be encoded."""
    if isinstance(value, Mapping):
        return {str(key).encode(errors="replace").decode(): _renamed(item) for key, item in value.items()}
    return [_renamed(item) for item in value] if isinstance(value, list | tuple) else value


def from_line(line: bytes) -> Record:
    """The record in one line (without its newline).

    Raises:
        NotARecordError: the line is torn, damaged, foreign or of a newer version.
    """
    try:
        document = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise NotARecordError(f"not JSON: {error}") from error
    met = document.get("v") if isinstance(document, dict) else None
    if met != VERSION:
        other = f", but of version {str(met)[:40]}: read it with the ci-tools that wrote it" if type(met) is int else ""
        raise NotARecordError(f"not an event of version {VERSION}{other}")
    name = str(document.get("event"))
    if name not in TYPES:
        raise NotARecordError(f"unknown event {name[:40]!r}")
    try:
        return Record(
            writer=str(document["writer"]),
            seq=int(document["seq"]),
            at=_aware(document["at"]),
            mono_s=float(document["mono"]),
            event=_adapter(name).validate_python(document["data"]),
        )
    except (ArithmeticError, KeyError, TypeError, ValueError, ValidationError) as error:
        raise NotARecordError(f"{name} is damaged: {type(error).__name__}") from error


def _aware(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return at.astimezone(UTC)


assert set(NAMES) == set(get_args(Event)), "an event type without a name could not be written"
