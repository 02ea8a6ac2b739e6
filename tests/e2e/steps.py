"""Steps that suites take on their way to what they assert: none repeats an action, each cleans up behind itself."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from ci_tools.target.answers import accepted, mocked, rows
from ci_tools.target.fixtures import OpenSocket, User
from ci_tools.target.websocket import AGENT_EVENTS, TERMINAL_EVENTS, Frame, Socket, TokenIn

GOLDEN_PATH = ["agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed"]
UNDER_WAY = {"started", "running", "pending"}


def costs(unit: int) -> str:
    """A question whose numbers have the average ``3 * unit``, which is none of them."""
    return f"Our monthly costs were {unit}, {2 * unit} and {6 * unit} USD: analyse the numbers and tell me the average"


def tells(said: object, number: int) -> bool:
    """Whether *number* stands in what was said, as a number of its own."""
    return re.search(rf"(?<![\d.]){number}(?!\d|\.\d*[1-9])", str(said).replace(",", "")) is not None


def result_of(events: Sequence[Frame]) -> str:
    """What the run that *events* tell of came to, as text: a genuine result, not an error."""
    assert events[-1].type == "agent_completed", events[-1].document
    result = events[-1].data["result"]
    assert not mocked(str(result.get("response") if isinstance(result, Mapping) else result))
    return str(result)


@asynccontextmanager
async def welcomed(websocket: OpenSocket, user: User, *, token_in: TokenIn = TokenIn.HEADER) -> AsyncIterator[Socket]:
    """A connection whose first frame welcomed *user*."""
    async with websocket(user, token_in=token_in) as socket:
        welcome = await socket.expect("connection_established", within_s=user.backend.environment.timeouts.receive_s)
        assert socket.frames[0] is welcome
        assert welcome.data["user_id"] == user.user_id
        yield socket


async def answered(socket: Socket, user: User, content: str, **ask: Any) -> tuple[Frame, ...]:
    """The events of the run that *content*, sent as ``user_message``, starts: within an agent's time."""
    await socket.send("user_message", content=content, **ask)
    return await socket.events_of_run(within_s=user.backend.environment.timeouts.agent_s)


async def runs_on(socket: Socket, user: User, count: int) -> list[list[Frame]]:
    """The agent events of *socket* by run, the first begun first, once *count* runs have ended."""
    while sum(map(_over, _by_run(socket))) < count:
        await socket.next_event(within_s=user.backend.environment.timeouts.agent_s)
    return _by_run(socket)


def _by_run(socket: Socket) -> list[list[Frame]]:
    runs: dict[str, list[Frame]] = {}
    for frame in socket.frames:
        if frame.type in AGENT_EVENTS:
            runs.setdefault(frame.run_id, []).append(frame)
    return list(runs.values())


def _over(events: list[Frame]) -> bool:
    return events[-1].type in TERMINAL_EVENTS and events[-1].agent_name == events[0].agent_name


async def executed(user: User, agent: str, message: str, **ask: Any) -> dict[str, Any]:
    """The answer of an agent that was waited for over HTTP, within an agent's time."""
    body: dict[str, Any] = accepted(
        await user.backend.post(
            "/api/agents/execute",
            json={"type": agent, "message": message, **ask},
            timeout_s=user.backend.environment.timeouts.agent_s,
        )
    )
    return body


async def started(user: User, message: str, **ask: Any) -> dict[str, Any]:
    """What is told of a run that was started over HTTP and is not waited for."""
    body: dict[str, Any] = accepted(await user.backend.post("/api/agent/v2/execute", json={"message": message, **ask}))
    return body


def ended(user: User, run_id: str) -> Callable[[], Awaitable[dict[str, Any]]]:
    """A probe for the state of a run that has ended; empty while it is under way."""

    async def probe() -> dict[str, Any]:
        state: dict[str, Any] = accepted(await user.backend.get(f"/api/agent/{run_id}/state"))
        return {} if state["status"] in UNDER_WAY else state

    return probe


@asynccontextmanager
async def thread_of(user: User, title: str = "e2e", **metadata: object) -> AsyncIterator[str]:
    """The path of a new thread of *user*, which is deleted at the end."""
    created = accepted(await user.backend.post("/api/threads", json={"title": title, "metadata": metadata}))
    path = f"/api/threads/{created['id']}"
    try:
        yield path
    finally:
        await user.backend.delete(path)


async def contents_of(user: User, thread: str) -> list[tuple[str, str]]:
    """Role and content of each message of the thread at the path *thread*, in the order of the answer."""
    return [(message["role"], message["content"]) for message in rows(await user.backend.get(f"{thread}/messages"))]
