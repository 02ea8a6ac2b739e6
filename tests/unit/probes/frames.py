"""What a WebSocket server says in these tests."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from websockets.asyncio.server import ServerConnection

Talk = Callable[[ServerConnection], Awaitable[None]]

WELCOME = json.dumps({"type": "connection_established", "data": {"user_id": "u-1"}})


def saying(*frames: str, code: int | None = None, reason: str = "") -> Talk:
    """Send *frames*; then close with *code*, or stay until the client parts."""

    async def talk(connection: ServerConnection) -> None:
        for frame in frames:
            await connection.send(frame)
        if code is None:
            await connection.wait_closed()
        else:
            await connection.close(code, reason)

    return talk


def event(kind: str, **data: Any) -> str:
    """An agent event of one run."""
    return json.dumps({"type": kind, "run_id": "run-1", "agent_name": "data", "data": data})
