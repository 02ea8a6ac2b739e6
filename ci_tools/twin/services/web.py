"""What every service of the twin speaks over HTTP: JSON, one error envelope, request ids, CORS."""

import json
import logging
import re
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import uuid4

from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ci_tools.twin.behaviours import SESSION_HEADER, test_session
from ci_tools.twin.settings import ServiceSettings

LOG = logging.getLogger(__name__)
BODY_LIMIT_BYTES = 1 << 20
PAGE_LIMIT = 100
REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
ALLOWED_ORIGIN = r"https://([a-z0-9-]+\.)+staging\.netrasystems\.ai"
METHODS = ("GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "HEAD")
REQUEST_HEADERS = (
    "Authorization",
    "Content-Type",
    "X-Request-ID",
    "X-Test-Type",
    "X-Test-Environment",
    "X-Test-Session",
)

Body = TypeVar("Body", bound=BaseModel)
Handlers = Mapping[Any, Callable[[Request, Exception], Any]]
Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


class ApiError(Exception):
    """An answer other than success; the envelope is made of its fields."""

    status = 500
    code = "INTERNAL_ERROR"
    user_message = "Something went wrong on our side. Please try again."

    def __init__(self, message: str, *, details: Mapping[str, Any] | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, Any] = dict(details or {})
        self.headers: dict[str, str] = {}
        if code is not None:
            self.code = code


class UnauthenticatedError(ApiError):
    """No bearer token, or one that does not hold."""

    status = 401
    code = "UNAUTHENTICATED"
    user_message = "Please sign in again."

    def __init__(self, message: str, **keywords: Any) -> None:
        super().__init__(message, **keywords)
        self.headers["www-authenticate"] = "Bearer"


class ForbiddenError(ApiError):
    """Known, but not allowed."""

    status = 403
    code = "FORBIDDEN"
    user_message = "You are not allowed to do this."


class NotFoundError(ApiError):
    """Nothing of that name, or not this user's."""

    status = 404
    code = "NOT_FOUND"
    user_message = "We could not find what you asked for."


class ConflictError(ApiError):
    """It exists already, or is in a state that forbids this."""

    status = 409
    code = "CONFLICT"
    user_message = "This already exists."


class TooLargeError(ApiError):
    """The body is larger than any endpoint accepts."""

    status = 413
    code = "PAYLOAD_TOO_LARGE"
    user_message = "This is too large."


class InvalidError(ApiError):
    """A body or parameter that does not follow its schema."""

    status = 422
    code = "VALIDATION_ERROR"
    user_message = "Please check what you entered."


class ThrottledError(ApiError):
    """More requests than this user may make now."""

    status = 429
    code = "RATE_LIMITED"
    user_message = "Too many requests. Please wait a moment."

    def __init__(self, message: str, *, retry_after_s: float, **keywords: Any) -> None:
        super().__init__(message, **keywords)
        self.headers["retry-after"] = str(max(1, round(retry_after_s)))


class UnavailableError(ApiError):
    """*dependency* did not answer; *text* is what its client said, word for word."""

    status = 503
    code = "DEPENDENCY_UNAVAILABLE"
    user_message = "This is temporarily unavailable. Please try again in a moment."

    def __init__(self, dependency: str, text: str) -> None:
        super().__init__(f"{dependency} is unavailable: {text}", details={"dependency": dependency, "error": text})
        self.headers["retry-after"] = "1"


BY_STATUS: Mapping[int, type[ApiError]] = {
    error.status: error
    for error in (UnauthenticatedError, ForbiddenError, NotFoundError, ConflictError, TooLargeError, InvalidError)
}


def timestamp() -> str:
    """Now, as ISO 8601 UTC."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def _encode(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    raise TypeError(f"{type(value).__name__} has no JSON form")


class Json(JSONResponse):
    """A JSON answer; instants are ISO 8601 UTC."""

    def render(self, content: object) -> bytes:  # noqa: D102
        return json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=_encode).encode()


def request_id(connection: HTTPConnection) -> str:
    """The id that every answer to this request carries."""
    return str(connection.scope.get("state", {}).get("request_id", ""))


def envelope(error: ApiError, *, request: str, trace: str) -> dict[str, Any]:
    """The body of contract section 3 for *error*."""
    return {
        "error": True,
        "error_code": error.code,
        "message": error.message,
        "user_message": error.user_message,
        "details": error.details,
        "trace_id": trace,
        "timestamp": timestamp(),
        "request_id": request,
    }


def refuse(connection: HTTPConnection, error: ApiError) -> Response:
    """The answer that tells *error*."""
    state = connection.scope.get("state", {})
    body = envelope(error, request=state.get("request_id", ""), trace=state.get("trace_id", ""))
    return Json(body, status_code=error.status, headers=error.headers)


async def read(request: Request, model: type[Body]) -> Body:
    """The JSON body as *model*.

    Raises:
        InvalidError: No JSON, or not of this shape; the rejected values are not repeated.
        TooLargeError: More than ``BODY_LIMIT_BYTES``.
    """
    try:
        return model.model_validate_json(await _body(request) or b"{}")
    except ValidationError as error:
        problems = [
            {"field": ".".join(str(part) for part in problem["loc"]), "message": problem["msg"]}
            for problem in error.errors(include_input=False, include_url=False, include_context=False)
        ]
        fields = ", ".join(problem["field"] or "body" for problem in problems)
        raise InvalidError(f"invalid request: {fields}", details={"errors": problems}) from None


async def _body(request: Request) -> bytes:
    chunks = bytearray()
    async for chunk in request.stream():
        chunks += chunk
        if len(chunks) > BODY_LIMIT_BYTES:
            raise TooLargeError(f"body larger than {BODY_LIMIT_BYTES} bytes")
    return bytes(chunks)


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for."""

    limit: int
    offset: int

    def of(self, rows: Sequence[Any], total: int) -> dict[str, Any]:
        """The answer of a list endpoint: *rows* of *total*."""
        return {
            "object": "list",
            "data": rows,
            "total": total,
            "limit": self.limit,
            "offset": self.offset,
            "has_more": self.offset + len(rows) < total,
        }


def page(request: Request) -> Page:
    """``limit`` (1 … 100, default 20) and ``offset`` (from 0) of the query."""
    limit = _whole(request, "limit", 20, 1, PAGE_LIMIT)
    return Page(limit, _whole(request, "offset", 0, 0, 1 << 31))


def _whole(request: Request, name: str, default: int, least: int, most: int) -> int:
    text = request.query_params.get(name, str(default))
    if not re.fullmatch(r"-?[0-9]{1,12}", text) or not least <= int(text) <= most:
        problem = {"field": name, "message": f"a whole number from {least} to {most} is required"}
        raise InvalidError(f"invalid request: {name}", details={"errors": [problem]})
    return int(text)


@dataclass(slots=True)
class Traffic:
    """What this process has answered since it started."""

    started: float = field(default_factory=time.monotonic)
    answers: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    in_flight: int = 0
    errors: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=100))

    @property
    def uptime_s(self) -> float:
        """Seconds since the process began to serve."""
        return time.monotonic() - self.started

    def record(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one finished answer; server errors are kept for people."""
        self.answers[str(status)] += 1
        self.seconds += seconds
        if status >= 500:  # noqa: PLR2004 - the class of server errors
            self.errors.append(
                {
                    "method": scope["method"],
                    "path": scope["path"],
                    "status": status,
                    "request_id": scope["state"]["request_id"],
                    "timestamp": timestamp(),
                }
            )


class RequestContext:
    """Gives each request an id, its test session, a count, and an envelope for what nobody caught."""

    def __init__(self, app: ASGIApp, traffic: Traffic) -> None:
        self.app = app
        self.traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        scope.setdefault("state", {}).update(_ids(headers))
        token = test_session.set(headers.get(SESSION_HEADER))
        try:
            if scope["type"] == "http":
                await self._serve(scope, receive, send)
            else:
                await self.app(scope, receive, send)
        finally:
            test_session.reset(token)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        status = 0

        async def stamped(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = scope["state"]["request_id"]
            await send(message)

        self.traffic.in_flight += 1
        try:
            await self.app(scope, receive, stamped)
        except Exception as error:
            LOG.exception("%s %s was not answered", scope["method"], scope["path"])
            if status:
                raise
            defect = ApiError(f"unexpected {type(error).__name__}")
            await refuse(HTTPConnection(scope), defect)(scope, receive, stamped)
        finally:
            self.traffic.in_flight -= 1
            self.traffic.record(scope, status, time.perf_counter() - began)


def _ids(headers: Headers) -> dict[str, str]:
    offered = headers.get("x-request-id", "")
    trace = headers.get("traceparent", "").split("-")
    traced = len(trace) > 1 and re.fullmatch(r"[0-9a-f]{32}", trace[1])
    return {
        "request_id": offered if REQUEST_ID.fullmatch(offered) else uuid4().hex,
        "trace_id": trace[1] if traced else uuid4().hex,
    }


def _told(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return refuse(request, error)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    known = BY_STATUS.get(error.status_code, ApiError)
    told = known(f"{request.method} {request.url.path}: {error.detail.lower()}")
    if known is ApiError:
        told.status = error.status_code
        told.code = error.detail.upper().replace(" ", "_")
        told.user_message = "This request is not supported."
    told.headers.update(error.headers or {})
    return refuse(request, told)


def origins(settings: ServiceSettings) -> str:
    """The pattern of the origins that may call a service from a browser."""
    own = (re.escape(url) for url in settings.public.values() if url.startswith("http"))
    return "|".join((ALLOWED_ORIGIN, *own))


def application(
    routes: Sequence[BaseRoute],
    settings: ServiceSettings,
    *,
    lifespan: Lifespan | None = None,
    handlers: Handlers | None = None,
    inside: Sequence[Middleware] = (),
) -> Starlette:
    """A service: *routes* behind request ids, CORS and error envelopes; ``app.state.traffic`` counts."""
    traffic = Traffic()
    app = Starlette(
        routes=list(routes),
        lifespan=lifespan,
        exception_handlers={ApiError: _told, HTTPException: _http, **(handlers or {})},
        middleware=[
            Middleware(RequestContext, traffic=traffic),
            Middleware(
                CORSMiddleware,
                allow_origin_regex=origins(settings),
                allow_methods=METHODS,
                allow_headers=REQUEST_HEADERS,
                allow_credentials=True,
                expose_headers=["x-request-id"],
                max_age=3600,
            ),
            *inside,
        ],
    )
    app.state.settings = settings
    app.state.traffic = traffic
    return app


async def sse(events: AsyncIterator[tuple[str, Mapping[str, Any]]]) -> AsyncIterator[bytes]:
    """*events* as the bytes of a ``text/event-stream``."""
    async for name, data in events:
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=_encode)
        yield f"event: {name}\ndata: {text}\n\n".encode()
