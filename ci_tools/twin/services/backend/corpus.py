"""``/api/corpus``: documents of the signed-in user, and search in them."""

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ci_tools.twin.services.backend import documents
from ci_tools.twin.services.backend.context import backend_of
from ci_tools.twin.services.backend.threads import Content, Title
from ci_tools.twin.services.identity import authenticate
from ci_tools.twin.services.web import PAGE_LIMIT, InvalidError, Json, Page, page, read


class NewDocument(BaseModel):
    """The body of ``POST /api/corpus``."""

    model_config = ConfigDict(extra="forbid")

    title: Title
    content: Content
    metadata: dict[str, Any] = Field(default_factory=dict)


class Search(BaseModel):
    """The body of ``POST /api/corpus/search``."""

    model_config = ConfigDict(extra="forbid")

    query: Content
    limit: int = Field(default=20, ge=1, le=PAGE_LIMIT)
    offset: int = Field(default=0, ge=0)


async def _list(request: Request) -> Response:
    user = await authenticate(request)
    return Json(await documents.list_documents(backend_of(request).database, user.user_id, page(request)))


async def _create(request: Request) -> Response:
    user = await authenticate(request)
    asked = await read(request, NewDocument)
    database = backend_of(request).database
    made = await documents.add_document(database, user.user_id, asked.title, asked.content, asked.metadata)
    return Json(made, status_code=201)


async def _search(request: Request) -> Response:
    user = await authenticate(request)
    if request.method == "POST":
        asked = await read(request, Search)
        words, wanted = asked.query, Page(asked.limit, asked.offset)
    else:
        words = request.query_params.get("query") or request.query_params.get("q", "")
        wanted = page(request)
    if not words.strip():
        problem = {"field": "query", "message": "words to look for are required"}
        raise InvalidError("invalid request: query", details={"errors": [problem]})
    return Json(await documents.search_documents(backend_of(request).database, user.user_id, words, wanted))


async def _get(request: Request) -> Response:
    document = await _document(request)
    del document["content"]
    return Json(document)


async def _content(request: Request) -> Response:
    document = await _document(request)
    return Json({key: document[key] for key in ("id", "title", "content", "length")})


async def _document(request: Request) -> dict[str, Any]:
    user = await authenticate(request)
    document_id = request.path_params["document_id"]
    return await documents.get_document(backend_of(request).database, user.user_id, document_id)


routes: Final = [
    Route("/api/corpus", _list, methods=["GET"]),
    Route("/api/corpus", _create, methods=["POST"]),
    Route("/api/corpus/search", _search, methods=["GET", "POST"]),
    Route("/api/corpus/{document_id}", _get, methods=["GET"]),
    Route("/api/corpus/{document_id}/content", _content, methods=["GET"]),
]
