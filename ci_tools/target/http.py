"""One paced HTTP client for an environment: it asks once, never retries, and keeps evidence."""

import asyncio
import json
import ssl
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, TypedDict, Unpack
from urllib.parse import urlsplit

import httpx

from ci_tools.errors import TargetError, ThrottledError, UnreachableError
from ci_tools.evidence.redaction import excerpt
from ci_tools.model import Environment
from ci_tools.numbers import finite
from ci_tools.target.addresses import address_of, host_url, trust
from ci_tools.target.connecting import unknown_name
from ci_tools.target.evidence import Evidence, Exchange
from ci_tools.target.failures import unreachable
from ci_tools.target.pacing import Pacer

USER_AGENT = "netra-campaign/0.1 (post-deploy verification)"
"""The edge refuses agents that call themselves bot, crawler, spider, scraper or scanner."""

_KEEPALIVE_S = 2.0
"""Shorter than any server's idle limit: a connection closed under our request would look like an outage."""
_CONNECTIONS = httpx.Limits(max_connections=32, max_keepalive_connections=16, keepalive_expiry=_KEEPALIVE_S)
_EXCERPT = 2000
_ERROR = 400
_TOO_MANY_REQUESTS = 429
_FORBIDDEN = 403


class Ask(TypedDict, total=False):
    """What a request may carry beside method and path."""

    json: Any
    content: bytes | str
    params: Mapping[str, str | int]
    headers: Mapping[str, str]
    bearer: str | None
    timeout_s: float
    """Unscaled; without it the environment's general patience."""
    evidence: Evidence | None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Answer:
    """What the deployed system answered; *elapsed_s* excludes the wait for our own pace."""

    method: str
    url: str
    """Without its query."""
    status: int
    headers: httpx.Headers
    content: bytes
    elapsed_s: float
    request_id: str
    """The ``x-request-id`` of the answer; empty if it carries none."""

    @property
    def text(self) -> str:
        """The body as text, undecodable bytes replaced."""
        return self.content.decode("utf-8", "replace")

    @property
    def media_type(self) -> str:
        """The content type without its parameters."""
        return str(self.headers.get("content-type", "")).partition(";")[0].strip().lower()

    @property
    def no_json(self) -> str:
        """How the media type goes on in words where the body cannot be read: it may well say that it is JSON."""
        return "that cannot be read as JSON" if "json" in self.media_type else "instead of JSON"

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            TargetError: the body is no JSON, or nested too deep to be read.
        """
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError) as error:
            raise TargetError(
                f"{self.method} {self.url} answered {self.status} with {self.media_type!r} "
                f"{self.no_json}: {excerpt(self.text, 200)!r}",
                status=self.status,
            ) from error

    def __repr__(self) -> str:
        """The body stands here only for errors: an answer that succeeded may hold a token."""
        body = f": {excerpt(self.text, 400)}" if self.status >= _ERROR else ""
        return f"<{self.status} {self.method} {self.url} {self.elapsed_s:.3f} s {self.request_id}{body}>"


@contextmanager
def _told_by_httpx() -> Iterator[None]:
    """What the layers below let through as it is, an alert of TLS above all, is an error of httpx like any other."""
    try:
        with unknown_name():
            yield
    except OSError as error:
        raise httpx.NetworkError(str(error)) from error


class _Body(httpx.AsyncByteStream):
    """The body of an answer, whose errors are httpx's own: whoever reads it has errors, too."""

    def __init__(self, body: httpx.AsyncByteStream) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _told_by_httpx():
            async for part in self._body:
                yield part

    async def aclose(self) -> None:
        with _told_by_httpx():
            await self._body.aclose()


class _Transport(httpx.AsyncBaseTransport):
    """Connects to the mapped address of a name, while TLS and ``Host`` keep the name.

    Each name has a pool of its own: names that share an address must not share a connection, or
    the certificate would be verified for the first of them only.
    """

    def __init__(self, environment: Environment, trusted: ssl.SSLContext) -> None:
        self._environment = environment
        self._trust = trusted
        self._pools: dict[str, httpx.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        name = request.url.host
        if name not in self._pools:
            self._pools[name] = httpx.AsyncHTTPTransport(verify=self._trust, limits=_CONNECTIONS)
        request.extensions = {**request.extensions, "sni_hostname": name}
        request.url = request.url.copy_with(host=address_of(self._environment, name))
        with _told_by_httpx():
            response = await self._pools[name].handle_async_request(request)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Body(response.stream)
        return response

    async def aclose(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()


class HttpClient:
    """Asks the hosts of *environment* by name. One per event loop: creating one costs 18 ms."""

    def __init__(self, environment: Environment, pacer: Pacer, *, session: str | None = None) -> None:
        self.environment = environment
        self.pacer = pacer
        self.session = session or f"e2e-{uuid.uuid4().hex[:12]}"
        """Sent as ``X-Test-Session``: the deployed system can tell one campaign's traffic by it."""
        self.trust = trust(environment)
        self._http = httpx.AsyncClient(
            transport=_Transport(environment, self.trust),
            timeout=httpx.Timeout(None),  # one deadline bounds the whole exchange
            follow_redirects=False,
            headers=self.marks(),
            # Many users share this client: a cookie of one must never travel with another.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )

    def marks(self) -> dict[str, str]:
        """The headers by which our traffic is told from a customer's."""
        return {
            "user-agent": USER_AGENT,
            "x-test-type": "e2e",
            "x-test-environment": self.environment.name,
            "x-test-session": self.session,
        }

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def request(self, host: str, method: str, path: str, **ask: Unpack[Ask]) -> Answer:
        """Ask once and return whatever was answered, redirects and errors included.

        Raises:
            UnreachableError: nothing was answered in time, or nothing that can be read.
            ThrottledError: the edge limited us (429, or its HTML ban).
        """
        async with self._exchange(host, method, path, ask) as (response, asked_s):
            content = await response.aread()
            answer = _answer(response, content, time.perf_counter() - asked_s)
            _record(self._evidence_text(host, answer), answer, ask.get("evidence"))
        _refuse_throttled(answer)
        return answer

    @asynccontextmanager
    async def stream(self, host: str, method: str, path: str, **ask: Unpack[Ask]) -> AsyncIterator[httpx.Response]:
        """Ask once and read the answer's body as it comes; errors as of :meth:`request`, and the reader's own."""
        async with self._exchange(host, method, path, ask) as (response, asked_s):
            answer = _answer(response, b"", time.perf_counter() - asked_s)
            _record("", answer, ask.get("evidence"))
            _refuse_throttled(answer)
            yield response

    @asynccontextmanager
    async def _exchange(
        self, host: str, method: str, path: str, ask: Ask
    ) -> AsyncIterator[tuple[httpx.Response, float]]:
        url = host_url(self.environment, host) + path
        await self.pacer.admit(urlsplit(url).path)
        request = self._build(method, url, ask)
        patience_s = self.environment.scaled(ask.get("timeout_s", self.environment.timeouts.general_s))
        asked_s = time.perf_counter()
        try:
            async with asyncio.timeout(patience_s) as patience:
                response = await self._http.send(request, stream=True)
                try:
                    yield response, asked_s
                finally:
                    await response.aclose()
        except (httpx.RequestError, TimeoutError) as error:
            if isinstance(error, TimeoutError) and not patience.expired():
                raise  # of whoever reads the answer: nothing is known against it
            raise self._unanswered(error, request, time.perf_counter() - asked_s, patience_s, ask) from error

    def _build(self, method: str, url: str, ask: Ask) -> httpx.Request:
        headers = {"x-request-id": f"e2e-{uuid.uuid4().hex}", **ask.get("headers", {})}
        if bearer := ask.get("bearer"):
            headers["authorization"] = f"Bearer {bearer}"
        return self._http.build_request(
            method, url, json=ask.get("json"), content=ask.get("content"), params=ask.get("params"), headers=headers
        )

    def _unanswered(
        self, error: Exception, request: httpx.Request, elapsed_s: float, patience_s: float, ask: Ask
    ) -> UnreachableError:
        url = f"{request.url.scheme}://{request.headers['host']}{request.url.path}"
        meant = unreachable(error, f"{request.method} {url}", patience_s)
        if evidence := ask.get("evidence"):
            evidence.exchanged(
                Exchange(
                    request_id=request.headers["x-request-id"],
                    method=request.method,
                    url=url,
                    status=None,
                    elapsed_s=elapsed_s,
                    text=str(meant),
                )
            )
        return meant

    def _evidence_text(self, host: str, answer: Answer) -> str:
        return answer.text[:_EXCERPT] if answer.status >= _ERROR and host != "auth" else ""


def _answer(response: httpx.Response, content: bytes, elapsed_s: float) -> Answer:
    request = response.request
    return Answer(
        method=request.method,
        url=f"{request.url.scheme}://{request.headers['host']}{request.url.path}",
        status=response.status_code,
        headers=response.headers,
        content=content,
        elapsed_s=elapsed_s,
        request_id=response.headers.get("x-request-id", ""),
    )


def _record(text: str, answer: Answer, evidence: Evidence | None) -> None:
    if evidence is not None:
        evidence.exchanged(
            Exchange(
                request_id=answer.request_id,
                method=answer.method,
                url=answer.url,
                status=answer.status,
                elapsed_s=answer.elapsed_s,
                text=text,
            )
        )


def _refuse_throttled(answer: Answer) -> None:
    banned = answer.status == _FORBIDDEN and answer.media_type == "text/html"
    if answer.status != _TOO_MANY_REQUESTS and not banned:
        return
    retry_after_s = seconds(answer.headers.get("retry-after"))
    wait = f"; it asks for {retry_after_s:g} s of patience" if retry_after_s is not None else ""
    raise ThrottledError(
        f"the edge limited us: {answer.method} {answer.url} answered {answer.status}{wait}. "
        "Lower pacing_share, or run again later",
        retry_after_s=retry_after_s,
    )


def seconds(retry_after: str | None) -> float | None:
    """A ``Retry-After`` in delta-seconds; the date form, which no edge here sends, is None."""
    told = (retry_after or "").strip()
    return finite(float(told)) if told.isdecimal() else None
