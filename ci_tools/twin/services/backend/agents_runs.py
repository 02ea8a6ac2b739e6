"""The runs of this process: one runtime, asked by HTTP, streams and WebSockets alike.

While the point ``agents.mock`` is switched on nothing is run: a server-side fallback answers.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

from starlette.requests import HTTPConnection

from ci_tools.twin.agents.catalogue import tools
from ci_tools.twin.agents.events import AgentEvent, EventType, Sink
from ci_tools.twin.agents.failures import (
    AgentFailureError,
    AgentInputError,
    RunNotFoundError,
    StorageError,
    ThreadNotFoundError,
    ToolForbiddenError,
    ToolParametersError,
    ToolTimeoutError,
    ToolUnknownError,
)
from ci_tools.twin.agents.ports import Caller
from ci_tools.twin.agents.roster import CAPABILITIES, STAFF
from ci_tools.twin.agents.runs import AgentName, RunRequest, RunState, RunStatus, instant
from ci_tools.twin.agents.runtime import Bounds, Runtime, Started, World
from ci_tools.twin.agents.tools import Toolbox
from ci_tools.twin.services.backend.agents_ports import HttpModel, RedisRuns, SqlDocuments, SqlThreads
from ci_tools.twin.services.backend.context import Backend, backend_of
from ci_tools.twin.services.identity import Principal
from ci_tools.twin.services.web import ApiError, ForbiddenError, InvalidError, NotFoundError, UnavailableError

MOCK_POINT: Final = "agents.mock"
RETAIN_POINT: Final = "agents.retain"
"""The defect that what a run has loaded is never let go."""
_MIB: Final = 1_048_576
_MOCK_PREFIX: Final = "mock-"
_ANSWERS: Final[Mapping[type[AgentFailureError], type[ApiError]]] = {
    RunNotFoundError: NotFoundError,
    ThreadNotFoundError: NotFoundError,
    ToolUnknownError: NotFoundError,
    ToolForbiddenError: ForbiddenError,
    ToolParametersError: InvalidError,
    AgentInputError: InvalidError,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentService:
    """The agents as the endpoints see them."""

    backend: Backend
    runtime: Runtime
    toolbox: Toolbox

    async def start(self, request: RunRequest, caller: Caller, sink: Sink) -> Started:
        """See :meth:`Runtime.start`."""
        if self.backend.behaviours.at(MOCK_POINT) is not None:
            return _mocked(request, caller, sink)
        if retaining := self.backend.behaviours.at(RETAIN_POINT):
            self.backend.retained.append(b"\x01" * int(float(retaining.params.get("mib", 1)) * _MIB))
        return await self.runtime.start(request, caller, sink)

    async def state(self, run_id: str, user_id: str) -> RunState:
        """See :meth:`Runtime.state`."""
        if self._is_mocked(run_id):
            return _mock_state(run_id, user_id)
        return await self.runtime.state(run_id, user_id)

    async def finished(self, run_id: str, user_id: str) -> RunState:
        """See :meth:`Runtime.finished`."""
        if self._is_mocked(run_id):
            return _mock_state(run_id, user_id)
        return await self.runtime.finished(run_id, user_id)

    def _is_mocked(self, run_id: str) -> bool:
        return run_id.startswith(_MOCK_PREFIX) and self.backend.behaviours.at(MOCK_POINT) is not None


def agents_of(connection: HTTPConnection) -> AgentService:
    """The agents of the process that serves *connection*; made at first use."""
    state = connection.app.state
    if not hasattr(state, "agents"):
        state.agents = _opened(backend_of(connection))
    service: AgentService = state.agents
    return service


def caller_of(principal: Principal, thread_id: str | None = None) -> Caller:
    """The user on whose behalf agents and tools work."""
    return Caller(user_id=principal.user_id, permissions=principal.permissions, thread_id=thread_id)


@contextmanager
def answered() -> Iterator[None]:
    """A failure of an agent or tool in the block becomes the answer that tells it."""
    try:
        yield
    except StorageError as error:
        raise UnavailableError(error.dependency, error.reason) from error
    except ToolTimeoutError as error:
        raise UnavailableError("tool", str(error)) from error
    except AgentFailureError as error:
        raise _ANSWERS.get(type(error), ApiError)(str(error), code=error.code) from error


def _opened(backend: Backend) -> AgentService:
    threads = SqlThreads(backend.database)
    durations = backend.settings.durations
    catalogue = tools(
        documents=SqlDocuments(backend.database),
        threads=threads,
        roster=CAPABILITIES,
        census=lambda: runtime.census(),  # noqa: PLW0108 - the runtime is made below, of these tools
    )
    toolbox = Toolbox(catalogue, limit_s=durations.tool_s)
    world = World(
        model=HttpModel(backend.llm),
        gate=backend.breakers["llm"],
        store=RedisRuns(backend.cache),
        threads=threads,
        toolbox=toolbox,
        staff=STAFF,
    )
    bounds = Bounds(run_s=durations.run_s, gap_s=durations.agent_event_gap_s, model_s=durations.llm_s)
    runtime = Runtime(world, bounds)
    return AgentService(backend=backend, runtime=runtime, toolbox=toolbox)


def _mocked(request: RunRequest, caller: Caller, sink: Sink) -> Started:
    run_id = f"{_MOCK_PREFIX}{uuid4().hex}"
    result = {"response": f"Mock response from {request.agent}: {request.message[:200]}"}
    ended = {"status": "success", "result": result, "execution_time_ms": 0.1}
    sink(_mock_event(EventType.AGENT_STARTED, run_id, request, caller, {"message": request.message}))
    sink(_mock_event(EventType.AGENT_COMPLETED, run_id, request, caller, ended))
    return Started(run_id=run_id, fresh=True)


def _mock_event(
    kind: EventType, run_id: str, request: RunRequest, caller: Caller, data: Mapping[str, Any]
) -> AgentEvent:
    return AgentEvent(
        type=kind,
        run_id=run_id,
        user_id=caller.user_id,
        agent_name=request.agent,
        timestamp=instant(datetime.now(UTC)),
        data=data,
    )


def _mock_state(run_id: str, user_id: str) -> RunState:
    now = instant(datetime.now(UTC))
    return RunState(
        run_id=run_id,
        user_id=user_id,
        agent=AgentName.SUPERVISOR,
        status=RunStatus.COMPLETED,
        message="",
        thread_id=None,
        request_id=None,
        created_at=now,
        updated_at=now,
        result={"response": f"Mock response of run {run_id}"},
        execution_time_ms=0.1,
    )
