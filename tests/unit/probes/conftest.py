"""Loopback servers to look at, and one way to look."""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, ExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import trustme
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from ci_tools.model import Environment, Observation
from ci_tools.probes.attempt import attempt
from ci_tools.probes.clients import Clients, clients_of
from ci_tools.probes.survey import look as look_at
from ci_tools.questions import GateProbe, Probe

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def _answer(status: int, body: Any, media_type: str, headers: Mapping[str, str]) -> bytes:
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    head = {
        "content-type": media_type,
        "content-length": str(len(content)),
        "connection": "close",
        "x-request-id": "r-1",
        **headers,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n{lines}\r\n".encode() + content


class Site:
    """An HTTP server on loopback whose answers are set by path; the requests it got, as text."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[str] = []
        self._answers: dict[str, bytes] = {}

    def set(
        self,
        path: str,
        body: Any,
        *,
        status: int = 200,
        media_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer *path* with *body*: text as it is, anything else as JSON."""
        self._answers[path] = _answer(status, body, media_type, headers or {})

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one request."""
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.requests.append(request)
        path = request.split(" ", 2)[1].partition("?")[0]
        writer.write(self._answers.get(path, _answer(404, {"message": "unknown"}, "application/json", {})))
        await writer.drain()


class Authority:
    """Issues certificates for loopback servers; :attr:`ca_file` is what clients are to trust."""

    def __init__(self, directory: Path) -> None:
        self._ca = trustme.CA()
        self.ca_file = str(directory / "authority.pem")
        self._ca.cert_pem.write_to_path(self.ca_file)

    def context(self, *names: str, days: tuple[float, float] = (-1, 365)) -> ssl.SSLContext:
        """What a server needs to speak for *names*, valid between two distances from now."""
        not_before, not_after = (datetime.now(UTC) + timedelta(distance) for distance in days)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert(*names, not_before=not_before, not_after=not_after).configure_cert(context)
        return context


@asynccontextmanager
async def _listening(handler: Handler, context: ssl.SSLContext | None) -> AsyncIterator[int]:
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        try:
            await handler(reader, writer)
            writer.close()
        except (OSError, asyncio.IncompleteReadError):
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()


@pytest.fixture
async def listening() -> AsyncIterator[Callable[..., Awaitable[int]]]:
    """Start a server with a connection handler, and perhaps TLS; its port."""
    async with AsyncExitStack() as stack:

        async def start(handler: Handler, context: ssl.SSLContext | None = None) -> int:
            return await stack.enter_async_context(_listening(handler, context))

        yield start


@pytest.fixture
async def site(listening: Callable[..., Awaitable[int]]) -> Site:
    """An HTTP site that knows no path yet."""
    served = Site()
    served.url = f"http://127.0.0.1:{await listening(served.handle)}"
    return served


@pytest.fixture
async def silent_url(listening: Callable[..., Awaitable[int]]) -> str:
    """The URL of a host that accepts connections and answers nothing."""

    async def listen_only(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        while await reader.read(65536):
            pass

    return f"http://127.0.0.1:{await listening(listen_only)}"


@pytest.fixture
def refusing_url() -> Iterator[str]:
    """The URL of a host that refuses connections: its port is bound, and nobody listens."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{reserved.getsockname()[1]}"


@pytest.fixture
def deaf_url() -> Iterator[str]:
    """The URL of a host that never takes a connection: its accept queue is full."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(server.getsockname())
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """An instance starts in no time."""
    monkeypatch.setattr("ci_tools.probes.survey._PAUSE_S", 0.01)


@pytest.fixture
def clients(tmp_path: Path) -> Callable[..., AbstractAsyncContextManager[Clients]]:
    """Clients of an environment with the given hosts and fields; *environ* holds its secrets."""

    @asynccontextmanager
    async def of(
        hosts: Mapping[str, str], environ: Mapping[str, str] | None = None, **fields: Any
    ) -> AsyncIterator[Clients]:
        environment = Environment(name="loopback", hosts=hosts, **fields)
        async with clients_of(environment, {"CAMPAIGN_PACING_DIR": str(tmp_path), **(environ or {})}) as opened:
            yield opened

    return of


@pytest.fixture
def look(clients: Callable[..., AbstractAsyncContextManager[Clients]]) -> Callable[..., Awaitable[Observation]]:
    """What one attempt of a probe sees; *there* is the URL of the host ``there``."""

    async def once(
        probe: GateProbe, there: str = "http://127.0.0.1", environ: Mapping[str, str] | None = None, **fields: Any
    ) -> Observation:
        hosts = {"there": there, **fields.pop("hosts", {})}
        async with clients(hosts, environ, **fields) as opened:
            return await attempt(probe, opened)

    return once


@pytest.fixture
def survey(
    clients: Callable[..., AbstractAsyncContextManager[Clients]],
) -> Callable[..., Awaitable[Sequence[Observation]]]:
    """What one look of a probe of any kind sees; *there* is the URL of the host ``there``."""

    async def once(
        probe: Probe, there: str = "http://127.0.0.1", environ: Mapping[str, str] | None = None, **fields: Any
    ) -> Sequence[Observation]:
        hosts = {"there": there, **fields.pop("hosts", {})}
        async with clients(hosts, environ, **fields) as opened:
            return await look_at(probe, opened)

    return once


Talk = Callable[[ServerConnection], Awaitable[None]]


@pytest.fixture
async def serving() -> AsyncIterator[Callable[..., Awaitable[str]]]:
    """Start a WebSocket server that talks by *talk*, or refuses the handshake with *refuse*; its URL."""
    async with AsyncExitStack() as stack:

        async def start(talk: Talk, refuse: tuple[HTTPStatus, str] | None = None) -> str:
            def gate(connection: ServerConnection, _: Request) -> Response | None:
                return connection.respond(*refuse) if refuse else None

            server = await stack.enter_async_context(serve(talk, "127.0.0.1", 0, process_request=gate))
            return f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws"

        yield start


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """A certificate authority of this test alone."""
    return Authority(tmp_path)
