"""Loopback servers that speak real HTTP, TLS and WebSocket, for the clients under test."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import trustme

from ci_tools.model import Environment, Timeouts
from ci_tools.target.evidence import Evidence
from ci_tools.target.http import HttpClient
from ci_tools.target.pacing import Pacer


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request as the server read it."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the server writes back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Answering = Callable[[Asked], Reply | Awaitable[Reply]]


class Server:
    """An HTTP/1.1 server on an ephemeral port; *answering* decides each answer."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.connections = 0
        self.answering: Answering = lambda _: self.reply({})
        self.port = 0

    @staticmethod
    def reply(value: Any, status: int = 200, **headers: str) -> Reply:
        """*value* as JSON (text as HTML) with a request id; underscores in names of headers are hyphens."""
        fields = {name.replace("_", "-"): text for name, text in headers.items()}
        kind, body = ("text/html", value) if isinstance(value, str) else ("application/json", json.dumps(value))
        fields = {"content-type": kind, "x-request-id": "server-1", **fields}
        return Reply(status=status, headers=fields, body=body.encode())

    def answers(self, value: Any, status: int = 200, **headers: str) -> None:
        """From now on every request is answered with *value*."""
        self.answering = lambda _: self.reply(value, status, **headers)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection until it is closed."""
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await self._answer(head.decode(), reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *lines = head.strip().split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.asked.append(Asked(method=method, target=target, headers=headers, body=body))
        reply = self.answering(self.asked[-1])
        if not isinstance(reply, Reply):
            reply = await reply
        fields = {"content-length": str(len(reply.body)), **reply.headers}
        head_out = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        writer.write(f"HTTP/1.1 {reply.status} X\r\n{head_out}\r\n".encode() + reply.body)
        await writer.drain()


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    """A plain server."""
    serving = Server()
    listener = await asyncio.start_server(serving.serve, "127.0.0.1", 0)
    serving.port = listener.sockets[0].getsockname()[1]
    yield serving
    listener.close()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A certificate authority of the tests alone."""
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    """The authority's certificate as a file."""
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest_asyncio.fixture
async def tls_server(authority: trustme.CA) -> AsyncIterator[Server]:
    """A server with a certificate for one.test only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("one.test").configure_cert(context)
    serving = Server()
    listener = await asyncio.start_server(serving.serve, "127.0.0.1", 0, ssl=context)
    serving.port = listener.sockets[0].getsockname()[1]
    yield serving
    listener.close()


def environment_of(port: int, **overrides: Any) -> Environment:
    """An environment whose hosts are all at *port* of the loopback."""
    url = f"http://one.test:{port}"
    values: dict[str, Any] = {
        "name": "loopback",
        "hosts": {"backend": url, "auth": url, "frontend": url, "websocket": f"ws://one.test:{port}/ws"},
        "resolve": {"*.test": "127.0.0.1"},
        "timeouts": Timeouts(general_s=5, connect_s=5, receive_s=5),
    }
    return Environment(**{**values, **overrides})


MakeClient = Callable[..., HttpClient]


@pytest_asyncio.fixture
async def make_client(tmp_path: Path) -> AsyncIterator[MakeClient]:
    """Makes clients of loopback environments, closed afterwards."""
    made: list[HttpClient] = []

    def make(port: int, **overrides: Any) -> HttpClient:
        environment = environment_of(port, **overrides)
        made.append(HttpClient(environment, Pacer(tmp_path, environment.limits), session="session-1"))
        return made[-1]

    yield make
    for client in made:
        await client.aclose()


@pytest.fixture
def client(server: Server, make_client: MakeClient) -> HttpClient:
    """A client of the plain server."""
    return make_client(server.port)


@pytest.fixture
def evidence() -> Evidence:
    """What the clients under test record."""
    return Evidence()
