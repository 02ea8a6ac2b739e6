"""What the endpoints of every service are made of: JSON, one error envelope, bodies, pages, streams."""

import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response

BODY_LIMIT_BYTES = 1 << 20
PAGE_LIMIT = 100

Body = TypeVar("Body", bound=BaseModel)


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
    state = connection.scope.setdefault("state", {})
    state["refusal"] = error
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


async def sse(events: AsyncIterator[tuple[str, Mapping[str, Any]]]) -> AsyncIterator[bytes]:
    """*events* as the bytes of a ``text/event-stream``."""
    async for name, data in events:
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=_encode)
        yield f"event: {name}\ndata: {text}\n\n".encode()
