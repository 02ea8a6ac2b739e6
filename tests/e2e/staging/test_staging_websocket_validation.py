"""The WebSocket lets its users in, keeps others out, and speaks the protocol that clients rely on.

What agents send through it is the matter of ``test_staging_agent_validation.py``: a silent agent is
no fault of the WebSocket.
"""

from contextlib import AsyncExitStack

import pytest

from ci_tools.target.answers import instant
from ci_tools.target.fixtures import Eventually, OpenSocket, User
from ci_tools.target.websocket import JWT_SUBPROTOCOL, SocketRefusedError, TokenIn
from tests.e2e.connections import REFUSALS, pinged, welcomed
from tests.e2e.run_events import GOLDEN_PATH


async def _refusal(websocket: OpenSocket, user: User, bearer: str | None) -> int:
    """The code with which a connection that should not be is turned away."""
    with pytest.raises(SocketRefusedError) as refused:
        async with websocket(None, bearer=bearer) as socket:
            await socket.expect("connection_established", within_s=user.backend.environment.timeouts.receive_s)
    return refused.value.code


async def test_websocket_connection(user: User, websocket: OpenSocket) -> None:
    """The first frame welcomes this very user, in no demo mode, and announces the five agent events in order."""
    async with welcomed(websocket, user) as socket:
        data = socket.frames[0].data

    assert data["user_id"] == user.user_id
    assert data["mode"] != "demo"
    assert data["connection_id"]
    assert data["golden_path_events"] == GOLDEN_PATH


async def test_websocket_accepts_the_token_of_a_browser(user: User, websocket: OpenSocket) -> None:
    """A browser, which can only use the subprotocol, is let in and told which one was chosen."""
    async with welcomed(websocket, user, token_in=TokenIn.SUBPROTOCOL) as socket:
        welcome = socket.frames[0]

    assert socket.subprotocol == JWT_SUBPROTOCOL
    assert welcome.data["user_id"] == user.user_id


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
    async with welcomed(websocket, user) as socket:
        await pinged(socket, user)
        await socket.send("no_such_type", content="?")
        await socket.expect("ack", within_s=within_s)
        await socket.send_text("{this is no JSON")
        error = await socket.expect("error_message", within_s=within_s)
        await pinged(socket, user)

    frames = [frame for frame in socket.frames if frame.type != "heartbeat"]
    at = [instant(str(frame.document["timestamp"])) for frame in frames]
    assert [frame.type for frame in frames] == ["connection_established", "pong", "ack", "error_message", "pong"]
    assert "JSON_PARSE_ERROR" in str(error.document)
    assert at == sorted(at)


async def test_websocket_limits_connections_per_user(
    user: User, second_user: User, websocket: OpenSocket, eventually: Eventually
) -> None:
    """A user holds as many connections as allowed and no more; others are not affected; a closed one is free again."""
    allowed = user.backend.environment.socket_limits.connections
    async with AsyncExitStack() as held:
        sockets = [await held.enter_async_context(welcomed(websocket, user)) for _ in range(allowed)]
        with pytest.raises(SocketRefusedError):
            async with welcomed(websocket, user):
                pass
        async with welcomed(websocket, second_user) as other:
            await pinged(other, second_user)
        await pinged(sockets[0], user)

    async def admitted() -> bool:
        try:
            async with welcomed(websocket, user):
                return True
        except SocketRefusedError:
            return False

    within_s = user.backend.environment.timeouts.receive_s
    assert await eventually(admitted, within_s=within_s, what="a closed connection is free for another one")
