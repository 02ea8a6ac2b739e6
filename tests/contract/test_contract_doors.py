from collections.abc import Callable

import httpx
import pytest

from tests.contract.checks import check_answered, check_refused
from tests.contract.client import BYPASS_HEADER, Deployed, unique_email
from tests.contract.forgery import claims_of
from tests.contract.schemas import TOKENS


async def door(auth: httpx.AsyncClient, headers: dict[str, str], **changes: object) -> httpx.Response:
    """The answer of the door for E2E to *headers*."""
    body = {"email": unique_email(), "name": "Contract Test", "permissions": ["read"], "simulate_oauth": True}
    return await auth.post("/auth/e2e/test-auth", headers=headers, json={**body, **changes})


async def test_door_signs_in_with_the_key(auth: httpx.AsyncClient, deployed: Deployed) -> None:
    """The key gives tokens with exactly the permissions asked for."""
    email = unique_email()
    answer = await door(
        auth, {BYPASS_HEADER: deployed.bypass_key}, email=email, permissions=["read", "write", "agents"]
    )

    body = check_answered(answer, TOKENS)
    assert body["user"]["email"] == email
    assert sorted(claims_of(body["access_token"])["permissions"]) == ["agents", "read", "write"]


async def test_door_knows_a_user_again(auth: httpx.AsyncClient, deployed: Deployed) -> None:
    """The same address is the same user."""
    email = unique_email()
    first = check_answered(await door(auth, {BYPASS_HEADER: deployed.bypass_key}, email=email), TOKENS)
    second = check_answered(await door(auth, {BYPASS_HEADER: deployed.bypass_key}, email=email), TOKENS)

    assert first["user"]["id"] == second["user"]["id"]


KEYS: dict[str, Callable[[str], dict[str, str]]] = {
    "missing": lambda _: {},
    "empty": lambda _: {BYPASS_HEADER: ""},
    "wrong": lambda _: {BYPASS_HEADER: "wrong"},
    "cut": lambda key: {BYPASS_HEADER: key[:-1]},
    "longer": lambda key: {BYPASS_HEADER: f"{key}0"},
    "other case": lambda key: {BYPASS_HEADER: key.swapcase()},
}


@pytest.mark.parametrize("key", KEYS)
async def test_door_stays_shut_without_the_key(auth: httpx.AsyncClient, deployed: Deployed, key: str) -> None:
    """A missing or wrong key is 401 and gives no token."""
    answer = await door(auth, KEYS[key](deployed.bypass_key))

    check_refused(answer, 401)
    assert "access_token" not in answer.text


async def test_login_with_google_redirects(auth: httpx.AsyncClient) -> None:
    """A login with provider google goes to Google with a client id, a way back and a state."""
    answer = await auth.get("/auth/login", params={"provider": "google"})

    location = httpx.URL(answer.headers["location"])
    assert answer.status_code == 302
    assert location.scheme == "https"
    assert location.host == "accounts.google.com"
    assert {"client_id", "redirect_uri", "state", "scope", "response_type"} <= set(location.params)


async def test_way_back_from_google_is_the_auth_services(auth: httpx.AsyncClient) -> None:
    """Whoever asks, Google is told to lead back to the same place."""
    usual = await auth.get("/auth/login", params={"provider": "google"})
    wished = await auth.get("/auth/login", params={"provider": "google", "redirect_uri": "https://example.com/code"})

    back = [httpx.URL(answer.headers["location"]).params["redirect_uri"] for answer in (usual, wished)]
    assert back[0] == back[1]


async def test_each_login_with_google_has_its_own_state(auth: httpx.AsyncClient) -> None:
    """The state that protects against forged returns is never the same."""
    first = await auth.get("/auth/login", params={"provider": "google"})
    second = await auth.get("/auth/login", params={"provider": "google"})

    assert httpx.URL(first.headers["location"]).params["state"] != httpx.URL(second.headers["location"]).params["state"]


async def test_login_with_an_unknown_provider_is_refused(auth: httpx.AsyncClient) -> None:
    """A provider that is not configured leads nowhere."""
    answer = await auth.get("/auth/login", params={"provider": "nobody"})

    check_refused(answer, answer.status_code)
    assert answer.status_code in (404, 422)


@pytest.mark.parametrize("path", ["/auth/config", "/oauth/status", "/oauth/providers"])
async def test_configuration_names_google_and_no_secret(auth: httpx.AsyncClient, path: str) -> None:
    """The public configuration names the provider and shows no client secret."""
    answer = await auth.get(path)

    assert answer.status_code == 200
    assert "google" in answer.text.lower()
    assert "client_secret" not in answer.text.lower()
