import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ci_tools.twin.services.backend.checks import check_clickhouse


@pytest.fixture
async def saying() -> AsyncIterator[Any]:
    """Start a server that answers every request with some bytes; its port."""
    servers = []

    async def serve(answer: bytes) -> int:
        async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            writer.close()

        server = await asyncio.start_server(converse, "127.0.0.1", 0)
        servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    yield serve
    for server in servers:
        server.close()


async def test_clickhouse_that_pings_is_there(saying: Any) -> None:
    """``Ok.`` is what its HTTP interface says."""
    port = await saying(b"HTTP/1.0 200 OK\r\n\r\nOk.\n")

    assert await check_clickhouse("127.0.0.1", port)() is None


async def test_something_else_is_not_clickhouse(saying: Any) -> None:
    """Whoever answers otherwise is not ClickHouse."""
    port = await saying(b"HTTP/1.0 404 Not Found\r\n\r\n")

    with pytest.raises(ConnectionError, match=r"answered something else than Ok\."):
        await check_clickhouse("127.0.0.1", port)()


async def test_clickhouse_that_is_away_refuses(port: int) -> None:
    """The error is the operating system's own."""
    with pytest.raises(ConnectionRefusedError, match="Connect call failed"):
        await check_clickhouse("127.0.0.1", port)()
