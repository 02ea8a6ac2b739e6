"""Server-sent events, as the standard frames them, with JSON data."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from ci_tools.errors import TargetError
from ci_tools.evidence.redaction import excerpt

_EVENT_STREAM = "text/event-stream"
_OK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerEvent:
    """One event of a stream."""

    name: str
    data: Mapping[str, Any]


async def server_sent_events(response: httpx.Response) -> AsyncIterator[ServerEvent]:
    """The events of *response*, in order.

    Raises:
        TargetError: the answer is no event stream, or an event's data no JSON object.
    """
    media_type = response.headers.get("content-type", "").partition(";")[0].strip()
    if response.status_code != _OK or media_type != _EVENT_STREAM:
        raise TargetError(f"{response.request.url.path} answered {response.status_code} with {media_type!r}, no stream")
    response.encoding = "utf-8"  # whatever its content type says, as the standard has it
    name, data = "message", list[str]()
    async for line in response.aiter_lines():
        field, _, value = line.partition(":")
        if field == "event":
            name = value.removeprefix(" ")
        elif field == "data":
            data.append(value.removeprefix(" "))
        elif not line and data:
            yield ServerEvent(name=name, data=_object("\n".join(data)))
            name, data = "message", []


def _object(text: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TargetError(f"an event's data is no JSON: {excerpt(text, 200)!r}") from error
    if not isinstance(value, dict):
        raise TargetError(f"an event's data is no JSON object: {excerpt(text, 200)!r}")
    return value
