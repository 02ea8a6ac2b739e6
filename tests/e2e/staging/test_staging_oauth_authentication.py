"""Signing in, by Google or by password, gives exactly the rights of the person who signs in, and nobody else's."""

import asyncio
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from ci_tools.target.answers import accepted, envelope
from ci_tools.target.fixtures import NewUser
from ci_tools.target.http import Answer
from ci_tools.target.service import Service
from tests.e2e.customers import Customers, sign_out, token_of
from tests.e2e.threads import thread_of

pytestmark = pytest.mark.requires("auth")

LOGIN = "/auth/login"
GOOGLE = {"provider": "google"}
PROFILE = "/api/v1/user/profile"


def asked_of_google(answer: Answer) -> Mapping[str, str]:
    """The parameters with which a sign-in was sent to Google; fails if it was sent elsewhere, or not at all."""
    assert answer.status == 302, answer
    target = urlsplit(answer.headers["location"])
    assert (target.scheme, target.hostname) == ("https", "accounts.google.com")
    return {name: value for name, (value,) in parse_qs(target.query).items()}


async def test_google_is_asked_for_what_a_sign_in_needs(auth: Service) -> None:
    """Google is asked for a code about the person's identity and address, to be brought to this auth service."""
    asked = asked_of_google(await auth.get(LOGIN, params=GOOGLE))

    back, own = urlsplit(asked["redirect_uri"]), urlsplit(auth.environment.hosts["auth"])
    assert asked["response_type"] == "code"
    assert {"openid", "email"} <= set(asked["scope"].split())
    assert (back.scheme, back.netloc) == ("https", own.netloc)
    assert asked["client_id"].strip() == asked["client_id"]
    assert "client_secret" not in asked


async def test_every_sign_in_has_its_own_state(auth: Service) -> None:
    """Five sign-ins begun at once can be told apart by their state, long enough not to be guessed, and by it alone."""
    begun = await asyncio.gather(*(auth.get(LOGIN, params=GOOGLE) for _ in range(5)))

    asked = [asked_of_google(answer) for answer in begun]
    states = {parameters["state"] for parameters in asked}
    assert len(states) == len(begun)
    assert min(map(len, states)) >= 22
    assert len({(parameters["client_id"], parameters["redirect_uri"]) for parameters in asked}) == 1


async def test_state_of_a_sign_in_is_no_credential(auth: Service, backend: Service) -> None:
    """What everybody is given who begins to sign in opens nothing: neither as a bearer nor as a refresh token."""
    state = asked_of_google(await auth.get(LOGIN, params=GOOGLE))["state"]

    profile = await backend.get(PROFILE, bearer=state)
    renewed = await auth.post("/auth/refresh", json={"refresh_token": state})
    verified = await auth.get("/auth/verify", bearer=state)

    assert (profile.status, renewed.status) == (401, 401)
    assert accepted(verified)["valid"] is False


async def test_way_back_is_not_the_callers_choice(auth: Service) -> None:
    """A link that names another place to bring the code to is led back to this auth service all the same."""
    elsewhere = "https://collector.example.com/code"

    answer = await auth.get(LOGIN, params={**GOOGLE, "redirect_uri": elsewhere, "redirect_url": elsewhere})

    asked = asked_of_google(answer)
    assert urlsplit(asked["redirect_uri"]).netloc == urlsplit(auth.environment.hosts["auth"]).netloc
    assert "collector" not in answer.headers["location"]


async def test_unknown_provider_leads_nowhere(auth: Service) -> None:
    """A provider that is not offered is refused by its field and sends nobody anywhere, be it a name or an address."""
    named = await auth.get(LOGIN, params={"provider": "nobody"})
    address = await auth.get(LOGIN, params={"provider": "https://collector.example.com"})

    assert (named.status, address.status) == (422, 422)
    assert all("provider" in str(envelope(answer)["details"]) for answer in (named, address))
    assert "location" not in {*named.headers, *address.headers}


async def test_sessions_of_one_person_end_apart(customers: Customers) -> None:
    """Two sign-ins are two sessions of one person: what one writes the other reads, and one may end by itself."""
    account = customers.new_account()
    first = await customers.sign_up(account)
    second = await customers.sign_in(account)
    async with thread_of(second, "shared") as thread:
        read = accepted(await first.backend.get(thread))
        left = await sign_out(first)
        over = await first.backend.get(thread)
        still = await second.backend.get(thread)
        renewed = await customers.renew(second)

    assert first.user_id == second.user_id == renewed.user_id
    assert token_of(first).claims["jti"] != token_of(second).claims["jti"]
    assert read["title"] == "shared"
    assert (left, over.status, still.status) == (200, 401, 200)


async def test_rights_cannot_be_written_into_a_token(new_user: NewUser) -> None:
    """A token whose rights were raised opens nothing, unsigned or with the signature of the genuine one, anywhere."""
    reader = await new_user("read")
    genuine = token_of(reader)
    raised = {**genuine.claims, "permissions": ["read", "write", "admin"]}
    unsigned = jwt.encode(raised, "", algorithm="none")
    head, _, signature = genuine.access.split(".")
    patched = f"{head}.{unsigned.split('.')[1]}.{signature}"

    held = accepted(await reader.auth.post("/auth/validate", json={"token": genuine.access}))
    opened = [await reader.backend.get(PROFILE, bearer=forged) for forged in (unsigned, patched)]
    confirmed = [await reader.auth.post("/auth/validate", json={"token": forged}) for forged in (unsigned, patched)]

    assert (held["valid"], held["permissions"]) == (True, ["read"])
    assert [answer.status for answer in opened] == [401, 401]
    assert [accepted(answer)["valid"] for answer in confirmed] == [False, False]


async def test_sign_in_does_not_tell_who_has_an_account(auth: Service, customers: Customers) -> None:
    """A wrong password and an unknown address are refused in the same words, which repeat neither of them."""
    account, stranger = customers.new_account(), customers.new_account()
    await customers.sign_up(account)

    wrong = await auth.post(LOGIN, json={"email": account.email, "password": stranger.password})
    unknown = await auth.post(LOGIN, json={"email": stranger.email, "password": stranger.password})

    told = [{key: envelope(answer)[key] for key in ("error_code", "message", "details")} for answer in (wrong, unknown)]
    assert (wrong.status, unknown.status) == (401, 401)
    assert told[0] == told[1]
    assert account.email not in wrong.text
    assert stranger.password not in wrong.text + unknown.text
