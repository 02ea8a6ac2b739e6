"""The events of a run, in the order in which they happen, and the record of them.

Emitting never waits, so that an event is never lost to a cancellation, and so that ``tool_completed``
and the terminal events can be emitted while an agent is being torn down.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from ci_tools.twin.agents.runs import AgentName, StepRecord, instant

_GAP_SHARE: Final = 0.8
"""Part of the permitted gap after which a silent run says that it is still at work."""


class EventType(StrEnum):
    """What can happen in a run."""

    AGENT_STARTED = "agent_started"
    AGENT_THINKING = "agent_thinking"
    TOOL_EXECUTING = "tool_executing"
    TOOL_COMPLETED = "tool_completed"
    AGENT_COMPLETED = "agent_completed"
    AGENT_ERROR = "agent_error"


GOLDEN_PATH: Final = (
    EventType.AGENT_STARTED,
    EventType.AGENT_THINKING,
    EventType.TOOL_EXECUTING,
    EventType.TOOL_COMPLETED,
    EventType.AGENT_COMPLETED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentEvent:
    """One event as clients see it."""

    type: EventType
    run_id: str
    user_id: str
    agent_name: AgentName
    timestamp: str
    data: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """The event as JSON values, in the contract's order."""
        return {
            "type": self.type.value,
            "run_id": self.run_id,
            "user_id": self.user_id,
            "agent_name": self.agent_name.value,
            "timestamp": self.timestamp,
            "data": dict(self.data),
        }


Sink = Callable[[AgentEvent], None]
"""Takes an event at once and never raises; a client that went away is the sink's concern."""


class Emitter:
    """Emits the events of one run to its sink and keeps the record of them.

    A run that has been silent for most of *gap_s* emits a thinking event by itself: the gap between
    two events stays within the contract however long a tool or the language model takes.
    """

    def __init__(self, *, run_id: str, user_id: str, sink: Sink, gap_s: float, changed: Callable[[], None]) -> None:
        self._run_id = run_id
        self._user_id = user_id
        self._sink = sink
        self._patience_s = gap_s * _GAP_SHARE
        self._changed = changed
        self._thoughts: dict[AgentName, int] = {}
        self._progress: dict[AgentName, int] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.steps: list[StepRecord] = []

    def emit(self, kind: EventType, agent: AgentName, data: Mapping[str, Any]) -> None:
        """The event is recorded and on its way to the client."""
        self.publish(self.draft(kind, agent, data))

    def draft(self, kind: EventType, agent: AgentName, data: Mapping[str, Any]) -> AgentEvent:
        """An event of now that nobody has seen yet."""
        return AgentEvent(
            type=kind,
            run_id=self._run_id,
            user_id=self._user_id,
            agent_name=agent,
            timestamp=instant(datetime.now(UTC)),
            data=data,
        )

    def publish(self, event: AgentEvent) -> None:
        """A drafted event is recorded and on its way to the client."""
        self.steps.append(recorded(event, len(self.steps) + 1))
        self._changed()
        self._sink(event)
        self._rearm(event.agent_name)

    def think(self, agent: AgentName, reasoning: str, progress: int | None = None) -> None:
        """The next ``agent_thinking`` of *agent*; *progress* in percent never goes back."""
        self._thoughts[agent] = number = self._thoughts.get(agent, 0) + 1
        self._progress[agent] = reached = max(progress or 0, self._progress.get(agent, 0))
        self.emit(
            EventType.AGENT_THINKING,
            agent,
            {"reasoning": reasoning, "step_number": number, "progress_percentage": reached},
        )

    def close(self) -> None:
        """No thinking event comes by itself any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _rearm(self, agent: AgentName) -> None:
        self.close()
        self._timer = asyncio.get_running_loop().call_later(self._patience_s, self._still_working, agent)

    def _still_working(self, agent: AgentName) -> None:
        self.think(agent, f"still at work after {self._patience_s:g} s without news")


def recorded(event: AgentEvent, number: int) -> StepRecord:
    """The event as the run's state keeps it."""
    return StepRecord(
        number=number,
        type=event.type.value,
        agent_name=event.agent_name.value,
        timestamp=event.timestamp,
        tool_name=event.data.get("tool_name"),
        execution_time_ms=event.data.get("execution_time_ms"),
    )
