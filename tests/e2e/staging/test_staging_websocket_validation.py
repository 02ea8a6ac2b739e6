"""The WebSocket lets its users in, keeps others out, and speaks the protocol that clients rely on.

What agents send through it is the matter of ``test_staging_agent_validation.py``: a silent agent is
no fault of the WebSocket.
"""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

import pytest

from ci_tools.target.fixtures import Eventually, OpenSocket, User
from ci_tools.target.websocket import JWT_SUBPROTOCOL, Socket, SocketRefusedError, TokenIn
from tests.e2e.connections import REFUSALS

EVENTS = ["agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed"]


async def _welcome(socket: Socket, user: User) -> Mapping[str, Any]:
    """The data of the frame that must come first."""
    frame = await socket.expect("connection_established", within_s=user.backend.environment.timeouts.receive_s)
    assert socket.frames[0] is frame
    return frame.data


async def _refusal(websocket: OpenSocket, user: User, bearer: str | None) -> int:
    """The code with which a connection that should not be is turned away."""
    with pytest.raises(SocketRefusedError) as refused:
        async with websocket(None, bearer=bearer) as socket:
            await _welcome(socket, user)
    return refused.value.code


async def test_websocket_connection(user: User, websocket: OpenSocket) -> None:
    """The first frame welcomes this very user, in no demo mode, and announces the five agent events in order."""
    async with websocket(user) as socket:
        data = await _welcome(socket, user)

    assert data["user_id"] == user.user_id
    assert data["mode"] != "demo"
    assert data["connection_id"]
    assert data["golden_path_events"] == EVENTS


async def test_websocket_accepts_the_token_of_a_browser(user: User, websocket: OpenSocket) -> None:
    """A browser, which can only use the subprotocol, is let in and told which one was chosen."""
    async with websocket(user, token_in=TokenIn.SUBPROTOCOL) as socket:
        data = await _welcome(socket, user)

    assert socket.subprotocol == JWT_SUBPROTOCOL
    assert data["user_id"] == user.user_id


async def test_websocket_refuses_nobody_and_forgers(user: User, websocket: OpenSocket) -> None:
    """Without a token, or with a forged one, the connection is refused and nobody is welcomed."""
    token = await user.credentials.bearer()
    assert token is not None
    head, _, signature = token.rpartition(".")

    nobody = await _refusal(websocket, user, None)
    forger = await _refusal(websocket, user, f"{head}.{signature[::-1]}")

    assert nobody in REFUSALS
    assert forger in REFUSALS


async def test_websocket_answers_each_frame_in_kind(user: User, websocket: OpenSocket) -> None:
    """Ping is answered by pong, an unknown type by ack, broken JSON by an error; the connection survives."""
    within_s = user.backend.environment.timeouts.receive_s
    async with websocket(user) as socket:
        await _welcome(socket, user)
        await socket.send("ping")
        await socket.expect("pong", within_s=within_s)
        await socket.send("no_such_type", content="?")
        await socket.expect("ack", within_s=within_s)
        await socket.send_text("{this is no JSON")
        error = await socket.expect("error_message", within_s=within_s)
        await socket.send("ping")
        alive = await socket.expect("pong", within_s=within_s)

    assert "JSON_PARSE_ERROR" in str(error.document)
    assert all(frame.document.get("timestamp") for frame in socket.frames)
    assert alive.t_s > error.t_s


async def test_websocket_limits_connections_per_user(
    user: User, second_user: User, websocket: OpenSocket, eventually: Eventually
) -> None:
    """A user holds three connections, not four; another user is not affected; a closed one is free again."""
    async with AsyncExitStack() as held:
        sockets = [await held.enter_async_context(websocket(user)) for _ in range(user.backend.environment.socket_limits.connections)]
        for socket in sockets:
            await _welcome(socket, user)
        with pytest.raises(SocketRefusedError):
            async with websocket(user) as fourth:
                await _welcome(fourth, user)
        async with websocket(second_user) as other:
            await _welcome(other, second_user)
        await sockets[0].send("ping")
        await sockets[0].expect("pong", within_s=user.backend.environment.timeouts.receive_s)

    async def admitted() -> bool:
        try:
            async with websocket(user) as freed:
                return bool(await _welcome(freed, user))
        except SocketRefusedError:
            return False

    assert await eventually(admitted, within_s=30, what="a closed connection is free for another one")
