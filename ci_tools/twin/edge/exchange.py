"""One request and its answer on their way through the edge."""

import asyncio
import math
from http import HTTPStatus
from typing import Protocol

from ci_tools.twin.edge.limits import Limiter, refused_agent
from ci_tools.twin.edge.messages import CONTINUE, LAST_CHUNK, Answer, Head, chunk, page
from ci_tools.twin.edge.upstream import Instance, Pool, Upstream

_HELD_BYTES = 262_144
_BROKEN_OFF = (
    "The request failed because either the HTTP response was malformed or connection to the instance had an error."
)
_NO_INSTANCE = "The request was aborted because there was no available instance."


class Client(Protocol):
    """What an exchange needs of the client's connection."""

    address: str

    def write(self, data: bytes) -> None:
        """Owe *data* to the client."""

    def flush(self) -> None:
        """Send what is owed."""

    def settle(self) -> None:
        """Decide again whether the client is read."""

    def exchange_over(self, *, close: bool) -> None:
        """The next exchange may start, or the connection ends."""


class Rules:
    """What every exchange obeys, and the count of what the edge answered itself, by reason."""

    def __init__(self, pools: dict[str, Pool], limiter: Limiter, request_timeout_s: float) -> None:
        self.pools = pools
        self.limiter = limiter
        self.request_timeout_s = request_timeout_s
        self.answers: dict[str, int] = {}

    def count(self, reason: str) -> None:
        """One more answer for *reason*, in the words of a load balancer's log."""
        self.answers[reason] = self.answers.get(reason, 0) + 1

    def refusal(self, head: Head, address: str) -> tuple[HTTPStatus, str, str, int | None] | None:
        """Status, text, reason and seconds to wait when the edge itself refuses *head*."""
        if not head.host or head.method == b"CONNECT":
            return HTTPStatus.BAD_REQUEST, "The request names no host of this site.", "bad_request", None
        if refused_agent(head.value(b"user-agent")):
            return HTTPStatus.FORBIDDEN, "Automated agents are not allowed here.", "denied_by_security_policy", None
        wait_s = self.limiter.admit(address, head.path)
        if wait_s is not None:
            text = "Your client has sent too many requests. Come back later."
            return HTTPStatus.TOO_MANY_REQUESTS, text, "rate_limited", math.ceil(wait_s)
        if head.host not in self.pools:
            return HTTPStatus.NOT_FOUND, "No such site.", "unknown_host", None
        return None


class Exchange:
    """A request that is being received, forwarded and answered."""

    def __init__(self, client: Client, rules: Rules) -> None:
        self.head = Head()
        self.head_complete = False
        self.request_complete = False
        self.tunnel = False
        self._client = client
        self._rules = rules
        self._upstream: Upstream | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._congested = False
        self._started = False
        self._answered = False
        self._answer_over = False
        self._chunked = False
        self._close = False

    @property
    def head_only(self) -> bool:
        """Whether the answer has no body whatever its headers say."""
        return self.head.method == b"HEAD"

    @property
    def raw_follows(self) -> bool:
        """Whether whatever the client sends now is no HTTP: it belongs to the WebSocket it asked for."""
        return self.head.websocket and self.request_complete

    @property
    def full(self) -> bool:
        """Whether the client should wait with further bytes."""
        return self._congested or self._waiting_bytes > _HELD_BYTES

    def start(self) -> None:
        """It is this request's turn: refuse it, or begin to forward it."""
        self._started = True
        self._close = not self.head.keep_alive or self.head.websocket
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._rules.request_timeout_s, self._expire)
        refusal = self._rules.refusal(self.head, self._client.address)
        if refusal is not None:
            status, text, reason, wait_s = refusal
            self._refuse(status, text, reason, wait_s)
            return
        pool = self._rules.pools[self.head.host]
        if pool.instance is Instance.NONE:
            pool.ask_for_instance()
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, _NO_INSTANCE, "no_available_instance", None)
            return
        self._send(self.head.forwarded(self._client.address))
        upstream = pool.take()
        if upstream is not None:
            # What is still being parsed joins the head: the client's connection flushes both at once.
            self._attach(upstream)
        else:
            self._connecting = loop.create_task(self._connect(pool), name="edge connects")

    def body(self, data: bytes) -> None:
        """A part of the request's body has arrived."""
        self._send(chunk(data) if self.head.chunked else data)

    def raw(self, data: bytes) -> None:
        """Bytes after an accepted upgrade have arrived."""
        self._send(data)

    def end_request(self) -> None:
        """The request has arrived as a whole."""
        self.request_complete = True
        if self.head.chunked:
            self._send(LAST_CHUNK)
        self._over_if_complete()

    def abandon(self) -> None:
        """The client is gone: so is everything done for it."""
        self._answer_over = True
        self._cancel()
        if self._upstream is not None:
            upstream, self._upstream = self._upstream, None
            upstream.discard()

    def flush_request(self) -> None:
        """What waits for the service is sent to it."""
        if self._upstream is not None and self._waiting:
            data = b"".join(self._waiting)
            self._waiting.clear()
            self._waiting_bytes = 0
            self._upstream.transport.write(data)

    def client_congested(self, *, congested: bool) -> None:
        """The client takes no more for now, or takes more again."""
        if self._upstream is not None:
            transport = self._upstream.transport
            (transport.pause_reading if congested else transport.resume_reading)()

    def interim(self, answer: Answer) -> None:
        """The service asks for the body before it answers."""
        if answer.status == HTTPStatus.CONTINUE and self.head.version == "1.1":
            self._client.write(CONTINUE)

    def answered(self, answer: Answer) -> None:
        """The service's head goes to the client."""
        self._answered = True
        if answer.status == HTTPStatus.SWITCHING_PROTOCOLS:
            self.tunnel = True
            self._client.write(answer.switched(self.head))
            self._client.settle()
            return
        self._chunked = answer.needs_chunks(self.head)
        # HTTP/1.0 knows no chunks: there the end of the connection is the end of an unsized body.
        unsized = self.head.version != "1.1" and not any(name == b"content-length" for name, _ in answer.headers)
        self._close = self._close or unsized
        self._client.write(answer.relayed(self.head, chunked=self._chunked, close=self._close))

    def relay(self, data: bytes) -> None:
        """A part of the answer's body, or of the tunnel, goes to the client."""
        if data:
            self._client.write(chunk(data) if self._chunked else data)

    def flush(self) -> None:
        """Send what is owed to the client."""
        self._client.flush()

    def answer_complete(self, *, reusable: bool) -> None:
        """The answer has ended well."""
        if self._chunked:
            self._client.write(LAST_CHUNK)
        self._part(reusable=reusable and self.request_complete and not self.tunnel)
        self._answer_over = True
        self._over_if_complete()

    def upstream_failed(self) -> None:
        """The service broke its answer off: 503 if nothing of it was sent, as Cloud Run does; else so does the edge."""
        self._upstream = None
        self._fail(HTTPStatus.SERVICE_UNAVAILABLE, _BROKEN_OFF, "backend_connection_closed_before_data_sent_to_client")

    def upstream_congested(self, *, congested: bool) -> None:
        """The service takes no more for now, or takes more again."""
        self._congested = congested
        self._client.settle()

    async def _connect(self, pool: Pool) -> None:
        try:
            upstream = await pool.connect()
        except OSError:
            if pool.instance is Instance.STARTING:
                self._fail(HTTPStatus.INTERNAL_SERVER_ERROR, _NO_INSTANCE, "no_available_instance")
                return
            self._fail(HTTPStatus.SERVICE_UNAVAILABLE, "The service is unavailable.", "failed_to_connect_to_backend")
        else:
            self._attach(upstream)
            self.flush_request()
            self._client.settle()

    def _attach(self, upstream: Upstream) -> None:
        self._upstream = upstream
        upstream.borrower = self

    def _send(self, data: bytes) -> None:
        if self._answer_over:
            return
        self._waiting.append(data)
        self._waiting_bytes += len(data)

    def _expire(self) -> None:
        if self.request_complete:
            self._fail(HTTPStatus.GATEWAY_TIMEOUT, "The service did not answer in time.", "backend_timeout")
        else:
            self._fail(HTTPStatus.REQUEST_TIMEOUT, "The request did not arrive in time.", "client_timed_out")

    def _fail(self, status: HTTPStatus, text: str, reason: str) -> None:
        if self._answered or self._answer_over:
            self._rules.count(reason)
            self.abandon()
            self._client.exchange_over(close=True)
        else:
            self._refuse(status, text, reason, None)
        self._client.flush()

    def _refuse(self, status: HTTPStatus, text: str, reason: str, wait_s: int | None) -> None:
        self._rules.count(reason)
        # Who waits for 100 Continue may or may not send its body now: only a close is unambiguous.
        self._close = self._close or bool(self.head.value(b"expect"))
        self._client.write(page(status, text, head=self.head, close=self._close, retry_after_s=wait_s))
        self._answered = True
        self._part(reusable=False)
        self._answer_over = True
        self._over_if_complete()

    def _part(self, *, reusable: bool) -> None:
        """The exchange and its upstream connection have nothing more to do with each other."""
        self._waiting.clear()
        self._waiting_bytes = 0
        self._congested = False
        if self._connecting is not None and self._connecting is not asyncio.current_task():
            self._connecting.cancel()
        upstream, self._upstream = self._upstream, None
        if upstream is not None:
            (upstream.release if reusable else upstream.discard)()

    def _over_if_complete(self) -> None:
        """The rest of a request whose answer is over is received and dropped, for the sake of the next."""
        if self._started and self._answer_over and (self.request_complete or self._close):
            self._cancel()
            self._client.exchange_over(close=self._close or self.tunnel)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._connecting is not None and self._connecting is not asyncio.current_task():
            self._connecting.cancel()
