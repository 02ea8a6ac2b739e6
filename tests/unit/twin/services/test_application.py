from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ci_tools.twin.services.application import application
from ci_tools.twin.services.web import Json

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


async def _greet(_: Request) -> Response:
    return Json({"hello": "world"})


@pytest.fixture
async def client(settings_of: Any, client_of: Any) -> AsyncIterator[Any]:
    """A client of a small service."""
    routes = [
        Route("/greet", _greet, methods=["POST"]),
    ]
    async with client_of(application(routes, settings_of())) as opened:
        yield opened


async def test_an_unknown_path_is_an_envelope(client: Any) -> None:
    """A path that no route serves is 404 in the envelope, with the id of the request."""
    answer = await client.get("/nowhere", headers={"x-request-id": "mine-1"})

    assert answer.status_code == 404
    assert set(answer.json()) == ENVELOPE
    assert answer.json()["request_id"] == answer.headers["x-request-id"] == "mine-1"


async def test_a_method_that_is_not_served_is_told(client: Any) -> None:
    """A wrong method is 405 in the envelope and names the right ones."""
    answer = await client.get("/greet")

    assert answer.status_code == 405
    assert answer.json()["error_code"] == "METHOD_NOT_ALLOWED"
    assert answer.headers["allow"] == "POST"


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
    answer = await client.post("/greet", headers={"origin": origin})

    assert "access-control-allow-origin" not in answer.headers
