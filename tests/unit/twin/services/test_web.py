import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ci_tools.twin.services.application import application
from ci_tools.twin.services.web import (
    BODY_LIMIT_BYTES,
    Json,
    NotFoundError,
    Page,
    ThrottledError,
    UnavailableError,
    envelope,
    page,
    read,
    sse,
)

ENVELOPE = {
    "error",
    "error_code",
    "message",
    "user_message",
    "details",
    "trace_id",
    "timestamp",
    "request_id",
}


class Greeting(BaseModel):
    """A body with one field."""

    name: str


async def _greet(request: Request) -> Response:
    return Json({"hello": (await read(request, Greeting)).name})


async def _page(request: Request) -> Response:
    wanted = page(request)
    return Json([wanted.limit, wanted.offset])


async def _throttled(_: Request) -> Response:
    raise ThrottledError("too fast", retry_after_s=7.4)


async def _unavailable(_: Request) -> Response:
    raise UnavailableError("redis", "Error 111")


@pytest.fixture
async def client(settings_of: Any, client_of: Any) -> AsyncIterator[Any]:
    """A client of a small service."""
    routes = [
        Route("/greet", _greet, methods=["POST"]),
        Route("/page", _page),
        Route("/throttled", _throttled),
        Route("/unavailable", _unavailable),
    ]
    async with client_of(application(routes, settings_of())) as opened:
        yield opened


def test_the_envelope_has_the_fields_of_the_contract() -> None:
    """An error is told with exactly the eight fields of the contract."""
    told = envelope(NotFoundError("unknown thread 't'"), request="r-1", trace="t-1")

    assert set(told) == ENVELOPE
    assert (told["error"], told["error_code"], told["request_id"]) == (True, "NOT_FOUND", "r-1")


async def test_an_invalid_body_names_its_fields_and_not_its_values(client: Any) -> None:
    """A body that does not fit is 422, names the field, and repeats nothing of what was sent."""
    answer = await client.post("/greet", json={"name": ["hunter2"]})

    assert answer.status_code == 422
    assert answer.json()["details"]["errors"][0]["field"] == "name"
    assert "hunter2" not in answer.text


async def test_a_body_that_is_no_json_is_invalid(client: Any) -> None:
    """A torn body is 422."""
    answer = await client.post("/greet", content=b"{")

    assert answer.status_code == 422
    assert answer.json()["error_code"] == "VALIDATION_ERROR"


async def test_a_body_beyond_the_limit_is_refused(client: Any) -> None:
    """More bytes than any endpoint accepts are 413."""
    answer = await client.post("/greet", content=b"x" * (BODY_LIMIT_BYTES + 1))

    assert answer.status_code == 413
    assert answer.json()["error_code"] == "PAYLOAD_TOO_LARGE"


async def test_throttling_says_when_to_come_back(client: Any) -> None:
    """A 429 carries Retry-After in whole seconds."""
    answer = await client.get("/throttled")

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")


async def test_an_outage_names_its_dependency(client: Any) -> None:
    """A 503 says which dependency failed and what its client said."""
    answer = await client.get("/unavailable")

    assert answer.status_code == 503
    assert answer.json()["details"] == {"dependency": "redis", "error": "Error 111"}


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=ten", "offset=-1", "limit=", "limit=1.5"])
async def test_a_page_outside_its_bounds_is_invalid(client: Any, query: str) -> None:
    """A limit outside 1 … 100 or an offset below 0 is 422."""
    answer = await client.get(f"/page?{query}")

    assert answer.status_code == 422


@pytest.mark.parametrize(("query", "wanted"), [("", [20, 0]), ("limit=100&offset=7", [100, 7])])
async def test_a_page_inside_its_bounds_is_taken(client: Any, query: str, wanted: list[int]) -> None:
    """Limit and offset are read from the query, with defaults."""
    answer = await client.get(f"/page?{query}")

    assert answer.json() == wanted


@pytest.mark.parametrize(("rows", "total", "more"), [(["a", "b"], 5, True), (["a", "b"], 4, False)])
def test_a_page_says_whether_there_is_more(rows: list[str], total: int, more: bool) -> None:  # noqa: FBT001
    """A list says whether rows follow it."""
    told = Page(limit=2, offset=2).of(rows, total)

    assert told["has_more"] is more


def test_instants_are_iso_8601_in_utc() -> None:
    """An instant in an answer ends with Z."""
    body = json.loads(Json({"at": datetime(2025, 9, 16, 12, tzinfo=UTC)}).body)

    assert body == {"at": "2025-09-16T12:00:00Z"}


async def test_an_event_stream_names_each_event() -> None:
    """Each event is its name, its JSON, and an empty line."""

    async def events() -> AsyncIterator[tuple[str, Mapping[str, Any]]]:
        yield "agent_started", {"run_id": "r"}

    sent = [chunk async for chunk in sse(events())]

    assert sent == [b'event: agent_started\ndata: {"run_id":"r"}\n\n']
