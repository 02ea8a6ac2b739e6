"""Connections from the edge to one service: kept alive, lent to one exchange at a time."""

import asyncio
from enum import StrEnum
from typing import Protocol, cast

import httptools

from ci_tools.twin.edge.messages import Answer
from ci_tools.twin.ports import LOOPBACK

_IDLE_S = 30.0
_CONNECT_S = 5.0


class Borrower(Protocol):
    """What an upstream connection tells of the one exchange it serves."""

    @property
    def head_only(self) -> bool:
        """Whether the answer has no body whatever its headers say (HEAD)."""

    def answered(self, answer: Answer) -> None:
        """The head of the final answer is there."""

    def interim(self, answer: Answer) -> None:
        """A 1xx answer is there; the final one follows."""

    def relay(self, data: bytes) -> None:
        """A part of the answer's body, or of a tunnel."""

    def answer_complete(self, *, reusable: bool) -> None:
        """The answer has ended; the connection may serve another one if *reusable*."""

    def upstream_failed(self) -> None:
        """The answer will never be complete."""

    def flush(self) -> None:
        """Nothing more is coming at this moment."""

    def upstream_congested(self, *, congested: bool) -> None:
        """The service takes no more for now, or takes more again."""


class Upstream(asyncio.Protocol):
    """One connection to a service."""

    def __init__(self, pool: "Pool") -> None:
        self._pool = pool
        self._parser = httptools.HttpResponseParser(self)
        self._answer = Answer()
        self._in_body = False
        self._until_close = False
        self._head_only = False
        self._tunnel = False
        self.borrower: Borrower | None = None
        self.idle_since = 0.0
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The service has accepted."""
        self.transport = cast("asyncio.Transport", transport)
        self._pool.open.add(self)

    def data_received(self, data: bytes) -> None:
        """Bytes of an answer, or of a tunnel; anything else ends the connection."""
        borrower = self.borrower
        if borrower is None:
            self.transport.abort()
            return
        if self._tunnel:
            borrower.relay(data)
        else:
            self._parse(borrower, data)
        borrower.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """The service has closed: the end of an unsized body, or a failure."""
        self._pool.forget(self)
        borrower, self.borrower = self.borrower, None
        if borrower is None:
            return
        if exc is None and (self._until_close or self._tunnel):
            borrower.answer_complete(reusable=False)
            borrower.flush()
        else:
            borrower.upstream_failed()

    def pause_writing(self) -> None:
        """The service reads slowly."""
        if self.borrower is not None:
            self.borrower.upstream_congested(congested=True)

    def resume_writing(self) -> None:
        """The service reads again."""
        if self.borrower is not None:
            self.borrower.upstream_congested(congested=False)

    def release(self) -> None:
        """The exchange is over and left the connection clean: lend it again."""
        self.borrower = None
        self.transport.resume_reading()
        self._pool.keep(self)

    def discard(self) -> None:
        """The exchange is over and nobody else may use the connection."""
        self.borrower = None
        self.transport.abort()

    def on_message_begin(self) -> None:
        """An answer starts."""
        self._answer = Answer()
        self._in_body = False

    def on_status(self, status: bytes) -> None:
        """A part of the reason phrase."""
        self._answer.reason += status

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; a trailer of a chunked body is dropped."""
        if not self._in_body:
            self._answer.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """The head is complete: interim, a switch to a tunnel, or final."""
        answer, borrower = self._answer, self.borrower
        answer.status = self._parser.get_status_code()
        self._in_body = True
        if borrower is None:
            return
        if _is_interim(answer.status):
            borrower.interim(answer)
            return
        self._tunnel = answer.status == _SWITCHING
        borrower.answered(answer)
        self._head_only = borrower.head_only
        self._until_close = not (self._head_only or self._tunnel or answer.sized())

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        if self.borrower is not None:
            self.borrower.relay(body)

    def on_message_complete(self) -> None:
        """The answer has ended."""
        if not (self._tunnel or self._head_only or _is_interim(self._answer.status)):
            self._finish()

    def _finish(self) -> None:
        if self.borrower is not None:
            self.borrower.answer_complete(reusable=self._parser.should_keep_alive() and not self._until_close)

    def _parse(self, borrower: Borrower, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            borrower.relay(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self.borrower = None
            self.transport.abort()
            borrower.upstream_failed()
        else:
            if self._head_only:
                self._finish_head_only()

    def _finish_head_only(self) -> None:
        """The parser would wait for a body that never comes; a new one reads the next answer."""
        self._head_only = False
        borrower, reusable = self.borrower, self._parser.should_keep_alive()
        self._parser = httptools.HttpResponseParser(self)
        if borrower is not None:
            borrower.answer_complete(reusable=reusable)


class Instance(StrEnum):
    """What the platform knows of the instance of a service."""

    RUNNING = "running"
    STARTING = "starting"
    NONE = "none"


class Pool:
    """The connections to the service on one loopback port."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.instance = Instance.RUNNING
        self.wanted = asyncio.Event()
        """Somebody asked for a service that has no instance."""
        self.used_at = 0.0
        self.open: set[Upstream] = set()
        self._idle: list[Upstream] = []

    @property
    def busy(self) -> bool:
        """Whether a request is being served, or a WebSocket is open."""
        return any(upstream.borrower is not None for upstream in self.open)

    def ask_for_instance(self) -> None:
        """An instance is about to be started, because somebody wants one."""
        self.instance = Instance.STARTING
        self.used_at = asyncio.get_running_loop().time()
        self.wanted.set()

    def take(self) -> Upstream | None:
        """A connection that is already there and rested only shortly, or None."""
        now = self.used_at = asyncio.get_running_loop().time()
        while self._idle:
            upstream = self._idle.pop()
            if now - upstream.idle_since < _IDLE_S and not upstream.transport.is_closing():
                return upstream
            upstream.discard()
        return None

    async def connect(self) -> Upstream:
        """A new connection.

        Raises:
            OSError: The service refuses, or does not accept in time.
        """
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(_CONNECT_S):
            _, upstream = await loop.create_connection(lambda: Upstream(self), LOOPBACK, self.port)
        return upstream

    def keep(self, upstream: Upstream) -> None:
        """*upstream* waits for the next exchange."""
        upstream.idle_since = self.used_at = asyncio.get_running_loop().time()
        self._idle.append(upstream)

    def forget(self, upstream: Upstream) -> None:
        """*upstream* is closed."""
        self.open.discard(upstream)
        if upstream in self._idle:
            self._idle.remove(upstream)

    def close(self) -> None:
        """No connection is open."""
        for upstream in tuple(self.open):
            upstream.discard()


_SWITCHING = 101


def _is_interim(status: int) -> bool:
    return 100 <= status < 200 and status != _SWITCHING  # noqa: PLR2004  the class of interim answers
