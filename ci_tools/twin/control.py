"""The control socket: one JSON document a line, asked and answered, while the twin runs.

Asked ``{"ask": "status"}``, or ``{"ask": "switch", "fault": TEXT, "on": BOOL}``; answered with the
status, or ``{"error": TEXT, "usage": BOOL}``. Only the twin's own user can open it.
"""

import asyncio
import json
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ci_tools.errors import CampaignError, TwinError, UsageError

_LONGEST_LINE = 1_048_576
Answering = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


class ControlServer:
    """The listening end, in the supervisor."""

    def __init__(self, path: Path, answer: Answering) -> None:
        self._path = path
        self._answer = answer
        self._server: asyncio.Server | None = None
        self._conversations: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Questions are answered."""
        before = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._converse, self._path, limit=_LONGEST_LINE)
        finally:
            os.umask(before)

    async def stop(self) -> None:
        """Nothing listens and no conversation goes on."""
        if self._server is not None:
            self._server.close()
        for conversation in self._conversations:
            conversation.cancel()
        await asyncio.gather(*self._conversations, return_exceptions=True)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._conversations.add(task)
        try:
            while line := await reader.readline():
                writer.write(json.dumps(await self._answered(line)).encode() + b"\n")
                await writer.drain()
        except (OSError, ValueError):
            pass
        finally:
            self._conversations.discard(task)
            writer.close()

    async def _answered(self, line: bytes) -> dict[str, Any]:
        try:
            question = json.loads(line)
            if not isinstance(question, dict):
                raise UsageError("a question is a JSON object; allowed: {'ask': 'status'} or {'ask': 'switch', …}")
            return await self._answer(question)
        except CampaignError as error:
            return {"error": str(error), "usage": isinstance(error, UsageError)}
        except ValueError as error:
            return {"error": f"the question is not JSON: {error}", "usage": True}


def ask(path: str, question: dict[str, Any], *, within_s: float) -> dict[str, Any]:
    """The twin's answer to *question* (blocking, for callers outside the supervisor).

    Raises:
        UsageError: The twin does not know what was asked for.
        TwinError: The twin is gone, silent, or failed to do it.
    """
    answer: dict[str, Any] | None = None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(within_s)
        try:
            connection.connect(path)
            connection.sendall(json.dumps(question).encode() + b"\n")
            with connection.makefile("rb") as lines, suppress(ValueError):
                answer = json.loads(lines.readline())
        except TimeoutError as error:
            raise TwinError(f"the twin at {path} did not answer within {within_s:g} s; look at its logs") from error
        except OSError as error:
            raise TwinError(f"the twin at {path} is gone ({error}); start it again") from error
    if answer is None:
        raise TwinError(f"the twin at {path} ended while it was asked; start it again")
    if "error" in answer:
        raise (UsageError if answer.get("usage") else TwinError)(str(answer["error"]))
    return answer
