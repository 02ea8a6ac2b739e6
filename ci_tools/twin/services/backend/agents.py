"""``/api/agents`` and ``/api/agent``: runs of agents, asked for, waited for, ended and read."""

import time
from collections.abc import Callable
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ci_tools.twin.agents.events import AgentEvent
from ci_tools.twin.agents.roster import STAFF
from ci_tools.twin.agents.runs import AgentName, RunRequest, RunState, RunStatus
from ci_tools.twin.services.backend.agents_runs import AgentService, agents_of, answered, caller_of
from ci_tools.twin.services.identity import authenticate
from ci_tools.twin.services.web import Json, NotFoundError, read, timestamp

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000, pattern=r"^[^\x00]*$")]
Key = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    message: Text
    thread_id: Key | None = None
    context: dict[str, Any] = Field(default_factory=dict)
    request_id: Key | None = None

    def of(self, agent: AgentName) -> RunRequest:
        """The request to *agent*."""
        return RunRequest(
            agent=agent,
            message=self.message,
            thread_id=self.thread_id,
            context=self.context,
            request_id=self.request_id,
        )


class Execution(_Asked):
    """The body of ``POST /api/agents/execute`` and ``/stream``."""

    type: AgentName


class QueuedExecution(_Asked):
    """The body of ``POST /api/agent/v2/execute``."""

    agent_type: AgentName = AgentName.SUPERVISOR


class Beginning(_Asked):
    """The body of ``POST /api/agents/start``: the agent to run; without a message it reports on nothing."""

    agent_id: AgentName
    message: Annotated[str, StringConstraints(strip_whitespace=True, max_length=20_000)] = ""


class Ending(BaseModel):
    """The body of ``POST /api/agents/stop`` and ``/cancel``: a run, or an agent and so all its runs."""

    model_config = ConfigDict(extra="forbid")

    agent_id: Key


def unwatched(_event: AgentEvent) -> None:
    """The sink of a run whose events nobody reads."""


async def _status(request: Request) -> Response:
    user = await authenticate(request)
    service = agents_of(request)
    return Json([_described(service, user.user_id, name) for name in STAFF])


def _described(service: AgentService, user_id: str, name: AgentName) -> dict[str, Any]:
    durations = service.backend.settings.durations
    active = service.runtime.active_of(user_id, name)
    return {
        "name": name.value,
        "state": "running" if active else "idle",
        "active_runs": active,
        "capabilities": list(STAFF[name].capabilities),
        "config": {
            "tools": list(STAFF[name].tools),
            "run_timeout_s": durations.run_s,
            "tool_timeout_s": durations.tool_s,
            "model_timeout_s": durations.llm_s,
        },
    }


async def _execute(request: Request) -> Response:
    user = await authenticate(request)
    asked = await read(request, Execution)
    service = agents_of(request)
    started = time.perf_counter()
    with answered():
        run_request = asked.of(asked.type)
        run = await service.start(run_request, caller_of(user, asked.thread_id), unwatched)
        ended = await service.finished(run.run_id, user.user_id)
    return Json(_outcome(service, asked.type, ended, time.perf_counter() - started))


def _outcome(service: AgentService, agent: AgentName, run: RunState, seconds: float) -> dict[str, Any]:
    return {
        "status": "success" if run.status is RunStatus.COMPLETED else "error",
        "agent": agent.value,
        "response": None if run.result is None else run.result["response"],
        "result": run.result,
        "execution_time": round(seconds, 6),
        "circuit_breaker_state": service.backend.breakers["llm"].state(time.monotonic()).value,
        "error": run.error,
        "error_code": run.error_code,
        "run_id": run.run_id,
    }


async def _queue(request: Request) -> Response:
    user = await authenticate(request)
    asked = await read(request, QueuedExecution)
    caller = caller_of(user, asked.thread_id)
    with answered():
        run = await agents_of(request).start(asked.of(asked.agent_type), caller, unwatched)
    return Json({"run_id": run.run_id, "status": "started", "user_id": user.user_id, "thread_id": asked.thread_id})


async def _start(request: Request) -> Response:
    user = await authenticate(request)
    asked = await read(request, Beginning)
    caller = caller_of(user, asked.thread_id)
    with answered():
        run = await agents_of(request).start(asked.of(asked.agent_id), caller, unwatched)
    return Json(_control("start", asked.agent_id, [run.run_id], f"{asked.agent_id} was started"))


async def _stop(request: Request) -> Response:
    return await _end(request, "stop", lambda service: service.runtime.stop)


async def _cancel(request: Request) -> Response:
    return await _end(request, "cancel", lambda service: service.runtime.cancel)


async def _end(request: Request, action: str, ending: Callable[[AgentService], Callable[[str, str], bool]]) -> Response:
    user = await authenticate(request)
    asked = await read(request, Ending)
    service = agents_of(request)
    runs = await _runs_meant(service, user.user_id, asked.agent_id)
    ended = [run_id for run_id in runs if ending(service)(run_id, user.user_id)]
    message = f"{action} was asked of {len(ended)} run(s)" if ended else "no run of it is under way"
    return Json(_control(action, asked.agent_id, ended, message))


async def _runs_meant(service: AgentService, user_id: str, agent_id: str) -> list[str]:
    if agent_id in set(AgentName):
        return service.runtime.active_of(user_id, AgentName(agent_id))
    with answered():
        return [(await service.state(agent_id, user_id)).run_id]


def _control(action: str, agent_id: str, runs: list[str], message: str) -> dict[str, Any]:
    return {
        "success": bool(runs),
        "agent_id": agent_id,
        "action": action,
        "message": message,
        "run_ids": runs,
        "timestamp": timestamp(),
    }


async def _run(request: Request) -> Response:
    user = await authenticate(request)
    run_id = request.path_params["run_id"]
    if "\x00" in run_id:
        raise NotFoundError("no such run", code="RUN_NOT_FOUND")
    with answered():
        state = await agents_of(request).state(run_id, user.user_id)
    return Json(state.as_json())


routes: Final = [
    Route("/api/agents/status", _status, methods=["GET"]),
    Route("/api/agents/execute", _execute, methods=["POST"]),
    Route("/api/agents/start", _start, methods=["POST"]),
    Route("/api/agents/stop", _stop, methods=["POST"]),
    Route("/api/agents/cancel", _cancel, methods=["POST"]),
    Route("/api/agent/v2/execute", _queue, methods=["POST"]),
    Route("/api/agent/{run_id}/status", _run, methods=["GET"]),
    Route("/api/agent/{run_id}/state", _run, methods=["GET"]),
]
