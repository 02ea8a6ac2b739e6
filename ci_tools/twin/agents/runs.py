"""A run: what was asked, how far it is, and what came of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class AgentName(StrEnum):
    """The agents of the deployed system."""

    TRIAGE = "triage"
    DATA = "data"
    OPTIMIZATION = "optimization"
    ACTIONS = "actions"
    REPORTING = "reporting"
    SUPPLY_RESEARCHER = "supply_researcher"
    CORPUS_ADMIN = "corpus_admin"
    DATA_HELPER = "data_helper"
    SUPERVISOR = "supervisor"


class RunStatus(StrEnum):
    """Where a run is."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What a user asks of an agent."""

    agent: AgentName
    message: str
    thread_id: str | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    request_id: str | None = None
    """The client's own id: two requests of a user with the same one are the same run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """One event of a run, as the run's state keeps it."""

    number: int
    type: str
    agent_name: str
    timestamp: str
    tool_name: str | None = None
    execution_time_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """What is stored of a run. Instants are ISO 8601 in UTC."""

    run_id: str
    user_id: str
    agent: AgentName
    status: RunStatus
    message: str
    thread_id: str | None
    request_id: str | None
    created_at: str
    updated_at: str
    steps: tuple[StepRecord, ...] = ()
    result: Mapping[str, Any] | None = None
    error: str | None = None
    error_code: str | None = None
    execution_time_ms: float | None = None

    @property
    def ended(self) -> bool:
        """No further event comes."""
        return self.status is not RunStatus.RUNNING

    def as_json(self) -> dict[str, Any]:
        """The state as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "RunState":
        """The state that :meth:`as_json` wrote."""
        values = {**document}
        return cls(
            agent=AgentName(values.pop("agent")),
            status=RunStatus(values.pop("status")),
            steps=tuple(StepRecord(**step) for step in values.pop("steps")),
            **values,
        )


def instant(now: datetime) -> str:
    """ISO 8601 with milliseconds."""
    return now.isoformat(timespec="milliseconds")
