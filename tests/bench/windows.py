"""When a campaign tested, and when it was quiet: read from its journal, on the machine's monotonic clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ci_tools.evidence.events import Collected, DeploymentIdentified, Observed, Record, TestFinished, TestStarted
from ci_tools.model import NodeId

_CAMPAIGN = "campaign"
_CONTROLLER = "pytest-"
"""How the names of the writers begin that are the controller of a pytest session."""


class UnreadableRunError(ValueError):
    """A journal does not tell what is to be measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseWindow:
    """From the beginning of a phase's first test to the end of its last one."""

    phase: int
    tests: int
    began: float
    ended: float
    durations_s: float
    """What its tests took, added up: they ran beside each other."""

    @property
    def dispatch_s(self) -> float:
        """The window's length."""
        return self.ended - self.began


def phase_windows(records: Sequence[Record]) -> list[PhaseWindow]:
    """The window of each phase that ran a test, in the order they ran.

    Raises:
        UnreadableRunError: no test ran, or one ended that no phase collected.
    """
    phase_of = {record.event.node_id: record.event.phase for record in records if isinstance(record.event, Collected)}
    began: dict[int, float] = {}
    ended: dict[int, list[tuple[float, float]]] = {}
    for record in records:
        if isinstance(record.event, TestStarted):
            phase = _known(phase_of, record.event.node_id)
            began[phase] = min(record.mono_s, began.get(phase, record.mono_s))
        elif isinstance(record.event, TestFinished):
            phase = _known(phase_of, record.event.node_id)
            ended.setdefault(phase, []).append((record.mono_s, record.event.duration_s))
    windows = [
        PhaseWindow(
            phase=phase,
            tests=len(ended[phase]),
            began=began[phase],
            ended=max(at for at, _ in ended[phase]),
            durations_s=sum(duration_s for _, duration_s in ended[phase]),
        )
        for phase in began
        if phase in ended
    ]
    if not windows:
        raise UnreadableRunError("the journal knows of no test that ran")
    return sorted(windows, key=lambda window: window.began)


def _known(phase_of: dict[NodeId, int], node_id: NodeId) -> int:
    if node_id not in phase_of:
        raise UnreadableRunError(f"the journal does not say to which phase {node_id!r} belongs")
    return phase_of[node_id]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One pytest session of a campaign, in seconds."""

    start_s: float
    """What the campaign waited for it: after the system's first answer to collect, and for its first test to begin."""
    dispatch_s: float
    """The phases' windows, added up."""
    barriers_s: float
    """What it needed between phases, without the quiet windows."""
    end_s: float
    """From the end of the last test to the end of its process."""
    quiet_s: float
    """What the campaign did between phases, and the session waited for: no part of the session."""

    @property
    def session_s(self) -> float:
        """The session without its quiet windows."""
        return self.start_s + self.dispatch_s + self.barriers_s + self.end_s


def session(records: Sequence[Record], windows: Sequence[PhaseWindow], *, ended: float) -> Session:
    """The session that ran *windows* and whose process was gone at *ended*.

    It is started beside the system that it tests; from the first answer of that on, the campaign waits for it, and
    then looks at everything.

    A quiet window lasts from the end of a phase's last test to the campaign's last word before the session
    records the next phase; what the session does from then on is its own.

    Raises:
        UnreadableRunError: the session never recorded that it began a phase, there was more than one, or the
            campaign did not say when it began to wait or stopped waiting.
    """
    writers = {record.writer for record in records if record.writer.startswith(_CONTROLLER)}
    if len(writers) != 1:
        raise UnreadableRunError(f"expected one pytest session, found {len(writers)}")
    began = _last_word(records, before=_first_collected(records, windows[0].phase))
    quiet_s = gaps_s = 0.0
    for previous, following in pairwise(windows):
        word = _last_word(records, before=_first_collected(records, following.phase))
        quiet_s += max(0.0, word - previous.ended)
        gaps_s += following.began - previous.ended
    return Session(
        start_s=_waited_s(records) + windows[0].began - began,
        dispatch_s=sum(window.dispatch_s for window in windows),
        barriers_s=gaps_s - quiet_s,
        end_s=ended - windows[-1].ended,
        quiet_s=quiet_s,
    )


def _waited_s(records: Sequence[Record]) -> float:
    answered = [record.at for record in records if isinstance(record.event, DeploymentIdentified)]
    seen = (record.event.observation.at for record in records if isinstance(record.event, Observed))
    asked = [at for at in seen if at is not None]
    if not answered or not asked:
        raise UnreadableRunError("the campaign does not say how long it waited for its pytest session to be ready")
    return (min(asked) - min(answered)).total_seconds()


def _first_collected(records: Sequence[Record], phase: int) -> float:
    found = (
        record.mono_s
        for record in records
        if record.writer.startswith(_CONTROLLER) and isinstance(record.event, Collected) and record.event.phase == phase
    )
    return min(found, default=float("-inf"))


def _last_word(records: Sequence[Record], *, before: float) -> float:
    said = [record.mono_s for record in records if record.writer == _CAMPAIGN and record.mono_s <= before]
    if not said:
        raise UnreadableRunError("the campaign says nothing before its pytest session begins a phase")
    return max(said)
