"""One accepted WebSocket, as the server speaks to it."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from ci_tools.twin.agents.events import AgentEvent
from ci_tools.twin.services.backend.websocket_frames import dumped, frame
from ci_tools.twin.services.identity import Principal

_QUEUE_LIMIT: Final = 1000
"""Frames that may wait for a client that does not read; beyond, its connection is given up."""
_TRY_AGAIN_LATER: Final = 1013


class Peer:
    """Frames are queued without waiting and written in order by :meth:`write`."""

    def __init__(self, websocket: WebSocket, user: Principal, *, server_id: str, heartbeat_s: float) -> None:
        self._websocket = websocket
        self._server_id = server_id
        self._heartbeat_s = heartbeat_s
        self._frames: asyncio.Queue[str | int] = asyncio.Queue()
        self.user = user

    def send(self, kind: str, data: Mapping[str, Any], correlation_id: str | None = None) -> None:
        """A frame of the server is on its way."""
        self._put(dumped(frame(kind, data, server_id=self._server_id, correlation_id=correlation_id)))

    def send_event(self, event: AgentEvent, correlation_id: str) -> None:
        """An event of a run that this connection started is on its way; never raises."""
        routed = {"server_id": self._server_id, "correlation_id": correlation_id}
        self._put(dumped({**event.as_json(), **routed}))

    def close(self, code: int) -> None:
        """The connection is closed with *code* after the frames that wait."""
        self._frames.put_nowait(code)

    async def write(self) -> None:
        """Write frames until the connection ends; say ``heartbeat`` when there was none for a while."""
        try:
            while True:
                following = await self._following()
                if isinstance(following, int):
                    await self._websocket.close(following)
                    return
                await self._websocket.send_text(following)
        except (WebSocketDisconnect, RuntimeError):
            return  # the client went away while a frame was on its way

    async def _following(self) -> str | int:
        try:
            async with asyncio.timeout(self._heartbeat_s):
                return await self._frames.get()
        except TimeoutError:
            return dumped(frame("heartbeat", {}, server_id=self._server_id))

    def _put(self, text: str) -> None:
        if self._frames.qsize() == _QUEUE_LIMIT:
            self._frames.put_nowait(_TRY_AGAIN_LATER)
        elif self._frames.qsize() < _QUEUE_LIMIT:
            self._frames.put_nowait(text)
