"""A TCP proxy before one dependency, whose faults are the network's own.

Refusal is the kernel's (the port stays reserved, nothing listens), a blackhole is a full accept queue
(handshakes are never answered), a reset is an RST. Half-close and backpressure pass through.
"""

import asyncio
import random
import socket
import struct
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from ci_tools.twin.effects import Delay, ProxyMode
from ci_tools.twin.passage import Passage
from ci_tools.twin.ports import LOOPBACK, bind_beside, number_of, reserve_port

_BACKLOG = 512
_HELD_BYTES = 262_144
_CLOSING = (ProxyMode.REFUSE, ProxyMode.RESET, ProxyMode.CUT)


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """A dependency that listens on TCP."""

    host: str
    port: int


Address = TcpAddress | Path
"""Where a dependency listens; a path is a UNIX socket."""


class Proxy:
    """One listening port, its connections, and the mode both are in."""

    def __init__(self, upstream: Address, passage: Passage | None = None) -> None:
        self.upstream = upstream
        self.passage = passage or Passage()
        self.links: set[_Link] = set()
        self.mode = ProxyMode.PASS
        self._reserved = reserve_port()
        self._server: asyncio.Server | None = None
        self._blackhole: tuple[socket.socket, ...] = ()
        self._delay: Delay | None = None
        self._random = random.Random(0)  # noqa: S311  a reproducible tail, not a secret

    @property
    def port(self) -> int:
        """The loopback port, for the whole life of the proxy."""
        return number_of(self._reserved)

    async def start(self) -> None:
        """Connections are forwarded."""
        await self._listen()

    async def switch(self, mode: ProxyMode, delay: Delay | None = None) -> None:
        """*mode* holds for new and existing connections; *delay* is in real seconds."""
        if (mode, delay) == (self.mode, self._delay):
            return
        self.mode, self._delay = mode, delay
        self._random = random.Random(delay.seed if delay else 0)  # noqa: S311  as above
        await self._close_listener()
        if mode is ProxyMode.BLACKHOLE:
            self._blackhole = _full_accept_queue(self.port)
        elif mode is not ProxyMode.REFUSE:
            await self._listen()
        for link in tuple(self.links):
            if mode in _CLOSING:
                link.close(reset=mode is ProxyMode.RESET)
            else:
                link.silence(silent=mode is ProxyMode.BLACKHOLE)

    async def stop(self) -> None:
        """Nothing listens, no connection is open, the port is free."""
        await self._close_listener()
        for link in tuple(self.links):
            link.close(reset=False)
        self._reserved.close()

    def delay_s(self, chunk: int) -> float:
        """How long the next chunk towards the server, its connection's *chunk*-th, is held back."""
        if self._delay is None or chunk < self._delay.spared_chunks:
            return 0.0
        drawn = self._delay.median_s * self._random.lognormvariate(0.0, self._delay.sigma)
        return min(drawn, self._delay.cap_s)

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._accepted, sock=bind_beside(self.port), backlog=_BACKLOG)

    async def _close_listener(self) -> None:
        for held in self._blackhole:
            held.close()
        self._blackhole = ()
        if self._server is not None:
            self._server.close()
            self._server = None

    def _accepted(self) -> "_End":
        return _Link(self).client


class _Link:
    """Two connections that are one to their users."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.client = _End(self)
        self.server = _End(self)
        self.client.other, self.server.other = self.server, self.client
        self.silent = False
        self._connecting: asyncio.Task[None] | None = None

    def accepted(self) -> None:
        """The client's side is up: refuse it as the mode says, or connect the server's side."""
        self.proxy.links.add(self)
        if self.proxy.mode in _CLOSING:
            self.close(reset=self.proxy.mode is ProxyMode.RESET)
            return
        self.settle()
        self._connecting = asyncio.create_task(self._connect(), name="proxy connects")

    def silence(self, *, silent: bool) -> None:
        """Both directions stand still, or move on with what they held."""
        self.silent = silent
        self.settle()

    def settle(self) -> None:
        """Everything due is delivered; each side is read exactly if the other can take more."""
        if not self.silent:
            self.client.deliver()
            self.server.deliver()
        self.client.read(wanted=self.server.up and not self.silent and not self.server.full)
        self.server.read(wanted=not self.silent and not self.client.full)

    def close(self, *, reset: bool) -> None:
        """Both connections end now."""
        self.proxy.links.discard(self)
        if self._connecting is not None and self._connecting is not asyncio.current_task():
            self._connecting.cancel()
        for end in (self.client, self.server):
            end.end(reset=reset)

    def lost(self, exc: Exception | None) -> None:
        """One side is gone; a broken one breaks the other, a finished one has told it already."""
        if exc is not None or not self.server.up:
            self.close(reset=True)
        if not (self.client.up or self.server.up):
            self.proxy.links.discard(self)

    async def _connect(self) -> None:
        loop, upstream = asyncio.get_running_loop(), self.proxy.upstream
        try:
            if isinstance(upstream, Path):
                await loop.create_unix_connection(lambda: self.server, str(upstream))
            else:
                await loop.create_connection(lambda: self.server, upstream.host, upstream.port)
        except OSError:
            self.close(reset=True)
        else:
            self.settle()


class _End(asyncio.Protocol):
    """One side of a link, and what it is owed: bytes, or None for the end of the stream."""

    other: "_End"

    def __init__(self, link: _Link) -> None:
        self._link = link
        self._transport: asyncio.Transport | None = None
        self._owed: deque[tuple[float, bytes | None]] = deque()
        self._owed_bytes = 0
        self._chunks = 0
        self._due_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._congested = False
        self._heard_end = False
        self._told_end = False

    @property
    def up(self) -> bool:
        """Whether the connection exists."""
        return self._transport is not None

    @property
    def full(self) -> bool:
        """Whether this side is owed as much as it should hold."""
        return self._congested or self._owed_bytes > _HELD_BYTES

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A side is up."""
        self._transport = cast(asyncio.Transport, transport)
        if self is self._link.client:
            self._link.accepted()

    def data_received(self, data: bytes) -> None:
        """What one side says, the other is owed."""
        self.other.owe(data)

    def eof_received(self) -> bool:
        """One direction has ended; the other may go on."""
        self._heard_end = True
        self.other.owe(None)
        self._close_if_over()
        return True

    def pause_writing(self) -> None:
        """This side takes no more for now."""
        self._congested = True
        self._link.settle()

    def resume_writing(self) -> None:
        """This side takes more again."""
        self._congested = False
        self._link.settle()

    def connection_lost(self, exc: Exception | None) -> None:
        """A side is gone."""
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()
        self._link.lost(exc)

    def owe(self, data: bytes | None) -> None:
        """Deliver *data* in its turn and at its time."""
        now = asyncio.get_running_loop().time()
        if self is self._link.server and data is not None:
            self._due_at = max(self._due_at, now + self._link.proxy.delay_s(self._chunks))
            self._chunks += 1
        self._due_at = max(self._due_at, self._link.proxy.passage.due_at(len(data or b""), now))
        self._owed.append((max(self._due_at, now), data))
        self._owed_bytes += len(data or b"")
        self._link.settle()

    def read(self, *, wanted: bool) -> None:
        """Read from this side, or let it wait."""
        if self._transport is None:
            return
        if wanted:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def deliver(self) -> None:
        """Everything owed and due is written."""
        now = asyncio.get_running_loop().time()
        while self._owed and self._transport is not None and not self._congested:
            due_at, data = self._owed[0]
            if due_at > now:
                self._wake(due_at)
                return
            self._owed.popleft()
            self._owed_bytes -= len(data or b"")
            self._write(self._transport, data)

    def end(self, *, reset: bool) -> None:
        """The connection is closed now, by FIN or by RST."""
        if self._transport is None:
            return
        if reset:
            with suppress(OSError):
                self._transport.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )
        self._transport.abort()

    def _write(self, transport: asyncio.Transport, data: bytes | None) -> None:
        if data is not None:
            transport.write(data)
            return
        transport.write_eof()
        self._told_end = True
        self._close_if_over()

    def _close_if_over(self) -> None:
        if self._heard_end and self._told_end and self._transport is not None:
            self._transport.close()

    def _wake(self, due_at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(due_at, self._link.settle)


def _full_accept_queue(port: int) -> tuple[socket.socket, ...]:
    """A listener whose queue is full of our own connection: the kernel drops every further SYN."""
    listener = bind_beside(port)
    listener.listen(0)
    filler = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    filler.settimeout(1.0)
    filler.connect((LOOPBACK, port))
    return listener, filler
