from typing import Any

import pytest


@pytest.fixture
def service(env: dict[str, str]) -> dict[str, str]:
    """The credentials of a service."""
    return {"service_id": env["SERVICE_ID"], "service_secret": env["SERVICE_SECRET"]}


async def test_an_issued_token_is_valid(auth_of: Any, service: dict[str, str]) -> None:
    """What the service issued, it calls valid, and says whose it is."""
    async with auth_of() as client:
        token = (await client.post("/auth/service-token", json=service)).json()["access_token"]
        told = (await client.post("/auth/validate", json={"token": token})).json()

    assert (told["valid"], told["user_id"], told["permissions"]) == (True, service["service_id"], ["service"])


async def test_a_revoked_token_is_invalid(auth_of: Any, service: dict[str, str]) -> None:
    """After signing out a bearer, it is no longer valid."""
    async with auth_of() as client:
        token = (await client.post("/auth/service-token", json=service)).json()["access_token"]
        bearer = {"authorization": f"Bearer {token}"}
        signed_out = await client.post("/auth/logout", headers=bearer)
        told = (await client.get("/auth/verify", headers=bearer)).json()

    assert (signed_out.status_code, told["valid"]) == (200, False)


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer not.a.token"}])
async def test_an_invalid_token_is_an_answer_and_no_error(auth_of: Any, headers: dict[str, str]) -> None:
    """Verification of a missing or broken token is 200 with ``valid: false``."""
    async with auth_of() as client:
        answer = await client.get("/auth/verify", headers=headers)

    assert (answer.status_code, answer.json()["valid"], answer.json()["user_id"]) == (200, False, None)


@pytest.mark.parametrize("wrong", ["service_id", "service_secret"])
async def test_a_service_needs_both_of_its_credentials(auth_of: Any, service: dict[str, str], wrong: str) -> None:
    """One right half of the credentials is 401."""
    async with auth_of() as client:
        answer = await client.post("/auth/service-token", json=service | {wrong: "wrong"})

    assert answer.status_code == 401


async def test_nobody_asks_who_they_are(auth_of: Any) -> None:
    """Without a bearer, ``/auth/me`` is 401."""
    async with auth_of() as client:
        answer = await client.get("/auth/me")

    assert answer.status_code == 401
