import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from ci_tools.model import DependencyState
from ci_tools.questions import LoadProbe

PROBE = LoadProbe(name="load", dependency="connector", host="there", path="/threads", together=6, timeout_s=5.0)
ANSWER = b"HTTP/1.1 %s\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"


def narrow(width: int) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """A server that answers so many at once, and turns the rest away."""
    inside: set[object] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        inside.add(writer)
        await asyncio.sleep(0.05)
        writer.write(ANSWER % (b"200 OK" if len(inside) <= width else b"503 Unavailable"))
        await writer.drain()
        inside.discard(writer)

    return handle


async def test_what_fails_only_at_once_is_capacity(survey: Any, listening: Any) -> None:
    """Alone every read is answered."""
    (seen,) = await survey(PROBE, f"http://127.0.0.1:{await listening(narrow(1))}")

    assert (seen.state, seen.code) == (DependencyState.DOWN, "rises_with_load")
    assert "none of 3 alone" in seen.text
    assert len(seen.samples_s) == 6


async def test_what_is_answered_at_once_is_well(survey: Any, listening: Any) -> None:
    """However much slower."""
    (seen,) = await survey(PROBE, f"http://127.0.0.1:{await listening(narrow(6))}")

    assert seen.state is DependencyState.UP


async def test_what_fails_alone_says_nothing_of_load(survey: Any, site: Any) -> None:
    """It is another matter."""
    site.set("/threads", {"message": "no"}, status=500)

    (seen,) = await survey(PROBE, site.url)

    assert (seen.state, seen.code) == (DependencyState.UNKNOWN, "fails_alone")


async def test_what_is_not_reached_says_nothing_of_load(survey: Any, refusing_url: str) -> None:
    """Nor does what refuses every connection."""
    (seen,) = await survey(PROBE, refusing_url)

    assert (seen.state, seen.code) == (DependencyState.UNKNOWN, "fails_alone")
