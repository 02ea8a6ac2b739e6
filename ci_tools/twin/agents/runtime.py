"""Runs of agents: started once per request id, bounded, cancellable, readable by their user only.

A run belongs to the user, not to the connection that started it: it goes on when that connection is
lost, and its result is then read by its id or from its thread.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from ci_tools.twin.agents.desk import Agent, Desk, Office, Report, Task, code_of, explained
from ci_tools.twin.agents.events import Emitter, Sink
from ci_tools.twin.agents.failures import (
    AgentFailureError,
    RunCancelledError,
    RunNotFoundError,
    RunStoppedError,
    RunTimeoutError,
    StorageError,
    ThreadNotFoundError,
)
from ci_tools.twin.agents.keeper import Keeper
from ci_tools.twin.agents.ports import Caller, Gate, Message, Model, RunStore, Threads
from ci_tools.twin.agents.runs import AgentName, RunRequest, RunState, RunStatus, instant
from ci_tools.twin.agents.tools import Toolbox, milliseconds_since

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How long things may take, in seconds; *model_s* None is the defect of an unbounded call."""

    run_s: float
    gap_s: float
    model_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What runs are connected to."""

    model: Model
    gate: Gate
    store: RunStore
    threads: Threads
    toolbox: Toolbox
    staff: Mapping[AgentName, Agent]


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The run that serves a request; *fresh* is false for one that an earlier request started."""

    run_id: str
    fresh: bool


@dataclass(slots=True, kw_only=True)
class _Active:
    agent: AgentName
    user_id: str
    stop_asked: asyncio.Event = field(default_factory=asyncio.Event)
    cancel_asked: bool = False
    ending: bool = False
    task: asyncio.Task[RunState] | None = None


class Runtime:
    """The runs of one process."""

    def __init__(self, world: World, bounds: Bounds) -> None:
        self._world = world
        self._bounds = bounds
        self._active: dict[str, _Active] = {}

    def census(self) -> Mapping[str, int]:
        """How many runs of each agent are under way."""
        return Counter(active.agent.value for active in self._active.values())

    async def start(self, request: RunRequest, caller: Caller, sink: Sink) -> Started:
        """The run is under way and its state can be read; the sink takes its events.

        A request id that the user has used before gives the earlier run, and no event.

        Raises:
            ThreadNotFoundError: The request names a thread that is not the caller's.
        """
        if request.thread_id is not None and not await self._world.threads.owns(caller):
            raise ThreadNotFoundError(f"no thread {request.thread_id!r} of this user; create one: POST /api/threads")
        run = _opened(request, caller)
        holder = await self._world.store.open(run)
        if holder != run.run_id:
            return Started(run_id=holder, fresh=False)
        await self._received(run, request, caller)
        active = self._active[run.run_id] = _Active(agent=request.agent, user_id=caller.user_id)
        active.task = asyncio.create_task(self._run(run, request, caller, sink, active), name=run.run_id)
        active.task.add_done_callback(lambda _: self._active.pop(run.run_id, None))
        return Started(run_id=run.run_id, fresh=True)

    async def finished(self, run_id: str, user_id: str) -> RunState:
        """The state of the user's run once it has ended; what it is now when another process runs it."""
        active = self._active.get(run_id)
        if active is None or active.task is None or active.user_id != user_id:
            return await self.state(run_id, user_id)
        return await asyncio.shield(active.task)

    async def state(self, run_id: str, user_id: str) -> RunState:
        """The stored state of the user's run.

        Raises:
            RunNotFoundError: No run has this id, or another user's has.
        """
        run = await self._world.store.load(run_id)
        if run is None or run.user_id != user_id:
            raise RunNotFoundError(f"no run {run_id!r} of this user; a run is kept for a limited time")
        return run

    def cancel(self, run_id: str, user_id: str) -> bool:
        """Whether a run of the user was under way and is now being torn down."""
        active = self._owned(run_id, user_id)
        if active is None or active.task is None or active.cancel_asked or active.ending:
            return False
        active.cancel_asked = True
        return active.task.cancel()

    def stop(self, run_id: str, user_id: str) -> bool:
        """Whether a run of the user was under way and will end after its present step."""
        active = self._owned(run_id, user_id)
        if active is None or active.ending:
            return False
        active.stop_asked.set()
        return True

    def active_of(self, user_id: str, agent: AgentName) -> list[str]:
        """The user's runs of *agent* that are under way, oldest first."""
        return [run_id for run_id, run in self._active.items() if run.user_id == user_id and run.agent is agent]

    async def close(self) -> None:
        """Every run is torn down."""
        tasks = [active.task for active in self._active.values() if active.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _owned(self, run_id: str, user_id: str) -> _Active | None:
        active = self._active.get(run_id)
        return active if active is not None and active.user_id == user_id else None

    async def _run(self, run: RunState, request: RunRequest, caller: Caller, sink: Sink, active: _Active) -> RunState:
        started = time.perf_counter()
        keeper = Keeper(self._world.store, run)
        emitter = Emitter(
            run_id=run.run_id, user_id=run.user_id, sink=sink, gap_s=self._bounds.gap_s, changed=keeper.touch
        )
        keeper.steps = emitter.steps
        office = self._office(caller, emitter, active.stop_asked)
        desk = Desk(office, self._world.staff[run.agent], Task(message=request.message, context=request.context))
        try:
            report = await self._bounded(desk)
            active.ending = True  # from here on a cancellation would leave the answer in the thread of a cancelled run
            await self._converse(caller, Message(role="assistant", content=report.text), run.run_id)
            return await self._completed(keeper, desk, report, started)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - every run ends in an event
            active.ending = True
            return await self._failed(keeper, desk, _reason(error, active), started)
        finally:
            emitter.close()

    async def _received(self, run: RunState, request: RunRequest, caller: Caller) -> None:
        try:
            await self._converse(caller, Message(role="user", content=request.message), run.run_id)
        except StorageError as error:
            await self._world.store.save(
                replace(run, status=RunStatus.FAILED, error=explained(error), error_code=error.code)
            )
            raise

    async def _bounded(self, desk: Desk) -> Report:
        bound = asyncio.timeout(self._bounds.run_s)
        try:
            async with bound:
                return await desk.perform()
        except TimeoutError as error:
            if not bound.expired():
                raise
            raise RunTimeoutError(f"the run took longer than {self._bounds.run_s:g} s; ask for less at once") from error

    async def _completed(self, keeper: Keeper, desk: Desk, report: Report, started: float) -> RunState:
        event = desk.completion(report.as_result(), started)
        ended = await keeper.close(
            event,
            status=RunStatus.COMPLETED,
            result=event.data["result"],
            execution_time_ms=event.data["execution_time_ms"],
        )
        desk.publish(event)
        return ended

    async def _failed(self, keeper: Keeper, desk: Desk, error: BaseException, started: float) -> RunState:
        if not isinstance(error, AgentFailureError | asyncio.CancelledError):
            _LOG.error("run %s ended in an unforeseen error", keeper.run.run_id, exc_info=error)
        event = desk.failure(error)
        try:
            return await keeper.close(
                event,
                status=_status(error),
                error=explained(error),
                error_code=code_of(error),
                execution_time_ms=milliseconds_since(started),
            )
        except StorageError as unkept:
            _LOG.warning("the end of run %s was not kept: %s", keeper.run.run_id, unkept)
            return keeper.run
        finally:
            desk.publish(event)

    async def _converse(self, caller: Caller, message: Message, run_id: str) -> None:
        if caller.thread_id is not None:
            await self._world.threads.append(caller, message, {"run_id": run_id})

    def _office(self, caller: Caller, emitter: Emitter, stop_asked: asyncio.Event) -> Office:
        return Office(
            caller=caller,
            emitter=emitter,
            toolbox=self._world.toolbox,
            model=self._world.model,
            gate=self._world.gate,
            model_limit_s=self._bounds.model_s,
            staff=self._world.staff,
            stop_asked=stop_asked,
        )


def _opened(request: RunRequest, caller: Caller) -> RunState:
    now = instant(datetime.now(UTC))
    return RunState(
        run_id=f"run-{uuid4().hex}",
        user_id=caller.user_id,
        agent=request.agent,
        status=RunStatus.RUNNING,
        message=request.message,
        thread_id=request.thread_id,
        request_id=request.request_id,
        created_at=now,
        updated_at=now,
    )


def _status(error: BaseException) -> RunStatus:
    match error:
        case RunCancelledError():
            return RunStatus.CANCELLED
        case RunStoppedError():
            return RunStatus.STOPPED
        case _:
            return RunStatus.FAILED


def _reason(error: BaseException, active: _Active) -> BaseException:
    if isinstance(error, asyncio.CancelledError) and active.cancel_asked:
        return RunCancelledError("the run was cancelled by its user")
    return error
