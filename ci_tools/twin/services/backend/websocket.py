"""``/api/v1/websocket`` and ``/ws``: the users' conversations with the agents.

A connection that is lost does not end the runs it started: their results are read by run id, or in
the thread. Events go to the connection that started the run, and to no other.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from ci_tools.twin.agents.events import GOLDEN_PATH
from ci_tools.twin.services.backend.agents_runs import agents_of
from ci_tools.twin.services.backend.context import backend_of
from ci_tools.twin.services.backend.websocket_connections import Connections
from ci_tools.twin.services.backend.websocket_frames import FrameError, RefusedFrameError, parsed
from ci_tools.twin.services.backend.websocket_handshake import SUBPROTOCOL, Admission, CloseCode, Handshakes
from ci_tools.twin.services.backend.websocket_peer import Peer
from ci_tools.twin.services.backend.websocket_router import route
from ci_tools.twin.services.web import ApiError, refuse
from ci_tools.twin.settings import ServiceSettings

PATHS: Final = ("/api/v1/websocket", "/ws")


class UpgradeRequiredError(ApiError):
    """A plain request on a path that only speaks WebSocket (RFC 9110, section 15.5.22)."""

    status = 426
    code = "UPGRADE_REQUIRED"
    user_message = "This address is for live connections only."


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """The WebSockets of one process."""

    handshakes: Handshakes
    connections: Connections
    settings: ServiceSettings
    server_id: str


def door_of(connection: HTTPConnection) -> Door:
    """The door of the process that serves *connection*; made at first use."""
    state = connection.app.state
    if not hasattr(state, "door"):
        state.door = _opened(connection)
    door: Door = state.door
    return door


def _opened(connection: HTTPConnection) -> Door:
    backend = backend_of(connection)
    limits = backend.settings.limits
    return Door(
        handshakes=Handshakes(backend),
        connections=Connections(
            connections=limits.websocket_connections, messages_per_min=limits.websocket_messages_per_min
        ),
        settings=backend.settings,
        server_id=f"{backend.settings.service}-{uuid4().hex[:12]}",
    )


async def _converse(websocket: WebSocket) -> None:
    door = door_of(websocket)
    admission = await door.handshakes.admit(websocket)
    if admission is None:
        return
    peer = Peer(websocket, admission.user, server_id=door.server_id, heartbeat_s=door.settings.durations.heartbeat_s)
    connection_id = door.connections.admit(admission.user.user_id, time.monotonic())
    if connection_id is None:
        peer.send("error_message", _excess(door))
        peer.close(CloseCode.POLICY)
        await peer.write()
        return
    try:
        peer.send("connection_established", _welcome(door, admission, connection_id))
        await _exchange(door, websocket, peer)
    finally:
        door.connections.release(admission.user.user_id, connection_id)


async def _exchange(door: Door, websocket: WebSocket, peer: Peer) -> None:
    """Both directions until the first of them ends."""
    both = [asyncio.create_task(peer.write()), asyncio.create_task(_listen(door, websocket, peer))]
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in both:
            task.cancel()
        outcomes = await asyncio.gather(*both, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome


async def _listen(door: Door, websocket: WebSocket, peer: Peer) -> None:
    """Act on messages until the client goes away, or says more at once than is allowed."""
    service = agents_of(websocket)
    while True:
        received = await websocket.receive()
        if received["type"] == "websocket.disconnect":
            return
        try:
            message = parsed(_admitted(door, peer, received))
        except RefusedFrameError as error:
            peer.send("error_message", {"code": error.code, "message": str(error)})
            if error.code is FrameError.MESSAGE_TOO_LARGE:
                peer.close(CloseCode.TOO_BIG)
        else:
            await route(service, peer, message)


def _admitted(door: Door, peer: Peer, received: Mapping[str, Any]) -> str:
    body = received.get("text")
    if body is None:
        raise RefusedFrameError(FrameError.INVALID_MESSAGE, "binary messages are not understood; send text")
    size, limit = len(body.encode()), door.settings.limits.websocket_message_bytes
    if size > limit:
        raise RefusedFrameError(FrameError.MESSAGE_TOO_LARGE, f"message of {size} bytes; at most {limit} are read")
    wait_s = door.connections.may_speak(peer.user.user_id, time.monotonic())
    if wait_s > 0:
        rate = door.settings.limits.websocket_messages_per_min
        raise RefusedFrameError(FrameError.RATE_LIMITED, f"more than {rate} messages a minute; wait {wait_s:.0f} s")
    return str(body)


def _welcome(door: Door, admission: Admission, connection_id: str) -> dict[str, Any]:
    limits = door.settings.limits
    return {
        "mode": admission.mode,
        "user_id": admission.user.user_id,
        "connection_id": connection_id,
        "golden_path_events": [event.value for event in GOLDEN_PATH],
        "features": {
            "subprotocol": SUBPROTOCOL,
            "heartbeat_s": door.settings.durations.heartbeat_s,
            "connections_per_user": limits.websocket_connections,
            "messages_per_min": limits.websocket_messages_per_min,
            "message_bytes": limits.websocket_message_bytes,
        },
    }


def _excess(door: Door) -> dict[str, Any]:
    limit = door.settings.limits.websocket_connections
    return {
        "code": FrameError.TOO_MANY_CONNECTIONS,
        "message": f"this user has {limit} connections, as many as allowed; close one",
    }


async def _plain(request: Request) -> Response:
    error = UpgradeRequiredError(f"{request.url.path} speaks WebSocket only; connect with an upgrade")
    error.headers |= {"upgrade": "websocket", "connection": "upgrade"}
    return refuse(request, error)


routes: Final = [
    *(WebSocketRoute(path, _converse) for path in PATHS),
    *(Route(path, _plain, methods=["GET"]) for path in PATHS),
]
