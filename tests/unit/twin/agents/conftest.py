"""A runtime whose world is in memory, and what a run of it showed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from ci_tools.twin.agents.catalogue import tools
from ci_tools.twin.agents.events import AgentEvent, Sink
from ci_tools.twin.agents.failures import ModelUnavailableError, StorageError
from ci_tools.twin.agents.ports import Caller, Document, Message
from ci_tools.twin.agents.roster import CAPABILITIES, STAFF
from ci_tools.twin.agents.runs import AgentName, RunRequest, RunState
from ci_tools.twin.agents.runtime import Bounds, Runtime, World
from ci_tools.twin.agents.tools import Tool, Toolbox
from ci_tools.twin.services.breaker import Breaker


class MemoryModel:
    """Answers with the prompt; refuses or keeps silent when told to."""

    def __init__(self) -> None:
        self.prompts: list[str] = []
        self.refusal: str | None = None
        self.silent = asyncio.Event()
        self.silent.set()
        self.asked = asyncio.Event()

    def fall_silent(self) -> None:
        """No call is answered any more."""
        self.silent.clear()

    async def complete(self, prompt: str, task: str) -> str:
        """The model's text."""
        self.prompts.append(prompt)
        self.asked.set()
        if self.refusal is not None:
            raise ModelUnavailableError(self.refusal)
        await self.silent.wait()
        return f"[{task}] {prompt}"


class MemoryRuns:
    """Runs in a dictionary, every saved state kept."""

    def __init__(self) -> None:
        self.runs: dict[str, RunState] = {}
        self.requests: dict[tuple[str, str], str] = {}
        self.saves: list[RunState] = []
        self.broken = False
        self.saved = asyncio.Semaphore(0)
        self.during_save: Callable[[], object] | None = None

    async def open(self, run: RunState) -> str:
        """The holder of the request id."""
        holder = self.requests.setdefault((run.user_id, run.request_id or run.run_id), run.run_id)
        if holder == run.run_id:
            self.runs[holder] = run
        return holder

    async def save(self, run: RunState) -> None:
        """Replace the state."""
        if self.broken:
            raise StorageError("redis", "Connection refused.")
        self.saves.append(run)
        if self.during_save is not None:
            self.during_save()
            self.during_save = None
        self.runs[run.run_id] = RunState.from_json(run.as_json())
        self.saved.release()

    async def load(self, run_id: str) -> RunState | None:
        """The state."""
        return self.runs.get(run_id)


class MemoryThreads:
    """Threads of users in dictionaries."""

    def __init__(self) -> None:
        self.owners = {"thread-1": "user-1", "thread-2": "user-2"}
        self.messages: dict[str, list[Message]] = {}
        self.refused_roles: set[str] = set()
        self.answering = asyncio.Event()
        self.let_go = asyncio.Event()
        self.let_go.set()

    async def owns(self, caller: Caller) -> bool:
        """Whether the thread is the caller's."""
        return self.owners.get(caller.thread_id or "") == caller.user_id

    async def append(self, caller: Caller, message: Message, metadata: Mapping[str, Any]) -> None:
        """One message more."""
        if message.role in self.refused_roles:
            raise StorageError("postgresql", "connection was closed")
        assert metadata["run_id"].startswith("run-")
        if message.role == "assistant":
            self.answering.set()
            await self.let_go.wait()
        self.messages.setdefault(caller.thread_id or "", []).append(message)

    async def history(self, caller: Caller, limit: int) -> Sequence[Message]:
        """The latest messages."""
        return self.messages.get(caller.thread_id or "", [])[-limit:]


class MemoryDocuments:
    """Documents of one user, found by any common word."""

    def __init__(self) -> None:
        self.stored: list[Document] = []

    async def create(self, caller: Caller, title: str, content: str) -> Document:
        """The stored document."""
        self.stored.append(Document(document_id=f"{caller.user_id}-{len(self.stored)}", title=title, excerpt=content))
        return self.stored[-1]

    async def search(self, _caller: Caller, query: str, limit: int) -> Sequence[Document]:
        """The documents that share a word with *query*."""
        wanted = set(query.lower().split())
        return [d for d in self.stored if wanted & set(f"{d.title} {d.excerpt}".lower().split())][:limit]


@dataclass(kw_only=True)
class House:
    """A runtime, its world and the events that it emitted."""

    model: MemoryModel = field(default_factory=MemoryModel)
    store: MemoryRuns = field(default_factory=MemoryRuns)
    threads: MemoryThreads = field(default_factory=MemoryThreads)
    documents: MemoryDocuments = field(default_factory=MemoryDocuments)
    events: list[AgentEvent] = field(default_factory=list)
    bounds: Bounds = field(default_factory=lambda: Bounds(run_s=10.0, gap_s=10.0, model_s=5.0))
    tool_s: float = 5.0
    extra_tools: list[Tool] = field(default_factory=list)
    runtime: Runtime = field(init=False)

    def open(self, **bounds: float | None) -> "House":
        """The runtime with *bounds* changed."""
        self.bounds = replace(self.bounds, **bounds)
        own = tools(
            documents=self.documents,
            threads=self.threads,
            roster=CAPABILITIES,
            census=lambda: self.runtime.census(),  # noqa: PLW0108 - the runtime is made below
        )
        named = {tool.name: tool for tool in (*own, *self.extra_tools)}
        world = World(
            model=self.model,
            gate=Breaker("llm", 3, 60.0),
            store=self.store,
            threads=self.threads,
            toolbox=Toolbox(named.values(), limit_s=self.tool_s),
            staff=STAFF,
        )
        self.runtime = Runtime(world, self.bounds)
        return self

    async def begin(self, request: RunRequest, user_id: str = "user-1", *permissions: str) -> str:
        """The id of the run that serves *request*."""
        caller = Caller(user_id=user_id, permissions=frozenset(permissions), thread_id=request.thread_id)
        return (await self.runtime.start(request, caller, self.events.append)).run_id

    async def perform(self, request: RunRequest, *permissions: str) -> RunState:
        """The ended run that serves *request*."""
        return await self.runtime.finished(await self.begin(request, "user-1", *permissions), "user-1")

    def answered_after(self, *, thoughts: int) -> Sink:
        """A sink that lets the silent model answer once that many thoughts were told."""

        def sink(event: AgentEvent) -> None:
            self.events.append(event)
            if event.data.get("step_number") == thoughts:
                self.model.silent.set()

        return sink

    def told(self) -> list[tuple[str, str]]:
        """The events as agent and type."""
        return [(event.agent_name.value, event.type.value) for event in self.events]


@pytest.fixture
async def house() -> AsyncIterator[House]:
    """A runtime with an obliging world."""
    opened = House().open()
    yield opened
    await opened.runtime.close()


Ask = Callable[..., Awaitable[Mapping[str, Any]]]


@pytest.fixture
def ask(house: House) -> Ask:
    """The result of one agent's completed run on a message, and as context the keywords."""

    async def result(agent: AgentName, message: str, **context: Any) -> Mapping[str, Any]:
        run = await house.perform(RunRequest(agent=agent, message=message, context=context), "read", "write")
        assert run.error is None
        assert run.result is not None
        return run.result

    return result
