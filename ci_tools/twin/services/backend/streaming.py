"""``POST /api/agents/stream``: the events of one run as server-sent events.

A client that goes away ends the stream, not the run.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from ci_tools.twin.agents.events import AgentEvent
from ci_tools.twin.agents.runtime import Started
from ci_tools.twin.services.backend.agents import Execution
from ci_tools.twin.services.backend.agents_runs import AgentService, agents_of, answered, caller_of
from ci_tools.twin.services.identity import authenticate
from ci_tools.twin.services.web import read, sse

Events = asyncio.Queue[AgentEvent | None]


async def _stream(request: Request) -> Response:
    user = await authenticate(request)
    asked = await read(request, Execution)
    service = agents_of(request)
    events: Events = asyncio.Queue()
    with answered():
        run = await service.start(asked.of(asked.type), caller_of(user, asked.thread_id), events.put_nowait)
    return StreamingResponse(
        sse(_told(service, run, user.user_id, events)),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


async def _told(
    service: AgentService, run: Started, user_id: str, events: Events
) -> AsyncIterator[tuple[str, Mapping[str, Any]]]:
    ending = asyncio.create_task(service.finished(run.run_id, user_id))
    ending.add_done_callback(lambda _: events.put_nowait(None))
    try:
        while (event := await events.get()) is not None:
            yield event.type.value, event.as_json()
        status = (await ending).status.value
        yield "stream_end", {"type": "stream_end", "run_id": run.run_id, "data": {"status": status}}
    finally:
        ending.cancel()


routes: Final = [Route("/api/agents/stream", _stream, methods=["POST"])]
