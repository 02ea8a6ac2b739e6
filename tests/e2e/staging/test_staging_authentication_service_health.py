"""The auth service is as healthy as it says: its doors agree, its claims hold when used, and it tells no secret."""

import asyncio
import os
import re
from typing import Any

import pytest

from ci_tools.evidence.redaction import secrets_of
from ci_tools.target.answers import accepted
from ci_tools.target.service import Service
from tests.e2e.customers import Customers, sign_out, token_of

pytestmark = pytest.mark.requires("auth", "postgresql", "redis")

HEALTH_DOORS = ("/health", "/health/ready", "/health/auth")
OPEN_DOORS = (*HEALTH_DOORS, "/auth/config", "/oauth/status", "/oauth/providers")
SIGN_UPS = 6
TOKEN = re.compile(r"eyJ[\w-]{8,}\.")
SECRETIVE = re.compile(r'"[^"]*(?:secret|password|private_key|api_key|fernet)[^"]*"\s*:\s*"[^"]', re.IGNORECASE)
"""A field that is named like a secret, and holds text."""
SHORTEST_SECRET = 8


async def capabilities(auth: Service) -> dict[str, Any]:
    """What the auth service says that it can do now."""
    told: dict[str, Any] = accepted(await auth.get("/health/auth"))["capabilities"]
    return told


async def test_health_doors_agree(auth: Service) -> None:
    """Liveness, readiness and capabilities tell the same of the database, and the same to a bearer of nonsense."""
    asked = [await auth.get(door) for door in HEALTH_DOORS]
    asked += [await auth.get(door, bearer="no-token-at-all") for door in HEALTH_DOORS]

    told = [accepted(answer) for answer in asked]
    assert [body["database_status"] for body in told] == ["connected"] * len(told)
    assert [body["status"] for body in told[:3]] == [body["status"] for body in told[3:]]
    assert told[2]["golden_path_ready"] is True


async def test_token_capability_holds(auth: Service, customers: Customers) -> None:
    """Who says it can validate tokens knows a genuine one with its end, and a token cut short for what it is."""
    user = await customers.sign_up(customers.new_account())
    token = token_of(user)

    claimed = (await capabilities(auth))["jwt_validation"]
    genuine = accepted(await auth.post("/auth/validate", json={"token": token.access}))
    cut = accepted(await auth.post("/auth/validate", json={"token": token.access[:-8]}))

    assert claimed is True
    assert (genuine["valid"], genuine["user_id"]) == (True, user.user_id)
    assert genuine["expires_at"]
    assert (cut["valid"], cut["user_id"]) == (False, None)


async def test_session_capability_holds(auth: Service, customers: Customers) -> None:
    """Who says it can manage sessions opens, renews and ends one; what is left of it afterwards renews nothing."""
    user = await customers.sign_up(customers.new_account())

    claimed = (await capabilities(auth))["session_management"]
    renewed = await customers.renew(user)
    me = accepted(await renewed.auth.get("/auth/me"))
    left = await sign_out(renewed)
    after = await auth.post("/auth/refresh", json={"refresh_token": token_of(renewed).refresh})

    assert claimed is True
    assert me["email"] == user.email
    assert (left, after.status) == (200, 401)
    assert (await renewed.auth.get("/auth/me")).status == 401


async def test_sign_ups_at_once_leave_it_healthy(auth: Service, customers: Customers) -> None:
    """Six customers who sign up at once, two of them for one address, are five; health stays golden meanwhile."""
    accounts = [customers.new_account() for _ in range(SIGN_UPS - 1)]
    wanted = [{"email": account.email, "password": account.password} for account in (*accounts, accounts[0])]

    *answers, during = await asyncio.gather(
        *(auth.post("/auth/register", json=body) for body in wanted), auth.get("/health/auth")
    )

    welcome = [accepted(answer)["user"] for answer in answers if answer.status != 409]
    assert [answer.status for answer in answers].count(409) == 1
    assert sorted(user["email"] for user in welcome) == sorted(account.email for account in accounts)
    assert len({user["id"] for user in welcome}) == len(accounts)
    assert accepted(during)["golden_path_ready"] is True
    assert (await customers.sign_in(accounts[0])).email == accounts[0].email


async def test_refused_attempts_harm_nobody(auth: Service, customers: Customers) -> None:
    """Bad bodies, wrong passwords and forged tokens are refused each in its way, and the next customer is let in."""
    account = customers.new_account()
    await customers.sign_up(account)

    refused = await asyncio.gather(
        auth.post("/auth/login", content="{", headers={"content-type": "application/json"}),
        auth.post("/auth/login", json={"email": account.email, "password": "not-the-right-one"}),
        auth.post("/auth/login", json={"email": [account.email], "password": account.password}),
        auth.post("/auth/register", json={"email": "no address", "password": account.password}),
        auth.post("/auth/refresh", json={"refresh_token": "no.token.atall"}),
        auth.post("/auth/logout", bearer="no.token.atall"),
    )
    entered = await customers.sign_in(account)

    assert [answer.status for answer in refused] == [422, 401, 422, 422, 401, 401]
    assert accepted(await entered.backend.get("/api/v1/user/profile"))["email"] == account.email
    assert accepted(await auth.get("/health"))["status"] == "healthy"


async def test_open_doors_tell_no_secret(auth: Service) -> None:
    """What anybody may read of the auth service holds no secret that we know, no token, and no field named like one."""
    answers = {door: await auth.get(door) for door in OPEN_DOORS}
    texts = [(door, answer.text) for door, answer in answers.items()]

    known = [secret for secret in secrets_of(os.environ) if len(secret) >= SHORTEST_SECRET]
    assert [door for door, text in texts if any(secret in text for secret in known)] == []
    assert [door for door, text in texts if TOKEN.search(text)] == []
    assert [door for door, text in texts if SECRETIVE.search(text)] == []
    assert all(len(text) > 2 for _, text in texts)
    assert all(accepted(answers[door])["database_status"] for door in HEALTH_DOORS)
