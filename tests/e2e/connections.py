"""A user's WebSocket: opened, asked on, and heard to the end of its runs; no action is repeated."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from ci_tools.target.fixtures import OpenSocket, User
from ci_tools.target.websocket import AGENT_EVENTS, TERMINAL_EVENTS, Frame, Socket, TokenIn

REFUSALS = {401, 403, 1008}
"""Refused at the handshake, or closed as a violation of policy right after it."""


@asynccontextmanager
async def welcomed(websocket: OpenSocket, user: User, *, token_in: TokenIn = TokenIn.HEADER) -> AsyncIterator[Socket]:
    """A connection whose first frame welcomed *user*; fails if it did not."""
    async with websocket(user, token_in=token_in) as socket:
        welcome = await socket.expect("connection_established", within_s=user.backend.environment.timeouts.receive_s)
        assert socket.frames[0] is welcome
        assert welcome.data["user_id"] == user.user_id
        yield socket


async def answered(
    socket: Socket, user: User, content: str, *, kind: str = "user_message", **ask: Any
) -> tuple[Frame, ...]:
    """The events of the run that *content*, sent as a message of *kind*, starts: within an agent's time."""
    await socket.send(kind, content=content, **ask)
    return await socket.events_of_run(within_s=user.backend.environment.timeouts.agent_s)


async def pinged(socket: Socket, user: User) -> Frame:
    """The answer to a ping: whatever the server had to send before it has arrived."""
    await socket.send("ping")
    return await socket.expect("pong", within_s=user.backend.environment.timeouts.receive_s)


def events_on(socket: Socket) -> list[Frame]:
    """Every agent event that *socket* has received, of whatever run and whomever."""
    return [frame for frame in socket.frames if frame.type in AGENT_EVENTS]


async def runs_on(socket: Socket, user: User, count: int) -> list[list[Frame]]:
    """The agent events of *socket* by run, the first begun first, once *count* runs have ended."""
    while sum(map(_over, _by_run(socket))) < count:
        await socket.next_event(within_s=user.backend.environment.timeouts.agent_s)
    return _by_run(socket)


def _by_run(socket: Socket) -> list[list[Frame]]:
    runs: dict[str, list[Frame]] = {}
    for frame in events_on(socket):
        runs.setdefault(frame.run_id, []).append(frame)
    return list(runs.values())


def _over(events: list[Frame]) -> bool:
    return events[-1].type in TERMINAL_EVENTS and events[-1].agent_name == events[0].agent_name
