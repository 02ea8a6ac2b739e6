"""The frames of a WebSocket: what the server says, and what a client may say."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import uuid4

from ci_tools.errors import TwinError
from ci_tools.twin.agents.runs import instant

AGENT_MESSAGES: Final = frozenset(("user_message", "chat", "start_agent", "agent_request", "execute_agent"))
_CORRELATION_LIMIT: Final = 128


class FrameError(StrEnum):
    """Codes of ``error_message``."""

    JSON_PARSE_ERROR = "JSON_PARSE_ERROR"
    INVALID_MESSAGE = "INVALID_MESSAGE"
    MESSAGE_TOO_LARGE = "MESSAGE_TOO_LARGE"
    RATE_LIMITED = "RATE_LIMITED"
    TOO_MANY_CONNECTIONS = "TOO_MANY_CONNECTIONS"
    INTERNAL_ERROR = "INTERNAL_ERROR"


class RefusedFrameError(TwinError):
    """A client's frame that is answered with ``error_message``."""

    def __init__(self, code: FrameError, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientMessage:
    """A client's frame, understood."""

    type: str
    data: Mapping[str, Any]
    correlation_id: str

    def text(self, *names: str) -> str | None:
        """The first of the fields *names* that is a text with something in it."""
        values = (self.data.get(name) for name in names)
        return next((value.strip() for value in values if isinstance(value, str) and value.strip()), None)


def parsed(body: str) -> ClientMessage:
    """The message in *body*: its fields stand in ``data``, in ``payload``, or beside ``type``.

    Raises:
        RefusedFrameError: Not JSON, or not an object with a type.
    """
    try:
        frame = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RefusedFrameError(FrameError.JSON_PARSE_ERROR, f"the message is not JSON: {error}") from error
    if not isinstance(frame, dict) or not isinstance(frame.get("type"), str) or not frame["type"]:
        raise RefusedFrameError(FrameError.INVALID_MESSAGE, "the message is not an object with a text in 'type'")
    inner = next((frame[key] for key in ("data", "payload") if isinstance(frame.get(key), dict)), frame)
    return ClientMessage(type=frame["type"], data=inner, correlation_id=_correlation(frame))


def frame(kind: str, data: Mapping[str, Any], *, server_id: str, correlation_id: str | None = None) -> dict[str, Any]:
    """A frame of the server."""
    return {
        "type": kind,
        "data": dict(data),
        "timestamp": instant(datetime.now(UTC)),
        "server_id": server_id,
        "correlation_id": correlation_id or uuid4().hex,
    }


def dumped(document: Mapping[str, Any]) -> str:
    """A frame as it goes over the wire."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _correlation(frame: Mapping[str, Any]) -> str:
    for name in ("correlation_id", "message_id", "id"):
        value = frame.get(name)
        if isinstance(value, str) and 0 < len(value) <= _CORRELATION_LIMIT:
            return value
    return uuid4().hex
