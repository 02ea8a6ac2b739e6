"""What one agent may do in a run: think, ask the language model, use tools, hand over."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from ci_tools.twin.agents.events import AgentEvent, Emitter, EventType
from ci_tools.twin.agents.failures import (
    AgentFailureError,
    ModelTimeoutError,
    ModelUnavailableError,
    RunStoppedError,
)
from ci_tools.twin.agents.ports import Caller, Gate, Model
from ci_tools.twin.agents.runs import AgentName
from ci_tools.twin.agents.tools import Toolbox, milliseconds_since

_PROMPT_LIMIT: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What an agent is to work on; *context* holds the user's context and earlier agents' results."""

    message: str
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an agent found: a text for people, data for the next agent."""

    text: str
    data: Mapping[str, Any]

    def as_result(self) -> dict[str, Any]:
        """The ``result`` of ``agent_completed``."""
        return {"response": self.text, **self.data}


class Agent(Protocol):
    """One agent: deterministic work on a task."""

    @property
    def name(self) -> AgentName:
        """The agent's name."""

    @property
    def capabilities(self) -> tuple[str, ...]:
        """What the agent can do, in the words of the agents' status."""

    @property
    def tools(self) -> tuple[str, ...]:
        """The tools that the agent may use."""

    async def work(self, desk: "Desk") -> Report:
        """The report on the desk's task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What all agents of one run share."""

    caller: Caller
    emitter: Emitter
    toolbox: Toolbox
    model: Model
    gate: Gate
    model_limit_s: float | None
    """None leaves a call to the model unbounded: the defect behind agents that never end."""
    staff: Mapping[AgentName, Agent]
    stop_asked: asyncio.Event


class Desk:
    """The desk of one agent of a run."""

    def __init__(self, office: Office, agent: Agent, task: Task) -> None:
        self._office = office
        self._agent = agent
        self.task = task

    @property
    def caller(self) -> Caller:
        """On whose behalf the agent works."""
        return self._office.caller

    def think(self, reasoning: str, progress: int) -> None:
        """Tell the user what the agent is at; *progress* in percent."""
        self._office.emitter.think(self._agent.name, reasoning, progress)

    async def use(self, tool: str, parameters: Mapping[str, Any]) -> Any:
        """The tool's result, with its two events whatever happens in between.

        Raises:
            ToolError: As :class:`Toolbox`. A call that may not be made emits no event.
            RunStoppedError: The user asked to stop.
        """
        self._check_stopped()
        if tool not in self._agent.tools:
            raise AgentFailureError(f"agent {self._agent.name} has no tool {tool!r}; {', '.join(self._agent.tools)}")
        self._office.toolbox.check(tool, parameters, self.caller)
        name = {"tool_name": tool}
        self._emit(EventType.TOOL_EXECUTING, {**name, "parameters": dict(parameters)})
        started = time.perf_counter()
        result: Any = {"error": "interrupted"}
        try:
            result = (await self._office.toolbox.run(tool, parameters, self.caller)).result
        except Exception as error:
            result = {"error": str(error)}
            raise
        finally:
            spent = {"result": result, "execution_time_ms": milliseconds_since(started)}
            self._emit(EventType.TOOL_COMPLETED, {**name, **spent})
        return result

    async def delegate(self, name: AgentName, task: Task) -> Report:
        """The report of another agent, with that agent's own events from its start to its end."""
        self._check_stopped()
        desk = Desk(self._office, self._office.staff[name], task)
        started = time.perf_counter()
        try:
            report = await desk.perform()
        except BaseException as error:
            desk.publish(desk.failure(error))
            raise
        desk.publish(desk.completion(report.as_result(), started))
        return report

    async def perform(self) -> Report:
        """Start, ask the language model, work. The terminal event is the caller's to emit."""
        self._emit(EventType.AGENT_STARTED, {"message": self.task.message, "context": sorted(self.task.context)})
        self.think(await self._ask(), 10)
        return await self._agent.work(self)

    def completion(self, result: Mapping[str, Any], started: float) -> AgentEvent:
        """The agent's ``agent_completed``, not yet published; *started* of :func:`time.perf_counter`."""
        spent = {"result": dict(result), "execution_time_ms": milliseconds_since(started)}
        return self._draft(EventType.AGENT_COMPLETED, {"status": "success", **spent})

    def failure(self, error: BaseException) -> AgentEvent:
        """The agent's ``agent_error``, not yet published."""
        told = {"error_message": explained(error), "error_context": {"code": code_of(error)}}
        return self._draft(EventType.AGENT_ERROR, told)

    def publish(self, event: AgentEvent) -> None:
        """A drafted event is on its way to the client."""
        self._office.emitter.publish(event)

    async def _ask(self) -> str:
        prompt = self.task.message[:_PROMPT_LIMIT]
        return await _through(
            self._office.gate,
            lambda: _bounded(self._office.model.complete(prompt, self._agent.name), self._office.model_limit_s),
        )

    def _check_stopped(self) -> None:
        if self._office.stop_asked.is_set():
            raise RunStoppedError("the run was stopped by its user")

    def _draft(self, kind: EventType, data: Mapping[str, Any]) -> AgentEvent:
        return self._office.emitter.draft(kind, self._agent.name, data)

    def _emit(self, kind: EventType, data: Mapping[str, Any]) -> None:
        self._office.emitter.emit(kind, self._agent.name, data)


def explained(error: BaseException) -> str:
    """What a user may read of *error*: our own words, or only that something unforeseen happened."""
    if isinstance(error, AgentFailureError):
        return str(error)
    if isinstance(error, asyncio.CancelledError):
        return "the run was interrupted"
    return f"internal error of the agent ({type(error).__name__}); see the service's log"


def code_of(error: BaseException) -> str:
    """The code of *error* for programs."""
    if isinstance(error, AgentFailureError):
        return error.code
    return "RUN_INTERRUPTED" if isinstance(error, asyncio.CancelledError) else "INTERNAL_ERROR"


async def _bounded(answer: Awaitable[str], limit_s: float | None) -> str:
    bound = asyncio.timeout(limit_s)
    try:
        async with bound:
            return await answer
    except TimeoutError as error:
        if not bound.expired():
            raise
        raise ModelTimeoutError(f"the language model did not answer within {limit_s:g} s; try again later") from error


async def _through(gate: Gate, call: Callable[[], Awaitable[str]]) -> str:
    if not gate.allows(time.monotonic()):
        raise ModelUnavailableError("the language model failed repeatedly and is left alone for a while; try again")
    try:
        answer = await call()
    except ModelUnavailableError:
        gate.failed(time.monotonic())
        raise
    gate.succeeded()
    return answer
