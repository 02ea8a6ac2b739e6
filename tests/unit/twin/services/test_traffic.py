from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ci_tools.twin.behaviours import test_session as session_of_test
from ci_tools.twin.services.application import application
from ci_tools.twin.services.web import Json


async def _session(_: Request) -> Response:
    return Json({"session": session_of_test.get()})


async def _broken(_: Request) -> Response:
    raise ZeroDivisionError("a secret detail")


@pytest.fixture
async def client(settings_of: Any, client_of: Any) -> AsyncIterator[Any]:
    """A client of a small service."""
    routes = [
        Route("/session", _session),
        Route("/broken", _broken),
    ]
    async with client_of(application(routes, settings_of())) as opened:
        yield opened


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


async def test_a_defect_is_an_envelope_without_its_text(client: Any) -> None:
    """An exception that nobody caught is 500 in the envelope; its text stays in the log."""
    answer = await client.get("/broken")

    assert answer.status_code == 500
    assert answer.json()["error_code"] == "INTERNAL_ERROR"
    assert "secret" not in answer.text


async def test_server_errors_are_kept_for_people(client: Any) -> None:
    """The traffic counts answers by status and keeps the server errors with their request ids."""
    failed = await client.get("/broken")
    traffic = client._transport.app.state.traffic

    assert traffic.answers == {"500": 1}
    assert [error["request_id"] for error in traffic.recorder.newest_first] == [failed.headers["x-request-id"]]


async def test_the_test_session_is_known_while_its_request_is_served(client: Any) -> None:
    """X-Test-Session is seen by the request that carries it and by no other."""
    inside = await client.get("/session", headers={"x-test-session": "abc"})
    outside = await client.get("/session")

    assert (inside.json(), outside.json()) == ({"session": "abc"}, {"session": None})
