import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ci_tools.twin.behaviours import test_session as session_of_test
from ci_tools.twin.services.web import (
    BODY_LIMIT_BYTES,
    Json,
    NotFoundError,
    Page,
    ThrottledError,
    UnavailableError,
    application,
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
STAGING = "https://app.staging.netrasystems.ai"


class Greeting(BaseModel):
    """A body with one field."""

    name: str


async def _greet(request: Request) -> Response:
    return Json({"hello": (await read(request, Greeting)).name})


async def _page(request: Request) -> Response:
    wanted = page(request)
    return Json([wanted.limit, wanted.offset])


async def _session(_: Request) -> Response:
    return Json({"session": session_of_test.get()})


async def _broken(_: Request) -> Response:
    raise ZeroDivisionError("a secret detail")


async def _throttled(_: Request) -> Response:
    raise ThrottledError("too fast", retry_after_s=7.4)


async def _unavailable(_: Request) -> Response:
    raise UnavailableError("redis", "Error 111")


@pytest.fixture
async def client(settings_of: Any, client_of: Any) -> AsyncIterator[Any]:
    """A client of a small service with one route for each case."""
    routes = [
        Route("/greet", _greet, methods=["POST"]),
        Route("/page", _page),
        Route("/session", _session),
        Route("/broken", _broken),
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


async def test_an_unknown_path_is_an_envelope(client: Any) -> None:
    """A path that no route serves is 404 in the envelope, with the id of the request."""
    answer = await client.get("/nowhere", headers={"x-request-id": "mine-1"})

    assert answer.status_code == 404
    assert set(answer.json()) == ENVELOPE
    assert answer.json()["request_id"] == answer.headers["x-request-id"] == "mine-1"


async def test_a_request_without_id_gets_one(client: Any) -> None:
    """Two requests without an id get two different ones."""
    first, second = [(await client.get("/session")).headers["x-request-id"] for _ in range(2)]

    assert first
    assert first != second


async def test_a_hostile_request_id_is_replaced(client: Any) -> None:
    """An id that could break a log line is not passed through."""
    answer = await client.get("/session", headers={"x-request-id": "a b<script>"})

    assert answer.headers["x-request-id"] != "a b<script>"


async def test_the_trace_of_the_caller_is_told(client: Any) -> None:
    """The trace id of a W3C traceparent reaches the envelope."""
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = await client.get("/nowhere", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})

    assert answer.json()["trace_id"] == trace


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


async def test_a_method_that_is_not_served_is_told(client: Any) -> None:
    """A wrong method is 405 in the envelope and names the right ones."""
    answer = await client.get("/greet")

    assert answer.status_code == 405
    assert answer.json()["error_code"] == "METHOD_NOT_ALLOWED"
    assert answer.headers["allow"] == "POST"


async def test_a_defect_is_an_envelope_without_its_text(client: Any) -> None:
    """An exception that nobody caught is 500 in the envelope; its text stays in the log."""
    answer = await client.get("/broken")

    assert answer.status_code == 500
    assert set(answer.json()) == ENVELOPE
    assert "secret" not in answer.text


async def test_throttling_says_when_to_come_back(client: Any) -> None:
    """A 429 carries Retry-After in whole seconds."""
    answer = await client.get("/throttled")

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")


async def test_an_outage_names_its_dependency(client: Any) -> None:
    """A 503 says which dependency failed and what its client said."""
    answer = await client.get("/unavailable")

    assert answer.status_code == 503
    assert answer.json()["details"] == {"dependency": "redis", "error": "Error 111"}


async def test_server_errors_are_kept_for_people(client: Any) -> None:
    """The traffic counts answers by status and keeps the server errors with their request ids."""
    failed = await client.get("/broken")
    traffic = client._transport.app.state.traffic

    assert traffic.answers == {"500": 1}
    assert [error["request_id"] for error in traffic.errors] == [failed.headers["x-request-id"]]


async def test_the_test_session_is_known_while_its_request_is_served(client: Any) -> None:
    """X-Test-Session is seen by the request that carries it and by no other."""
    inside = await client.get("/session", headers={"x-test-session": "abc"})
    outside = await client.get("/session")

    assert (inside.json(), outside.json()) == ({"session": "abc"}, {"session": None})


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


async def test_a_browser_of_staging_may_call(client: Any) -> None:
    """A preflight from a staging host is allowed, with credentials, for an hour."""
    answer = await client.options(
        "/greet",
        headers={
            "origin": STAGING,
            "access-control-request-method": "PATCH",
            "access-control-request-headers": "x-test-type,x-test-environment,x-test-session",
        },
    )

    assert answer.headers["access-control-allow-origin"] == STAGING
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["access-control-max-age"] == "3600"


@pytest.mark.parametrize(
    "origin", ["https://staging.netrasystems.ai.evil.example", "http://app.staging.netrasystems.ai"]
)
async def test_a_foreign_origin_may_not_call(client: Any, origin: str) -> None:
    """An origin that only looks like staging gets no permission."""
    answer = await client.get("/session", headers={"origin": origin})

    assert "access-control-allow-origin" not in answer.headers


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
