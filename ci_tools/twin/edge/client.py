"""A client's connection to the edge: requests parsed as they come, answered one after the other."""

import asyncio
from collections import deque
from http import HTTPStatus
from typing import cast

import httptools

from ci_tools.twin.edge.exchange import Exchange, Rules
from ci_tools.twin.edge.messages import page

_LONGEST_HEAD = 65_536
"""Bytes; the read in which a head begins does not count."""
_MOST_WAITING = 16


class ClientConnection(asyncio.Protocol):
    """One TLS connection of a client."""

    def __init__(self, rules: Rules, connections: "set[ClientConnection]", idle_s: float) -> None:
        self.address = ""
        self._rules = rules
        self._connections = connections
        self._idle_s = idle_s
        self._parser = httptools.HttpRequestParser(self)
        self._exchanges: deque[Exchange] = deque()
        self._parsed: Exchange | None = None
        self._head_bytes = 0
        self._owed: list[bytes] = []
        self._closing = False
        self._idle: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The TLS handshake is complete."""
        self._transport = cast("asyncio.Transport", transport)
        self.address = str((transport.get_extra_info("peername") or ("unknown",))[0])
        self._connections.add(self)
        self._rest()

    def data_received(self, data: bytes) -> None:
        """Bytes of requests, or of a tunnel."""
        if self._closing:
            return
        last = self._exchanges[-1] if self._exchanges else None
        if last is not None and last.raw_follows:
            last.raw(data)
        else:
            self._parse(data)
        self._forward()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  the protocol's signature
        """The client is gone."""
        self._closing = True
        self._connections.discard(self)
        self._wake()
        for exchange in self._exchanges:
            exchange.abandon()
        self._exchanges.clear()

    def pause_writing(self) -> None:
        """The client reads slowly."""
        if self._exchanges:
            self._exchanges[0].client_congested(congested=True)

    def resume_writing(self) -> None:
        """The client reads again."""
        if self._exchanges:
            self._exchanges[0].client_congested(congested=False)

    def write(self, data: bytes) -> None:
        """Owe *data* to the client."""
        self._owed.append(data)

    def flush(self) -> None:
        """Send what is owed, in one write, and end the connection if this was the last of it."""
        if self._owed:
            self._transport.write(b"".join(self._owed))
            self._owed.clear()
        if self._closing:
            self._transport.close()

    def settle(self) -> None:
        """Read the client exactly if what it sends can be taken."""
        full = len(self._exchanges) > _MOST_WAITING or any(exchange.full for exchange in self._exchanges)
        (self._transport.pause_reading if full else self._transport.resume_reading)()

    def exchange_over(self, *, close: bool) -> None:
        """The first exchange is done: the next one's turn, or the end."""
        self._exchanges.popleft()
        if close:
            self._closing = True
            for exchange in self._exchanges:
                exchange.abandon()
            self._exchanges.clear()
        elif self._exchanges:
            # Not at once: a long queue of pipelined requests would be a deep recursion.
            asyncio.get_running_loop().call_soon(self._start_next)
        else:
            self._rest()

    def abort(self) -> None:
        """The connection ends now."""
        self._transport.abort()

    def on_message_begin(self) -> None:
        """A request starts."""
        self._head_bytes = 0
        self._parsed = Exchange(self, self._rules)

    def on_url(self, url: bytes) -> None:
        """A part of the target."""
        if self._parsed is not None:
            self._parsed.head.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; a trailer of a chunked body is dropped."""
        if self._parsed is not None and not self._parsed.head_complete:
            self._parsed.head.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """The head is complete: the request queues, and starts if it is the first."""
        exchange = self._parsed
        if exchange is None:
            return
        exchange.head_complete = True
        exchange.head.method = self._parser.get_method()
        exchange.head.version = self._parser.get_http_version()
        exchange.head.keep_alive = self._parser.should_keep_alive()
        exchange.head.identify()
        self._exchanges.append(exchange)
        if len(self._exchanges) == 1:
            self._wake()
            exchange.start()

    def on_body(self, body: bytes) -> None:
        """A part of a request's body."""
        if self._parsed is not None:
            self._parsed.body(body)

    def on_message_complete(self) -> None:
        """A request has arrived as a whole."""
        exchange, self._parsed = self._parsed, None
        if exchange is not None and not self._closing:
            exchange.end_request()

    def _start_next(self) -> None:
        if self._exchanges and not self._closing:
            self._exchanges[0].start()
            self._forward()

    def _forward(self) -> None:
        if self._exchanges:
            self._exchanges[0].flush_request()
        self.flush()
        self.settle()

    def _parse(self, data: bytes) -> None:
        self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._after_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._reject(HTTPStatus.BAD_REQUEST, "The request is not HTTP.")
        else:
            in_head = self._parsed is not None and not self._parsed.head_complete
            if in_head and self._head_bytes > _LONGEST_HEAD:
                self._reject(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The request's head is too long.")

    def _after_upgrade(self, rest: bytes) -> None:
        """What follows a WebSocket's head belongs to the service; any other upgrade is ignored."""
        self._parser = httptools.HttpRequestParser(self)
        last = self._exchanges[-1] if self._exchanges else None
        if last is not None and last.raw_follows:
            last.raw(rest)
        elif rest and not self._closing:
            self._parse(rest)

    def _reject(self, status: HTTPStatus, text: str) -> None:
        """Nothing after this can be understood: the end, with a page unless another answer is due first."""
        self._rules.count("bad_request")
        if not self._exchanges or (self._parsed is not None and self._exchanges[0] is self._parsed):
            self.write(page(status, text, head=None, close=True))
        self._closing = True
        for exchange in self._exchanges:
            exchange.abandon()
        self._exchanges.clear()

    def _rest(self) -> None:
        loop = asyncio.get_running_loop()
        self._idle = loop.call_later(self._idle_s, self._transport.close)

    def _wake(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
