"""``/api/threads``: conversations of the signed-in user."""

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ci_tools.twin.services.backend import conversation
from ci_tools.twin.services.backend.context import backend_of
from ci_tools.twin.services.identity import authenticate
from ci_tools.twin.services.web import InvalidError, Json, page, read

LEAK: Final = "threads.leak"
"""The defect that a connection of the pool is not given back by whoever lists threads."""
LOST_UPDATE: Final = "threads.lost_update"
"""The defect that a changed title is told to the client and not kept."""
REGRESSION: Final = "messages.regression"
"""The defect of a revision whose code reads a field that the stored message does not have."""

Title = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
Content = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class NewThread(BaseModel):
    """The body of ``POST /api/threads``."""

    model_config = ConfigDict(extra="forbid")

    title: Title = ""
    metadata: dict[str, Any] = Field(default_factory=dict)


class ChangedThread(BaseModel):
    """The body of ``PUT /api/threads/{id}``; what is absent stays."""

    model_config = ConfigDict(extra="forbid")

    title: Title | None = None
    metadata: dict[str, Any] | None = None


class NewMessage(BaseModel):
    """The body of ``POST /api/threads/{id}/messages``."""

    model_config = ConfigDict(extra="forbid")

    message: Content
    metadata: dict[str, Any] = Field(default_factory=dict)


async def _list(request: Request) -> Response:
    user = await authenticate(request)
    backend = backend_of(request)
    if backend.behaviours.at(LEAK):
        await backend.leak_connection()
    return Json(await conversation.list_threads(backend.database, user.user_id, page(request)))


async def _create(request: Request) -> Response:
    user = await authenticate(request)
    asked = await read(request, NewThread)
    database = backend_of(request).database
    made = await conversation.add_thread(database, user.user_id, asked.title, asked.metadata)
    return Json(made, status_code=201)


async def _get(request: Request) -> Response:
    user = await authenticate(request)
    database = backend_of(request).database
    return Json(await conversation.get_thread(database, user.user_id, request.path_params["thread_id"]))


async def _change(request: Request) -> Response:
    user = await authenticate(request)
    changes = (await read(request, ChangedThread)).model_dump(exclude_none=True)
    if not changes:
        raise InvalidError("invalid request: neither title nor metadata is given")
    backend = backend_of(request)
    thread_id = request.path_params["thread_id"]
    if backend.behaviours.at(LOST_UPDATE):
        return Json({**await conversation.get_thread(backend.database, user.user_id, thread_id), **changes})
    return Json(await conversation.change_thread(backend.database, user.user_id, thread_id, changes))


async def _delete(request: Request) -> Response:
    user = await authenticate(request)
    await conversation.delete_thread(backend_of(request).database, user.user_id, request.path_params["thread_id"])
    return Response(status_code=204)


async def _messages(request: Request) -> Response:
    user = await authenticate(request)
    database = backend_of(request).database
    thread_id = request.path_params["thread_id"]
    return Json(await conversation.list_messages(database, user.user_id, thread_id, page(request)))


async def _say(request: Request) -> Response:
    user = await authenticate(request)
    said = await read(request, NewMessage)
    added = await conversation.add_message(
        backend_of(request).database,
        user.user_id,
        request.path_params["thread_id"],
        said.message,
        metadata=said.metadata,
    )
    if backend_of(request).behaviours.at(REGRESSION):
        added["token_count"] += len(said.message.split())
    return Json(added, status_code=201)


routes: Final = [
    Route("/api/threads", _list, methods=["GET"]),
    Route("/api/threads", _create, methods=["POST"]),
    Route("/api/threads/{thread_id}", _get, methods=["GET"]),
    Route("/api/threads/{thread_id}", _change, methods=["PUT"]),
    Route("/api/threads/{thread_id}", _delete, methods=["DELETE"]),
    Route("/api/threads/{thread_id}/messages", _messages, methods=["GET"]),
    Route("/api/threads/{thread_id}/messages", _say, methods=["POST"]),
]
