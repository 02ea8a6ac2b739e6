import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from ci_tools.twin.effects import Delay, ProxyMode
from ci_tools.twin.passage import Width
from ci_tools.twin.proxy import Proxy, TcpAddress

WITHIN_S = 5.0
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say everything back, and end when the other side has ended."""
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write(b"end")
        writer.write_eof()
    except OSError:
        pass
    finally:
        writer.close()


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    """A proxy before an echo server."""
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    made = Proxy(TcpAddress("127.0.0.1", server.sockets[0].getsockname()[1]))
    await made.start()
    yield made
    await made.stop()
    server.close()
    await server.wait_closed()


@asynccontextmanager
async def connected(proxy: Proxy) -> AsyncIterator[Connection]:
    """A connection through *proxy*."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def said_back(connection: Connection, data: bytes) -> bytes:
    """What comes back for *data*."""
    reader, writer = connection
    writer.write(data)
    return await asyncio.wait_for(reader.readexactly(len(data)), WITHIN_S)


async def test_bytes_pass(proxy: Proxy) -> None:
    """An open proxy changes nothing."""
    async with connected(proxy) as connection:
        assert await said_back(connection, b"hello") == b"hello"


async def test_much_passes_whole(proxy: Proxy) -> None:
    """More bytes than any buffer arrive whole and in order, although reader and writer take turns."""
    data = bytes(range(256)) * 40_000
    async with connected(proxy) as (reader, writer):
        writer.write(data)
        writer.write_eof()
        answer = await asyncio.wait_for(reader.read(-1), WITHIN_S)

    assert answer == data + b"end"


async def test_a_half_close_passes(proxy: Proxy) -> None:
    """The end of one direction is told, and the other direction still speaks."""
    async with connected(proxy) as (reader, writer):
        writer.write(b"last")
        writer.write_eof()

        assert await asyncio.wait_for(reader.read(-1), WITHIN_S) == b"lastend"


async def test_finished_connections_are_forgotten(proxy: Proxy, eventually: Callable[..., None]) -> None:
    """A proxy keeps nothing of a connection that has ended on both sides."""
    async with connected(proxy) as (reader, writer):
        writer.write_eof()
        await asyncio.wait_for(reader.read(-1), WITHIN_S)
    await asyncio.to_thread(eventually, lambda: not proxy.links, within_s=WITHIN_S, what="the link is forgotten")

    assert not proxy.links


async def test_a_refusal_is_the_kernels(proxy: Proxy) -> None:
    """A refusing proxy has nobody listening."""
    await proxy.switch(ProxyMode.REFUSE)

    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", proxy.port)


@pytest.mark.parametrize("mode", [ProxyMode.REFUSE, ProxyMode.CUT])
async def test_existing_connections_are_closed(proxy: Proxy, mode: ProxyMode) -> None:
    """Switching to refuse or cut ends what was open, in order."""
    async with connected(proxy) as connection:
        await said_back(connection, b"x")
        await proxy.switch(mode)

        assert await asyncio.wait_for(connection[0].read(), WITHIN_S) == b""


async def test_existing_connections_are_reset(proxy: Proxy) -> None:
    """Switching to reset ends what was open by an RST."""
    async with connected(proxy) as connection:
        await said_back(connection, b"x")
        await proxy.switch(ProxyMode.RESET)

        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(connection[0].read(), WITHIN_S)


async def test_new_connections_are_reset(proxy: Proxy) -> None:
    """A resetting proxy accepts and resets."""
    await proxy.switch(ProxyMode.RESET)
    async with connected(proxy) as (reader, _):
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.read(), WITHIN_S)


async def test_new_connections_are_cut(proxy: Proxy) -> None:
    """A cutting proxy accepts and closes."""
    await proxy.switch(ProxyMode.CUT)
    async with connected(proxy) as (reader, _):
        assert await asyncio.wait_for(reader.read(), WITHIN_S) == b""


async def test_a_blackhole_answers_no_handshake(proxy: Proxy) -> None:
    """Connecting to a blackhole ends by the client's own timer."""
    await proxy.switch(ProxyMode.BLACKHOLE)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.open_connection("127.0.0.1", proxy.port), 0.3)


async def test_a_blackhole_silences_and_passing_delivers(proxy: Proxy) -> None:
    """An open connection falls silent without an end; what was said meanwhile is delivered afterwards."""
    async with connected(proxy) as connection:
        await said_back(connection, b"before")
        await proxy.switch(ProxyMode.BLACKHOLE)
        connection[1].write(b"meanwhile")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(connection[0].read(1), 0.2)
        await proxy.switch(ProxyMode.PASS)

        assert await asyncio.wait_for(connection[0].readexactly(9), WITHIN_S) == b"meanwhile"


async def test_a_passing_proxy_accepts_after_every_fault(proxy: Proxy) -> None:
    """Switching back to pass heals whatever was."""
    for mode in ProxyMode:
        await proxy.switch(mode, Delay(median_s=0.01, sigma=0.1, cap_s=0.1) if mode is ProxyMode.DELAY else None)
    await proxy.switch(ProxyMode.PASS)

    async with connected(proxy) as connection:
        assert await said_back(connection, b"well") == b"well"


async def test_a_delay_holds_every_round_trip(proxy: Proxy) -> None:
    """Each request is held back, the answers are not."""
    await proxy.switch(ProxyMode.DELAY, Delay(median_s=0.1, sigma=0.0, cap_s=1.0))
    async with connected(proxy) as connection:
        before = time.monotonic()
        await said_back(connection, b"one")
        await said_back(connection, b"two")
        took_s = time.monotonic() - before

    assert 0.2 <= took_s < 1.0


async def test_a_delay_spares_the_login(proxy: Proxy) -> None:
    """The first chunks of a connection pass at once where the delay says so."""
    await proxy.switch(ProxyMode.DELAY, Delay(median_s=0.3, sigma=0.0, cap_s=1.0, spared_chunks=1))
    async with connected(proxy) as connection:
        before = time.monotonic()
        await said_back(connection, b"login")
        login_s = time.monotonic() - before
        await said_back(connection, b"query")
        both_s = time.monotonic() - before

    assert login_s < 0.3 <= both_s


def test_delays_are_seeded_and_capped() -> None:
    """The same seed draws the same tail, never beyond the cap."""

    def drawn() -> list[float]:
        proxy = Proxy(TcpAddress("127.0.0.1", 1))
        asyncio.run(proxy.switch(ProxyMode.DELAY, Delay(median_s=1.0, sigma=1.0, cap_s=2.0, seed=7)))
        values = [proxy.delay_s(0) for _ in range(50)]
        asyncio.run(proxy.stop())
        return values

    first = drawn()

    assert first == drawn()
    assert max(first) == 2.0
    assert min(first) < 1.0


async def test_an_unreachable_upstream_ends_the_connection() -> None:
    """A dependency that is not there is not hidden."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        proxy = Proxy(TcpAddress("127.0.0.1", unused.getsockname()[1]))
        await proxy.start()
        async with connected(proxy) as (reader, _):
            with pytest.raises(ConnectionResetError):
                await asyncio.wait_for(reader.read(), WITHIN_S)
        await proxy.stop()


async def test_proxies_share_one_narrow_passage(proxy: Proxy) -> None:
    """What went through one proxy makes the bytes of another wait, in both directions."""
    other = Proxy(proxy.upstream, proxy.passage)
    await other.start()
    proxy.passage.widen(Width(bytes_per_s=1_000.0, burst_bytes=400, cap_s=5.0))
    async with connected(proxy) as first, connected(other) as second:
        await said_back(first, b"x" * 200)
        before = time.monotonic()
        await said_back(second, b"x" * 100)
        waited_s = time.monotonic() - before
    await other.stop()

    assert 0.15 <= waited_s < WITHIN_S
