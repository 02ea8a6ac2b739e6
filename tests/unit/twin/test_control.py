import asyncio
import stat
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ci_tools.errors import TwinError, UsageError
from ci_tools.twin.control import ControlServer, ask


async def answer(question: dict[str, Any]) -> dict[str, Any]:
    """Say the question back, or fail as it wants."""
    if question.get("ask") == "usage":
        raise UsageError("unknown fault 'x'")
    if question.get("ask") == "failure":
        raise TwinError("it broke")
    return {"asked": question}


@pytest.fixture
async def path() -> AsyncIterator[Path]:
    """The socket of a running control server."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="t") as folder:
        path = Path(folder) / "control.sock"
        server = ControlServer(path, answer)
        await server.start()
        yield path
        await server.stop()


async def asked(path: Path, question: dict[str, Any]) -> dict[str, Any]:
    """What the server at *path* answers."""
    return await asyncio.to_thread(ask, str(path), question, within_s=5.0)


async def test_a_question_is_answered(path: Path) -> None:
    """The answer is what the twin makes of the question."""
    assert await asked(path, {"ask": "status"}) == {"asked": {"ask": "status"}}


async def test_a_wrong_question_is_a_usage_error(path: Path) -> None:
    """The twin's own words arrive as the same kind of error."""
    with pytest.raises(UsageError, match="unknown fault 'x'"):
        await asked(path, {"ask": "usage"})


async def test_a_failure_is_a_twin_error(path: Path) -> None:
    """A failed switch is told as such."""
    with pytest.raises(TwinError, match="it broke"):
        await asked(path, {"ask": "failure"})


@pytest.mark.parametrize("line", [b"{\n", b"[]\n"])
async def test_nonsense_is_answered_with_what_is_allowed(path: Path, line: bytes) -> None:
    """A line that is no question does not end the conversation."""
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(line + b'{"ask": "status"}\n')
    first, second = await reader.readline(), await reader.readline()
    writer.close()

    assert b'"usage": true' in first
    assert b'"asked"' in second


async def test_only_the_owner_may_ask(path: Path) -> None:
    """The socket is closed to all others."""
    mode = await asyncio.to_thread(lambda: path.stat().st_mode)

    assert stat.S_IMODE(mode) == 0o600


def test_a_twin_that_is_gone_is_told() -> None:
    """Nobody at the socket is an error that says what to do."""
    with pytest.raises(TwinError, match=r"/nowhere/control\.sock is gone .* start it again"):
        ask("/nowhere/control.sock", {"ask": "status"}, within_s=1.0)
