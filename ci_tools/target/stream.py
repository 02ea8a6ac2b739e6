"""Server-sent events, as the standard frames them, with JSON data."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx

from ci_tools.errors import TargetError

_EVENT_STREAM = "text/event-stream"
_OK = 200


async def server_sent_events(response: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    """The data of each event of *response*, in order.

    Raises:
        TargetError: the answer is no event stream, or an event's data no JSON object.
    """
    media_type = response.headers.get("content-type", "").partition(";")[0].strip()
    if response.status_code != _OK or media_type != _EVENT_STREAM:
        raise TargetError(f"{response.request.url.path} answered {response.status_code} with {media_type!r}, no stream")
    data: list[str] = []
    async for line in response.aiter_lines():
        if line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
        elif not line and data:
            yield _object("\n".join(data))
            data.clear()


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise TargetError(f"an event's data is no JSON: {text[:200]!r}") from error
    if not isinstance(value, dict):
        raise TargetError(f"an event's data is no JSON object: {text[:200]!r}")
    return value
