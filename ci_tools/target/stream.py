"""Server-sent events, as the standard frames them, with JSON data."""

import json
from codecs import getincrementaldecoder
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from io import IncrementalNewlineDecoder
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
    name, data = "message", list[str]()
    async for line in _lines(response):
        field, _, value = line.partition(":")
        if field == "event":
            name = value.removeprefix(" ")
        elif field == "data":
            data.append(value.removeprefix(" "))
        elif not line and data:
            yield ServerEvent(name=name, data=_object("\n".join(data)))
            name, data = "message", []


async def _lines(response: httpx.Response) -> AsyncIterator[str]:
    """The lines of an event stream, which is UTF-8 whatever its content type says.

    httpx would also split at characters that may stand in JSON, such as U+2028.
    """
    decoder = IncrementalNewlineDecoder(getincrementaldecoder("utf-8")(errors="replace"), translate=True)
    rest = ""
    async for chunk in response.aiter_bytes():
        *lines, rest = (rest + decoder.decode(chunk)).split("\n")
        for line in lines:
            yield line
    # A carriage return at the very end: a line feed might have followed it.
    for line in (rest + decoder.decode(b"", final=True)).split("\n")[:-1]:
        yield line


def _object(text: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TargetError(f"an event's data is no JSON: {excerpt(text, 200)!r}") from error
    if not isinstance(value, dict):
        raise TargetError(f"an event's data is no JSON object: {excerpt(text, 200)!r}")
    return value
