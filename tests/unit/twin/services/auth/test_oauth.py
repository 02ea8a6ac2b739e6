from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ci_tools.twin.services.identity import decode

CLIENT_ID = "GOOGLE_OAUTH_CLIENT_ID_STAGING"


async def test_signing_in_with_google_begins_with_a_redirect(auth_of: Any, env: dict[str, str]) -> None:
    """Login with a provider is 302 to it, with our client, our callback and a state that we signed."""
    async with auth_of() as client:
        answer = await client.get("/auth/login?provider=google")
    target = urlsplit(answer.headers["location"])
    query = {name: values[0] for name, values in parse_qs(target.query).items()}

    assert (answer.status_code, target.hostname) == (302, "accounts.google.com")
    assert query["client_id"] == env[CLIENT_ID]
    assert query["redirect_uri"] == "https://auth.twin.localhost:1/auth/callback"
    assert decode(query["state"], env["JWT_SECRET_STAGING"], ("oauth_state",))


@pytest.mark.parametrize("query", ["", "?provider=", "?provider=nobody"])
async def test_an_unknown_provider_is_invalid(auth_of: Any, query: str) -> None:
    """Without a known provider there is nowhere to go: 422."""
    async with auth_of() as client:
        answer = await client.get(f"/auth/login{query}")

    assert answer.status_code == 422


@pytest.mark.parametrize(("client_id", "status"), [("123.apps.example", "healthy"), ("changeme", "degraded")])
async def test_a_placeholder_does_not_count_as_configured(auth_of: Any, client_id: str, status: str) -> None:
    """A provider is configured when its variables are sound, not when they are merely there."""
    async with auth_of(**{CLIENT_ID: client_id}) as client:
        told = (await client.get("/oauth/status")).json()

    assert told["status"] == status


async def test_the_configuration_shows_no_value(auth_of: Any, env: dict[str, str]) -> None:
    """What clients may know of the service contains no variable's value."""
    async with auth_of() as client:
        answer = await client.get("/auth/config")

    assert answer.json()["endpoints"]["login"] == "https://auth.twin.localhost:1/auth/login"
    assert [value for value in env.values() if value in answer.text] == []
