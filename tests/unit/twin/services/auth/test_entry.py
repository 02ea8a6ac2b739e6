from typing import Any

import pytest

DOOR = "/auth/e2e/test-auth"
KEY = "E2E_OAUTH_SIMULATION_KEY"
VISITOR = {"email": "a@e2e.example.com", "name": "E2E", "permissions": ["read"], "simulate_oauth": True}


@pytest.mark.parametrize("headers", [{}, {"x-e2e-bypass-key": "wrong"}, {"x-e2e-bypass-key": ""}])
async def test_the_door_refuses_a_missing_or_wrong_key(auth_of: Any, headers: dict[str, str]) -> None:
    """Without the right key the door for E2E is 401."""
    async with auth_of() as client:
        answer = await client.post(DOOR, json=VISITOR, headers=headers)

    assert (answer.status_code, answer.json()["error_code"]) == (401, "INVALID_BYPASS_KEY")


async def test_a_door_without_key_is_closed(auth_of: Any) -> None:
    """Where no key is configured, even an empty one opens nothing: 503."""
    async with auth_of(**{KEY: None}) as client:
        answer = await client.post(DOOR, json=VISITOR, headers={"x-e2e-bypass-key": ""})

    assert (answer.status_code, answer.json()["error_code"]) == (503, "E2E_NOT_CONFIGURED")


async def test_the_door_does_not_exist_in_production(auth_of: Any, env: dict[str, str]) -> None:
    """In production the right key is refused."""
    async with auth_of(environment="production") as client:
        answer = await client.post(DOOR, json=VISITOR, headers={"x-e2e-bypass-key": env[KEY]})

    assert answer.status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "nobody", "password": "long enough"},
        {"email": "a@b", "password": "long enough"},
        {"email": "a@e2e.example.com", "password": "short"},
        {"email": "a@e2e.example.com"},
    ],
)
async def test_a_registration_that_cannot_be_is_invalid(auth_of: Any, body: dict[str, str]) -> None:
    """An account needs an address with a domain and a password of eight characters."""
    async with auth_of() as client:
        answer = await client.post("/auth/register", json=body)

    assert answer.status_code == 422


async def test_a_bearer_does_not_refresh(auth_of: Any, env: dict[str, str]) -> None:
    """An access token is refused where a refresh token is asked for."""
    service = {"service_id": env["SERVICE_ID"], "service_secret": env["SERVICE_SECRET"]}
    async with auth_of() as client:
        token = (await client.post("/auth/service-token", json=service)).json()["access_token"]
        answer = await client.post("/auth/refresh", json={"refresh_token": token})

    assert (answer.status_code, answer.json()["error_code"]) == (401, "TOKEN_INVALID")
