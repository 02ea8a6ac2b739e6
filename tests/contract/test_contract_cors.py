from collections.abc import Mapping

import httpx
import pytest

ORIGIN = "https://app.staging.netrasystems.ai"
METHODS = ("GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "HEAD")
FOREIGN_ORIGINS = (
    "https://netrasystems.ai.example.com",
    "https://app.staging.netrasystems.ai.example.com",
    "https://appXstagingXnetrasystemsXai.example.com",
    "https://evilstaging.netrasystems.ai",
    "https://app.stagingXnetrasystems.ai",
    "http://app.staging.netrasystems.ai",
    "null",
)


def tokens(headers: Mapping[str, str], name: str) -> set[str]:
    """The values of a comma-separated header, in lower case."""
    return {part.strip().lower() for part in headers[name].split(",")}


async def preflight(api: httpx.AsyncClient, origin: str, method: str, headers: str) -> httpx.Response:
    """The answer to the question of a browser."""
    return await api.options(
        "/api/threads",
        headers={
            "origin": origin,
            "access-control-request-method": method,
            "access-control-request-headers": headers,
        },
    )


@pytest.mark.parametrize("method", METHODS)
async def test_preflight_allows_each_method(api: httpx.AsyncClient, method: str) -> None:
    """A browser of the staging frontend may use each method, with credentials, for an hour."""
    answer = await preflight(api, ORIGIN, method, "authorization")

    assert answer.status_code in (200, 204)
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["access-control-max-age"] == "3600"
    assert method.lower() in tokens(answer.headers, "access-control-allow-methods")


@pytest.mark.parametrize(
    "header", ["X-Test-Type", "X-Test-Environment", "X-Test-Session", "Authorization", "Content-Type"]
)
async def test_preflight_allows_each_header(api: httpx.AsyncClient, header: str) -> None:
    """The headers that mark a test's requests may be sent by a browser."""
    answer = await preflight(api, ORIGIN, "POST", header)

    assert answer.status_code in (200, 204)
    assert header.lower() in tokens(answer.headers, "access-control-allow-headers")


async def test_preflight_refuses_other_methods(api: httpx.AsyncClient) -> None:
    """A method outside the contract is not allowed."""
    answer = await preflight(api, ORIGIN, "TRACE", "authorization")

    assert "trace" not in tokens(answer.headers, "access-control-allow-methods")
    assert answer.status_code == 400


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
async def test_preflight_refuses_foreign_origins(api: httpx.AsyncClient, origin: str) -> None:
    """No other origin may speak for a user, however close its name."""
    answer = await preflight(api, origin, "GET", "authorization")

    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "origin", [ORIGIN, "https://api.staging.netrasystems.ai", "https://pr-7.staging.netrasystems.ai"]
)
async def test_answers_name_the_allowed_origin(api: httpx.AsyncClient, origin: str) -> None:
    """An actual request of a staging host is answered for that origin, with credentials."""
    answer = await api.get("/health", headers={"origin": origin})

    assert answer.headers["access-control-allow-origin"] == origin
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert "origin" in tokens(answer.headers, "vary")


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
async def test_answers_name_no_foreign_origin(api: httpx.AsyncClient, origin: str) -> None:
    """An actual request of a foreign origin carries no permission to read the answer."""
    answer = await api.get("/health", headers={"origin": origin})

    assert answer.headers.get("access-control-allow-origin") is None


async def test_errors_carry_the_origin_too(api: httpx.AsyncClient) -> None:
    """A browser can read why it was refused."""
    answer = await api.get("/api/threads", headers={"origin": ORIGIN})

    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == ORIGIN


async def test_auth_allows_the_frontend(auth: httpx.AsyncClient) -> None:
    """The auth service answers the staging frontend with credentials as well."""
    answer = await auth.get("/health", headers={"origin": ORIGIN})

    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["access-control-allow-credentials"] == "true"
