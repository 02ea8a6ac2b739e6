import asyncio
import time

import httpx
import pytest

from tests.contract.checks import check_answered, check_conforms, check_refused
from tests.contract.client import Deployed, User, bearer
from tests.contract.forgery import MISMATCHES, claims_of, reissued
from tests.contract.runs import POLL_S
from tests.contract.schemas import INVALID_TOKEN, NAME, body

SERVICE_LIFE_S = 3600 * 0.1
WHILE_S = 2.0
"""Longer than the whole seconds that an expiry is counted in."""


@pytest.fixture(scope="session")
def secret(auth_environ: dict[str, str]) -> str:
    """What tokens are signed with."""
    return auth_environ["JWT_SECRET_STAGING"]


async def service_token(auth: httpx.AsyncClient, service_id: object, service_secret: object) -> httpx.Response:
    """The answer to a service that signs in."""
    return await auth.post("/auth/service-token", json={"service_id": service_id, "service_secret": service_secret})


async def statuses_over(api: httpx.AsyncClient, user: User, *, for_s: float) -> set[int]:
    """Everything that the user's bearer is answered within *for_s* seconds."""
    until = time.monotonic() + for_s
    statuses: set[int] = set()
    while time.monotonic() < until:
        statuses.add((await api.get("/api/threads", headers=user.bearer)).status_code)
        await asyncio.sleep(POLL_S)
    return statuses


async def test_a_reissued_token_is_accepted(api: httpx.AsyncClient, user: User, secret: str) -> None:
    """A token with the claims of a real one and the right signature authenticates: the secret is the real one."""
    answer = await api.get("/api/threads", headers=bearer(reissued(secret, user.access_token)))

    assert answer.status_code == 200


@pytest.mark.parametrize("mismatch", MISMATCHES)
async def test_signed_mismatches_are_refused(
    api: httpx.AsyncClient, auth: httpx.AsyncClient, user: User, secret: str, mismatch: str
) -> None:
    """The signature alone does not authenticate: time, issuer, audience, type, id and user count as well."""
    token = reissued(secret, user.access_token, **MISMATCHES[mismatch])

    check_refused(await api.get("/api/threads", headers=bearer(token)), 401)
    check_refused(await auth.get("/auth/me", headers=bearer(token)), 401)
    check_answered(await auth.get("/auth/verify", headers=bearer(token)), INVALID_TOKEN)


@pytest.mark.parametrize("mismatch", ["expired", "of another issuer", "for another audience", "of type refresh"])
async def test_signed_mismatches_open_no_websocket(deployed: Deployed, user: User, secret: str, mismatch: str) -> None:
    """The same holds at the handshake of a WebSocket."""
    token = reissued(secret, user.access_token, **MISMATCHES[mismatch])
    answer = await deployed.handshake(headers=bearer(token))
    control = await deployed.handshake(headers=bearer(reissued(secret, user.access_token)))

    assert answer in (401, 403)
    assert control == 101


@pytest.mark.parametrize("mismatch", ["expired", "of another issuer", "for another audience"])
async def test_signed_mismatches_refresh_nothing(
    auth: httpx.AsyncClient, user: User, secret: str, mismatch: str
) -> None:
    """A refresh token must be in time and ours too."""
    token = reissued(secret, user.refresh_token, **MISMATCHES[mismatch])
    answer = await auth.post("/auth/refresh", json={"refresh_token": token})
    control = await auth.post("/auth/refresh", json={"refresh_token": user.refresh_token})

    check_refused(answer, 401)
    assert control.status_code == 200


async def test_the_last_second_counts(api: httpx.AsyncClient, user: User, secret: str) -> None:
    """A token is accepted until its exp, and refused from then on."""
    now = int(time.time())
    valid = await api.get("/api/threads", headers=bearer(reissued(secret, user.access_token, exp=now + 30)))
    past = await api.get("/api/threads", headers=bearer(reissued(secret, user.access_token, exp=now - 1)))

    assert valid.status_code == 200
    assert "expired" in check_refused(past, 401)["message"].lower()


async def test_the_state_of_a_login_is_no_bearer(api: httpx.AsyncClient, auth: httpx.AsyncClient) -> None:
    """What the browser carries through Google authenticates nobody."""
    redirect = await auth.get("/auth/login", params={"provider": "google"})
    state = httpx.URL(redirect.headers["location"]).params["state"]
    answer = await api.get("/api/threads", headers=bearer(state))

    check_refused(answer, 401)


async def test_logout_ends_the_refreshing(auth: httpx.AsyncClient, user: User) -> None:
    """What was signed out cannot be prolonged."""
    await auth.post("/auth/logout", headers=user.bearer)
    answer = await auth.post("/auth/refresh", json={"refresh_token": user.refresh_token})

    check_refused(answer, 401)


async def test_a_revocation_lasts(api: httpx.AsyncClient, auth: httpx.AsyncClient, user: User) -> None:
    """What was signed out stays refused, not for a moment only."""
    await auth.post("/auth/logout", headers=user.bearer)
    statuses = await statuses_over(api, user, for_s=WHILE_S)

    assert statuses == {401}


async def test_a_service_gets_its_token(auth: httpx.AsyncClient, auth_environ: dict[str, str]) -> None:
    """The right id and secret give a service token of 3600 s, scaled."""
    answer = await service_token(auth, auth_environ["SERVICE_ID"], auth_environ["SERVICE_SECRET"])

    token = check_answered(answer, body(access_token=NAME, token_type={"const": "Bearer"}, expires_in={}))
    claims = check_conforms(claims_of(token["access_token"]), body(sub=NAME, iss=NAME, jti=NAME))
    assert claims["token_type"] == "service"
    assert claims["exp"] - claims["iat"] == pytest.approx(SERVICE_LIFE_S, abs=2)
    assert claims["exp"] - time.time() == pytest.approx(token["expires_in"], abs=5)


@pytest.mark.parametrize("wrong", ["id", "secret", "cut secret", "both"])
async def test_other_services_get_none(auth: httpx.AsyncClient, auth_environ: dict[str, str], wrong: str) -> None:
    """A wrong id or a wrong secret is 401."""
    known, trusted = auth_environ["SERVICE_ID"], auth_environ["SERVICE_SECRET"]
    credentials = {
        "id": ("another-service", trusted),
        "secret": (known, "x" * len(trusted)),
        "cut secret": (known, trusted[:-1]),
        "both": ("another-service", "x" * len(trusted)),
    }
    answer = await service_token(auth, *credentials[wrong])

    check_refused(answer, 401)


@pytest.mark.parametrize("credentials", [("", ""), (None, None), (7, 7)])
async def test_a_service_must_say_who_it_is(auth: httpx.AsyncClient, credentials: tuple[object, object]) -> None:
    """A body without id and secret is 422."""
    answer = await service_token(auth, *credentials)

    check_refused(answer, 422)


async def test_configuration_facts_match_no_secret(api: httpx.AsyncClient, auth_environ: dict[str, str]) -> None:
    """None of the values that make the service's secrets is in what is told of its configuration."""
    answer = await api.get("/api/config/validate")
    secrets = [value for name, value in auth_environ.items() if len(value) >= 8 and "ID" not in name]

    assert len(secrets) >= 8
    assert [value for value in secrets if value in answer.text] == []
