"""A paced WebSocket client that keeps its frames as evidence and waits only for what it is told to expect."""

import asyncio
import base64
import itertools
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.http11 import Response
from websockets.typing import Subprotocol

from ci_tools.errors import TargetError, ThrottledError
from ci_tools.evidence.redaction import excerpt
from ci_tools.target.addresses import Endpoint, endpoint
from ci_tools.target.evidence import Evidence, FrameSeen
from ci_tools.target.failures import unreachable
from ci_tools.target.http import USER_AGENT, HttpClient, seconds

AGENT_EVENTS = frozenset(
    {"agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed", "agent_error"}
)
TERMINAL_EVENTS = frozenset({"agent_completed", "agent_error"})
JWT_SUBPROTOCOL = "jwt-auth"

_CLOSE_TIMEOUT_S = 2.0
_MAX_QUEUE = 4096
"""Above any run's frames: a full queue stops reading, and the answer to our close would wait behind it."""
_KEPT_TEXT = 4000
_NO_CLOSE_FRAME = 1006
_numbers = itertools.count(1)


class TokenIn(StrEnum):
    """Where a handshake carries the token; a browser can only use the subprotocol."""

    HEADER = "header"
    SUBPROTOCOL = "subprotocol"


class SocketRefusedError(TargetError):
    """The other side would not talk, or not any longer; *code* is its HTTP status or close code."""

    def __init__(self, message: str, *, code: int) -> None:
        super().__init__(message)
        self.code = code


class HandshakeRefusedError(SocketRefusedError):
    """The handshake was answered with an HTTP status other than 101."""


class SocketClosedError(SocketRefusedError):
    """The connection was closed while a frame was expected; 1006 means without a close frame."""


class FrameMissingError(TargetError):
    """The connection stands, but the expected frame did not come in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One received JSON frame, *t_s* seconds after the connection was asked for."""

    type: str
    document: Mapping[str, Any]
    t_s: float

    @property
    def data(self) -> Mapping[str, Any]:
        """The payload; empty if the frame has none."""
        data = self.document.get("data")
        return data if isinstance(data, Mapping) else {}

    @property
    def run_id(self) -> str:
        """The run that an agent event belongs to."""
        return str(self.document.get("run_id") or "")

    @property
    def agent_name(self) -> str:
        """The agent that an agent event speaks of."""
        return str(self.document.get("agent_name") or "")


class Socket:
    """An open connection; every duration it takes is unscaled."""

    def __init__(self, connection: ClientConnection, log: "_FrameLog", scale: float) -> None:
        self._connection = connection
        self._log = log
        self._scale = scale
        self.frames: list[Frame] = []
        """Every JSON frame received so far, expected or not."""

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that the server chose."""
        return self._connection.subprotocol

    async def send(self, type_: str, **data: Any) -> None:
        """Send one frame ``{type, ...data}``, as the clients of the product do."""
        await self.send_text(json.dumps({"type": type_, **data}))

    async def send_text(self, text: str) -> None:
        """Send *text* as it is.

        Raises:
            SocketClosedError: the connection is closed.
        """
        self._log.add("sent", _type_of(text), text)
        try:
            await self._connection.send(text)
        except ConnectionClosed as error:
            raise self._closed(error, "send") from error

    async def expect(self, type_: str, *, within_s: float) -> Frame:
        """The next frame of *type_*; others before it are kept in :attr:`frames`.

        Raises:
            FrameMissingError: none came in time.
            SocketClosedError: the connection was closed first.
        """
        return await self._next(frozenset({type_}), type_, within_s)

    async def next_event(self, *, within_s: float) -> Frame:
        """The next agent event, of whatever run; other frames before it are kept in :attr:`frames`.

        Raises:
            FrameMissingError: none came in time.
            SocketClosedError: the connection was closed first.
        """
        return await self._next(AGENT_EVENTS, "agent event", within_s)

    async def events_of_run(self, *, within_s: float, run_id: str | None = None) -> tuple[Frame, ...]:
        """The agent events of one run, from the first to the terminal event of the agent that began.

        Raises:
            FrameMissingError: no event at all, or no terminal one, came in time; the text says which.
            SocketClosedError: the connection was closed first.
        """
        seen_before = len(self.frames)
        events: list[Frame] = []
        try:
            async with asyncio.timeout(within_s * self._scale):
                while not _ended(events):
                    frame = await self._receive("agent event")
                    wanted = run_id or (events[0].run_id if events else frame.run_id)
                    if frame.type in AGENT_EVENTS and frame.run_id == wanted:
                        events.append(frame)
                return tuple(events)
        except TimeoutError as error:
            raise FrameMissingError(self._silence(events, within_s, seen_before)) from error

    async def closed(self, *, within_s: float) -> int:
        """The close code, once the server has closed the connection; frames before it are kept.

        Raises:
            FrameMissingError: it is still open.
        """
        try:
            async with asyncio.timeout(within_s * self._scale):
                while True:
                    await self._receive("close")
        except SocketClosedError as closed:
            return closed.code
        except TimeoutError as error:
            raise FrameMissingError(f"the server did not close within {self._within(within_s)}") from error

    def abort(self) -> None:
        """The connection is gone without a close frame, as when a network is lost."""
        self._log.add("closed", "aborted", "by the client, without a close frame")
        self._connection.transport.abort()

    async def _next(self, types: frozenset[str], wanted: str, within_s: float) -> Frame:
        seen_before = len(self.frames)
        try:
            async with asyncio.timeout(within_s * self._scale):
                while (frame := await self._receive(wanted)).type not in types:
                    pass
                return frame
        except TimeoutError as error:
            raise FrameMissingError(
                f"no {wanted!r} frame within {self._within(within_s)}; received instead: {self._since(seen_before)}"
            ) from error

    async def _receive(self, wanted: str) -> Frame:
        try:
            message = await self._connection.recv()
        except ConnectionClosed as error:
            raise self._closed(error, wanted) from error
        text = message if isinstance(message, str) else message.decode("utf-8", "replace")
        frame = Frame(type=_type_of(text), document=_document(text), t_s=self._log.now_s())
        self._log.add("received", frame.type, text)
        self.frames.append(frame)
        return frame

    def _closed(self, error: ConnectionClosed, wanted: str) -> SocketClosedError:
        code = error.rcvd.code if error.rcvd else _NO_CLOSE_FRAME
        reason = error.rcvd.reason if error.rcvd else "no close frame"
        self._log.add("closed", str(code), reason)
        return SocketClosedError(f"closed with {code} ({reason}) while waiting for {wanted}", code=code)

    def _silence(self, events: Sequence[Frame], within_s: float, seen_before: int) -> str:
        if events:
            types = ", ".join(event.type for event in events)
            return f"no terminal event of run {events[0].run_id} within {self._within(within_s)}; events: {types}"
        return f"no agent event at all within {self._within(within_s)}; other frames: {self._since(seen_before)}"

    def _within(self, within_s: float) -> str:
        scaled = "" if self._scale == 1 else f" ({within_s:g} s unscaled)"
        return f"{within_s * self._scale:g} s{scaled}"

    def _since(self, seen_before: int) -> str:
        counts = Counter(frame.type for frame in self.frames[seen_before:])
        return ", ".join(f"{type_} x{count}" for type_, count in counts.items()) or "nothing"


class _FrameLog:
    """Writes one connection's frames to the evidence."""

    def __init__(self, evidence: Evidence | None) -> None:
        self._evidence = evidence
        self._name = f"websocket {next(_numbers)}"
        self._asked_s = time.perf_counter()

    def now_s(self) -> float:
        return time.perf_counter() - self._asked_s

    def add(self, direction: Literal["sent", "received", "opened", "closed"], type_: str, text: str) -> None:
        if self._evidence is not None:
            self._evidence.saw(
                FrameSeen(
                    connection=self._name,
                    direction=direction,
                    type=type_,
                    t_s=self.now_s(),
                    size_bytes=len(text.encode()),
                    text=text[:_KEPT_TEXT],
                )
            )


@asynccontextmanager
async def open_socket(
    client: HttpClient,
    *,
    bearer: str | None,
    host: str = "websocket",
    token_in: TokenIn = TokenIn.HEADER,
    subprotocols: Sequence[str] | None = None,
    evidence: Evidence | None = None,
) -> AsyncIterator[Socket]:
    """A connection to *host* in *client*'s environment, closed at the end; *subprotocols* replace the token's.

    Raises:
        HandshakeRefusedError: the handshake was answered, but not with 101.
        UnreachableError: it was not answered.
        ThrottledError: the edge limited us.
    """
    there = endpoint(client.environment, host)
    await client.pacer.admit(urlsplit(there.url).path)
    log = _FrameLog(evidence)
    connection = await _handshake(client, there, _offer(bearer, token_in, subprotocols), log)
    try:
        yield Socket(connection, log, client.environment.time_scale)
    finally:
        await connection.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Offer:
    headers: Mapping[str, str]
    subprotocols: Sequence[str]


def _offer(bearer: str | None, token_in: TokenIn, subprotocols: Sequence[str] | None) -> _Offer:
    if bearer is not None and token_in is TokenIn.SUBPROTOCOL:
        encoded = base64.urlsafe_b64encode(bearer.encode()).decode().rstrip("=")
        return _Offer(headers={}, subprotocols=subprotocols or (JWT_SUBPROTOCOL, f"jwt.{encoded}"))
    headers = {} if bearer is None else {"authorization": f"Bearer {bearer}"}
    return _Offer(headers=headers, subprotocols=subprotocols or ())


async def _handshake(client: HttpClient, there: Endpoint, offer: _Offer, log: _FrameLog) -> ClientConnection:
    marks = {name: value for name, value in client.marks().items() if name != "user-agent"}
    patience_s = client.environment.scaled(client.environment.timeouts.connect_s)
    try:
        connection = await connect(
            there.url,
            additional_headers={**marks, **offer.headers},
            subprotocols=[Subprotocol(name) for name in offer.subprotocols] or None,
            user_agent_header=USER_AGENT,
            open_timeout=patience_s,
            close_timeout=_CLOSE_TIMEOUT_S,
            max_queue=_MAX_QUEUE,
            ping_interval=None,  # every frame on the wire is one that a test asked for
            proxy=None,
            host=there.address,
            port=there.port,
            ssl=client.trust if there.secure else None,
        )
    except (WebSocketException, LookupError, OSError, ValueError) as error:
        raise _no_connection(error, f"the handshake with {there.url}", patience_s, log) from error
    log.add("opened", "101", connection.subprotocol or "")
    return connection


def _no_connection(error: Exception, asked: str, within_s: float, log: _FrameLog) -> Exception:
    # A redirect that must not be followed, or leads to no WebSocket, is raised as another error out of the refusal.
    refusal = error if isinstance(error, InvalidStatus) else error.__cause__ or error.__context__
    meant = (
        _refusal(refusal.response, asked) if isinstance(refusal, InvalidStatus) else unreachable(error, asked, within_s)
    )
    log.add("closed", type(meant).__name__, str(meant))
    return meant


def _refusal(response: Response, asked: str) -> Exception:
    text = (response.body or b"").decode("utf-8", "replace")
    html = _first(response, "content-type").startswith("text/html")
    if response.status_code == 429 or (response.status_code == 403 and html):  # noqa: PLR2004 - the edge's ban
        retry_after_s = seconds(_first(response, "retry-after"))
        return ThrottledError(
            f"the edge limited us: {asked} answered {response.status_code}", retry_after_s=retry_after_s
        )
    return HandshakeRefusedError(
        f"{asked} answered {response.status_code}: {excerpt(text, 200)}", code=response.status_code
    )


def _first(response: Response, name: str) -> str:
    """The first value of a header; a name that stands there twice is an error to websockets."""
    return next(iter(response.headers.get_all(name)), "")


def _ended(events: Sequence[Frame]) -> bool:
    return bool(events) and events[-1].type in TERMINAL_EVENTS and events[-1].agent_name == events[0].agent_name


def _document(text: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _type_of(text: str) -> str:
    return str(_document(text).get("type", "no JSON object with a type"))
