"""Tokens of the auth service are valid now, say who the user is, and open the backend; all else is refused."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ci_tools.target.answers import accepted, envelope
from ci_tools.target.credentials import Token
from ci_tools.target.fixtures import NewUser, User
from ci_tools.target.service import Service

WRONG_KEY = "0" * 40


@pytest.fixture
def claims(user: User) -> Mapping[str, Any]:
    """What the user's access token says."""
    assert user.credentials.token is not None
    return user.credentials.token.claims


def tampered(token: str) -> str:
    """*token* with another signature of the same length."""
    head, _, signature = token.rpartition(".")
    return f"{head}.{signature[::-1]}"


async def test_issued_token_is_valid_now(user: User) -> None:
    """A token just issued expires in the future, 15 to 30 minutes (scaled) after its issue."""
    token = user.credentials.token
    assert token is not None
    assert token.expires_at_s is not None
    assert token.issued_at_s is not None
    scale = user.backend.environment.time_scale

    life_s = token.expires_at_s - token.issued_at_s

    assert not token.expired(time.time())
    assert 900 * scale <= life_s <= 1800 * scale


async def test_token_names_its_user(user: User, claims: Mapping[str, Any]) -> None:
    """The claims name user, issuer, audience and kind as the services agreed."""
    expected = {"sub": user.user_id, "email": user.email, "iss": "netra-auth-service", "token_type": "access"}

    assert {name: claims.get(name) for name in expected} == expected
    assert "netra-platform" in claims["aud"]
    assert claims["jti"]


async def test_users_are_distinct(user: User, second_user: User) -> None:
    """Two users are given two ids and two tokens, by which the backend tells them apart."""
    profiles = [accepted(await one.backend.get("/api/v1/user/profile")) for one in (user, second_user)]

    assert user.user_id != second_user.user_id
    assert await user.credentials.bearer() != await second_user.credentials.bearer()
    assert [profile["email"] for profile in profiles] == [user.email, second_user.email]


async def test_refreshed_token_is_valid_now(user: User) -> None:
    """A refresh gives another access token of the same user, which expires in the future."""
    old = user.credentials.token
    assert old is not None

    answer = await user.auth.post("/auth/refresh", json={"refresh_token": old.refresh}, bearer=None)

    fresh = Token.of(accepted(answer)["access_token"])
    assert not fresh.expired(time.time())
    assert fresh.claims["sub"] == user.user_id
    assert fresh.claims["jti"] != old.claims["jti"]


async def test_refresh_token_works_once(user: User) -> None:
    """A used refresh token is 401; the one that replaced it works."""
    token = user.credentials.token
    assert token is not None

    first = await user.auth.post("/auth/refresh", json={"refresh_token": token.refresh}, bearer=None)
    again = await user.auth.post("/auth/refresh", json={"refresh_token": token.refresh}, bearer=None)

    assert (first.status, again.status) == (200, 401)
    assert "access_token" not in again.text


async def test_refreshed_token_replaces_the_old_one(user: User) -> None:
    """The pair of a refresh opens the backend to the same user and can be refreshed in turn."""
    token = user.credentials.token
    assert token is not None

    pair = accepted(await user.auth.post("/auth/refresh", json={"refresh_token": token.refresh}, bearer=None))

    opened = await user.backend.get("/api/v1/user/profile", bearer=pair["access_token"])
    turned = await user.auth.post("/auth/refresh", json={"refresh_token": pair["refresh_token"]}, bearer=None)
    assert (opened.status, turned.status) == (200, 200)
    assert accepted(opened)["email"] == user.email
    assert accepted(turned)["access_token"] not in {token.access, pair["access_token"]}


async def test_concurrent_refreshes_give_one_pair(user: User) -> None:
    """Of five refreshes of one token at the same time exactly one succeeds: rotation is atomic."""
    token = user.credentials.token
    assert token is not None

    answers = await asyncio.gather(
        *(user.auth.post("/auth/refresh", json={"refresh_token": token.refresh}, bearer=None) for _ in range(5))
    )

    assert sorted(answer.status for answer in answers) == [200, 401, 401, 401, 401]


async def test_me_is_the_bearer(user: User) -> None:
    """The auth service tells the bearer who they are."""
    answer = await user.auth.get("/auth/me")

    assert answer.status == 200
    assert user.email in answer.text


async def test_me_without_a_token_is_refused(auth: Service) -> None:
    """Nobody is told who they are without a token, in the error envelope."""
    answer = await auth.get("/auth/me")

    assert answer.status == 401
    assert envelope(answer)["error_code"]


async def test_validation_tells_whose_token_it_is(user: User) -> None:
    """A valid token is confirmed with its user, at both doors."""
    token = await user.credentials.bearer()

    posted = accepted(await user.auth.post("/auth/validate", json={"token": token}))
    verified = accepted(await user.auth.get("/auth/verify"))

    assert (posted["valid"], posted["user_id"], posted["email"]) == (True, user.user_id, user.email)
    assert (verified["valid"], verified["user_id"]) == (True, user.user_id)


async def test_validation_denies_a_forged_token(user: User) -> None:
    """A token with a forged signature is answered, and called invalid."""
    token = await user.credentials.bearer()
    assert token is not None

    answer = await user.auth.post("/auth/validate", json={"token": tampered(token)}, bearer=None)

    assert accepted(answer)["valid"] is False


async def test_backend_accepts_the_auth_services_token(user: User) -> None:
    """The backend knows the user of a token that the auth service issued: both hold the same secret."""
    answer = await user.backend.get("/api/v1/user/profile")

    assert accepted(answer)["email"] == user.email


@pytest.mark.parametrize("path", ["/api/threads", "/api/agents/status"])
async def test_backend_refuses_nobody(backend: Service, path: str) -> None:
    """What belongs to users is 401 in the error envelope without a token."""
    answer = await backend.get(path)

    assert answer.status == 401
    assert envelope(answer)["error_code"]


async def test_backend_refuses_a_forged_token(user: User) -> None:
    """A genuine token with a forged signature is 401."""
    token = await user.credentials.bearer()
    assert token is not None

    answer = await user.backend.get("/api/threads", bearer=tampered(token))

    assert answer.status == 401
    envelope(answer)


async def test_refresh_token_is_no_bearer(user: User) -> None:
    """What prolongs a session opens nothing itself, at the backend or at the auth service."""
    token = user.credentials.token
    assert token is not None

    backend = await user.backend.get("/api/threads", bearer=token.refresh)
    auth = await user.auth.get("/auth/me", bearer=token.refresh)

    assert (backend.status, auth.status) == (401, 401)


async def test_logout_ends_the_session(user: User) -> None:
    """After a logout its refresh token gives no new pair."""
    token = user.credentials.token
    assert token is not None

    left = await user.auth.post("/auth/logout", bearer=token.access)
    refreshed = await user.auth.post("/auth/refresh", json={"refresh_token": token.refresh}, bearer=None)

    assert (left.status, refreshed.status) == (200, 401)
    assert "access_token" not in refreshed.text


async def test_login_needs_the_right_password(auth: Service, new_user: NewUser) -> None:
    """A registered user is let in with the password and refused with another."""
    someone = await new_user()
    account = {"email": f"login-{someone.email}", "password": "correct-Horse-7-battery", "name": "E2E"}
    registered = await auth.post("/auth/register", json=account)

    right = await auth.post("/auth/login", json={"email": account["email"], "password": account["password"]})
    wrong = await auth.post("/auth/login", json={"email": account["email"], "password": "wrong-Horse-7-battery"})
    again = await auth.post("/auth/register", json=account)

    assert registered.status in {200, 201}
    assert (right.status, wrong.status, again.status) == (200, 401, 409)
    assert not Token.of(accepted(right)["access_token"]).expired(time.time())


@pytest.mark.parametrize("headers", [{}, {"x-e2e-bypass-key": WRONG_KEY}], ids=["no key", "wrong key"])
async def test_test_door_stays_shut_without_its_key(auth: Service, headers: Mapping[str, str]) -> None:
    """The door for tests gives no token without its key, or with another."""
    answer = await auth.post("/auth/e2e/test-auth", json={"email": "e2e-nobody@e2e.example.com"}, headers=headers)

    assert answer.status == 401
    assert "access_token" not in answer.text


async def test_google_login_leads_to_google(auth: Service) -> None:
    """Signing in with Google redirects to Google with a client id and a state."""
    answer = await auth.get("/auth/login", params={"provider": "google"})

    target = urlsplit(answer.headers["location"])
    assert answer.status == 302
    assert (target.scheme, target.hostname) == ("https", "accounts.google.com")
    assert {"client_id", "redirect_uri", "state"} <= set(parse_qs(target.query))


async def test_providers_offer_google(auth: Service) -> None:
    """Google is among the providers that the auth service offers."""
    answer = await auth.get("/oauth/providers")

    assert answer.status == 200
    assert "google" in answer.text.lower()
