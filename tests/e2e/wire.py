"""HTTP/1.1 as bytes on one TLS connection, for what a client library does not let its user do."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Self

import httpx

from ci_tools.errors import TargetError, ThrottledError
from ci_tools.target.addresses import endpoint
from ci_tools.target.evidence import Evidence, Exchange
from ci_tools.target.failures import unreachable
from ci_tools.target.http import Answer, HttpClient

_CLOSE_S = 2.0
_EXCERPT = 500
_TOO_MANY_REQUESTS = 429
_WITHOUT_BODY = (204, 304)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request; without *marks* it is worded as a customer's client would, without our test headers."""

    method: str
    path: str
    bearer: str | None = None
    document: Any = None
    """A JSON body; None sends none."""
    marks: bool = True
    host: str | None = None
    """The ``Host`` header instead of the right one."""

    @property
    def body(self) -> bytes:
        """The body's bytes."""
        return b"" if self.document is None else json.dumps(self.document, ensure_ascii=False).encode()


class Wire:
    """A connection to *host*; requests and answers are sent and read as the test says, in its order."""

    def __init__(self, client: HttpClient, host: str, evidence: Evidence) -> None:
        self._client = client
        self._there = endpoint(client.environment, host)
        self._evidence = evidence
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter
        self._sent: list[tuple[Request, float]] = []

    async def open(self) -> Self:
        """The TLS handshake is complete."""
        there = self._there
        with self._named("a connection"):
            async with asyncio.timeout(self._patience_s(self._client.environment.timeouts.connect_s)):
                self._reader, self._writer = await asyncio.open_connection(
                    there.address,
                    there.port,
                    ssl=self._client.trust if there.secure else None,
                    server_hostname=there.name if there.secure else None,
                )
        return self

    async def close(self) -> None:
        """The connection has ended as a client ends it."""
        self._writer.close()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                await self._writer.wait_closed()

    def cut(self) -> None:
        """The connection is gone in the middle of whatever was going on."""
        self._writer.transport.abort()

    async def send(self, request: Request, *, parts: Iterable[bytes] | None = None) -> None:
        """The request is on its way; *parts* sends its body in chunks instead of as a whole."""
        await self._client.pacer.admit(request.path)
        self._sent.append((request, time.perf_counter()))
        if parts is None:
            await self._write(self._head(request, {"content-length": str(len(request.body))}) + request.body)
            return
        await self._write(self._head(request, {"transfer-encoding": "chunked"}))
        for part in parts:
            await self._write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        await self._write(b"0\r\n\r\n")

    async def send_short(self, request: Request, *, missing_bytes: int) -> None:
        """The head and the whole body are on their way; the head announced *missing_bytes* more, which never follow."""
        await self._client.pacer.admit(request.path)
        announced_bytes = len(request.body) + missing_bytes
        await self._write(self._head(request, {"content-length": str(announced_bytes)}) + request.body)
        self._record(request, None, 0.0, f"sent {len(request.body)} of {announced_bytes} bytes")

    async def answer(self) -> Answer:
        """The next answer, to the earliest request that has none yet.

        Raises:
            ThrottledError: the edge limited us.
            UnreachableError: none came in time, or none that is one.
        """
        status, headers = await self.answer_head()
        return await self.answer_body(status, headers)

    async def answer_head(self) -> tuple[int, httpx.Headers]:
        """Status and headers of the next answer; its body is still to be read."""
        request, _ = self._sent[0]
        with self._named(f"{request.method} {request.path}"):
            async with asyncio.timeout(self._patience_s(self._client.environment.timeouts.general_s)):
                head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status_line, *lines = head.split("\r\n")
        fields = [line.partition(":") for line in lines if line]
        return int(status_line.split()[1]), httpx.Headers([(name, value.strip()) for name, _, value in fields])

    async def answer_body(self, status: int, headers: httpx.Headers, *, piece_bytes: int = 1 << 16) -> Answer:
        """The rest of the answer whose head was read, taken off the connection *piece_bytes* at a time."""
        request, asked_s = self._sent.pop(0)
        with self._named(f"{request.method} {request.path}"):
            async with asyncio.timeout(self._patience_s(self._client.environment.timeouts.general_s)):
                body = _nothing() if status in _WITHOUT_BODY else self._body(headers, piece_bytes)
                content = b"".join([piece async for piece in body])
        elapsed_s = time.perf_counter() - asked_s
        answer = Answer(
            method=request.method,
            url=self._url(request),
            status=status,
            headers=headers,
            content=content,
            elapsed_s=elapsed_s,
            request_id=headers.get("x-request-id", ""),
        )
        self._record(request, answer, elapsed_s, "")
        if status == _TOO_MANY_REQUESTS:
            raise ThrottledError(f"the edge limited us: {request.method} {request.path} answered {status}")
        return answer

    async def _body(self, headers: httpx.Headers, piece_bytes: int) -> AsyncIterator[bytes]:
        if headers.get("transfer-encoding", "").lower() != "chunked":
            if "content-length" not in headers:
                raise TargetError(f"{self._there.url} answered without the length of the body: {dict(headers)}")
            async for piece in self._exactly(int(headers["content-length"]), piece_bytes):
                yield piece
            return
        while size_bytes := int((await self._reader.readline()).partition(b";")[0], 16):
            async for piece in self._exactly(size_bytes, piece_bytes):
                yield piece
            await self._reader.readline()
        await self._reader.readline()

    async def _exactly(self, size_bytes: int, piece_bytes: int) -> AsyncIterator[bytes]:
        while size_bytes > 0:
            piece = await self._reader.readexactly(min(size_bytes, piece_bytes))
            size_bytes -= len(piece)
            yield piece

    def _head(self, request: Request, framing: Mapping[str, str]) -> bytes:
        port = "" if f":{self._there.port}" not in self._there.url else f":{self._there.port}"
        headers = {"host": request.host or f"{self._there.name}{port}", "accept": "application/json"}
        headers |= self._client.marks() if request.marks else {"user-agent": "Mozilla/5.0"}
        headers |= {} if request.bearer is None else {"authorization": f"Bearer {request.bearer}"}
        headers |= {} if request.document is None else {"content-type": "application/json", **framing}
        lines = [f"{request.method} {request.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    async def _write(self, data: bytes) -> None:
        with self._named("a request"):
            self._writer.write(data)
            await self._writer.drain()

    @contextmanager
    def _named(self, asked: str) -> Iterator[None]:
        try:
            yield
        except (OSError, TimeoutError, EOFError) as error:
            raise unreachable(error, f"{asked} at {self._there.url}") from error

    def _patience_s(self, unscaled_s: float) -> float:
        return self._client.environment.scaled(unscaled_s)

    def _url(self, request: Request) -> str:
        return f"{self._there.url}{request.path}"

    def _record(self, request: Request, answer: Answer | None, elapsed_s: float, text: str) -> None:
        self._evidence.exchanged(
            Exchange(
                request_id=answer.request_id if answer else "",
                method=request.method,
                url=self._url(request),
                status=answer.status if answer else None,
                elapsed_s=elapsed_s,
                text=text or (answer.text[:_EXCERPT] if answer and answer.status >= httpx.codes.BAD_REQUEST else ""),
            )
        )


@asynccontextmanager
async def wire(client: HttpClient, host: str, evidence: Evidence) -> AsyncIterator[Wire]:
    """A fresh connection to *host*, closed at the end."""
    connection = await Wire(client, host, evidence).open()
    try:
        yield connection
    finally:
        await connection.close()


async def _nothing() -> AsyncIterator[bytes]:
    for piece in tuple[bytes, ...]():
        yield piece
