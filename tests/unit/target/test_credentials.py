import time
from collections.abc import Mapping
from typing import Any

import jwt
import pytest

from ci_tools.errors import CredentialsMissingError, RefusedCredentialsError, TargetError
from ci_tools.model import BypassKey, NoAuth, ReadyToken, RegisterLogin
from ci_tools.target.credentials import Issuer, Token
from ci_tools.target.evidence import Evidence

SECRET = "a-secret-of-the-tests-with-32-characters"
LIFE_S = 0.2
AHEAD_S = -3600.0
"""An issuer whose clock is an hour ahead: its short tokens are far from their end by ours."""

KEY = {"E2E_OAUTH_SIMULATION_KEY": "simulation-key"}


def signed(life_s: float, *, age_s: float = 0.0, **claims: Any) -> str:
    """A token issued *age_s* ago that lives *life_s* from then."""
    issued_s = time.time() - age_s
    return jwt.encode({"sub": "user-1", "iat": issued_s, "exp": issued_s + life_s, **claims}, SECRET)


def pair(life_s: float, **claims: Any) -> Mapping[str, Any]:
    """What the auth service answers; ``expires_in`` lies on purpose."""
    return {
        "access_token": signed(life_s, **claims),
        "refresh_token": "refresh-1",
        "token_type": "Bearer",
        "expires_in": 999_999,
        "user": {"id": "user-1", "email": "e2e@example.com"},
    }


@pytest.fixture
def issuer(make_client: Any, server: Any) -> Issuer:
    """Issues by the key for tests."""
    return Issuer(make_client(server.port, auth=BypassKey()), KEY)


async def test_key_opens_the_door_for_a_new_user(issuer: Issuer, server: Any) -> None:
    """The key is sent as its header, for a user with the asked permissions, whose id is the answer's."""
    server.answers(pair(900))

    credentials = await issuer.issue(permissions=("read",))

    asked = server.asked[0]
    assert (asked.path, asked.headers["x-e2e-bypass-key"]) == ("/auth/e2e/test-auth", "simulation-key")
    assert b'"permissions":["read"]' in asked.body
    assert credentials.user_id == "user-1"
    assert credentials.email.encode() in asked.body


async def test_every_user_is_another(issuer: Issuer, server: Any) -> None:
    """Two users issued have two addresses."""
    server.answers(pair(900))

    first, second = await issuer.issue(), await issuer.issue()

    assert first.email != second.email


async def test_young_token_is_used_again(issuer: Issuer, server: Any) -> None:
    """A token in the first 80 % of its life is not renewed, whatever expires_in says."""
    server.answers(pair(900))
    credentials = await issuer.issue()

    bearers = {await credentials.bearer() for _ in range(3)}

    assert len(bearers) == 1
    assert len(server.asked) == 1


async def test_old_token_is_refreshed_in_time(issuer: Issuer, server: Any, eventually: Any) -> None:
    """After 80 % of its life by exp a token is refreshed once with its refresh token."""
    server.answers(pair(LIFE_S, age_s=AHEAD_S, jti="first"))
    credentials = await issuer.issue()
    first = await credentials.bearer()
    renewable_s = time.monotonic() + 0.8 * LIFE_S
    eventually(lambda: time.monotonic() > renewable_s, within_s=5, what="80 % of the life has passed")
    server.answers(pair(900, jti="second"))

    second = await credentials.bearer()
    third = await credentials.bearer()

    assert first != second == third
    assert [asked.path for asked in server.asked] == ["/auth/e2e/test-auth", "/auth/refresh"]
    assert server.asked[1].body == b'{"refresh_token":"refresh-1"}'


async def test_clocks_that_disagree_do_not_matter(issuer: Issuer, server: Any) -> None:
    """A token's life counts from its own iat: an auth service ten minutes behind does not make it old."""
    server.answers(pair(900, age_s=600))
    credentials = await issuer.issue()

    await credentials.bearer()

    assert len(server.asked) == 1


@pytest.mark.parametrize(("life_s", "age_s"), [(-60, 0), (60, 600)], ids=["before its issue", "long ago"])
async def test_token_that_is_born_expired_is_refused(issuer: Issuer, server: Any, life_s: float, age_s: float) -> None:
    """A fresh token that is expired already is refused credentials, with both instants."""
    server.answers(pair(life_s, age_s=age_s))

    with pytest.raises(RefusedCredentialsError, match="issued a token that had expired"):
        await issuer.issue()


@pytest.mark.parametrize("exp", [-(10**15), -1e300], ids=["years ago", "beyond any clock"])
async def test_token_that_expired_beyond_the_calendar_is_refused(issuer: Issuer, server: Any, exp: float) -> None:
    """An instant that no date can name is told as its number."""
    server.answers(pair(900, exp=exp))

    with pytest.raises(RefusedCredentialsError, match=r"had expired at -1e\+\d+ s after 1970"):
        await issuer.issue()


@pytest.mark.parametrize(
    "exp", ["soon", True, 10**400, float("-inf"), float("nan"), [1]], ids=lambda exp: repr(exp)[:9]
)
def test_claim_that_is_no_instant_says_nothing(exp: object) -> None:
    """Such a token does not say when it expires, and is none that expired."""
    token = Token(access="opaque", claims={"exp": exp})

    assert token.expires_at_s is None
    assert not token.expired(time.time())


async def test_refresh_that_gives_an_expired_token_is_refused(issuer: Issuer, server: Any, eventually: Any) -> None:
    """A refresh whose token is expired already is refused credentials, not a request with it."""
    server.answers(pair(LIFE_S, age_s=AHEAD_S))
    credentials = await issuer.issue()
    renewable_s = time.monotonic() + 0.8 * LIFE_S
    eventually(lambda: time.monotonic() > renewable_s, within_s=5, what="80 % of the life has passed")
    server.answers(pair(-60))

    with pytest.raises(RefusedCredentialsError, match="/auth/refresh issued a token that had expired"):
        await credentials.bearer()


@pytest.mark.parametrize("status", [401, 403])
async def test_refusal_names_door_and_status(issuer: Issuer, server: Any, status: int) -> None:
    """A refused key is refused credentials, with the door, the status and the server's words."""
    server.answers({"message": "wrong key"}, status=status)

    with pytest.raises(RefusedCredentialsError, match=rf"/auth/e2e/test-auth refused .* {status}.*wrong key"):
        await issuer.issue()


async def test_door_that_is_out_of_order_is_no_refusal(issuer: Issuer, server: Any) -> None:
    """503 is a failure of the target, not of our credentials."""
    server.answers({"message": "not configured"}, status=503)

    with pytest.raises(TargetError, match="answered 503 instead of a token") as failed:
        await issuer.issue()

    assert not isinstance(failed.value, RefusedCredentialsError)


@pytest.mark.parametrize("body", [{"token": "x"}, {"access_token": ""}, []])
async def test_answer_without_a_token_is_told(issuer: Issuer, server: Any, body: Any) -> None:
    """200 without a token is a failure of the target that says what was there instead."""
    server.answers(body)

    with pytest.raises(TargetError, match=r"without an access_token|instead of an object"):
        await issuer.issue()


@pytest.mark.parametrize("field", ["access_token", "refresh_token"])
@pytest.mark.parametrize("token", ["tokén", "to\nken", "\ud800"], ids=["accent", "line break", "half a character"])
async def test_token_that_no_request_can_carry_is_told(issuer: Issuer, server: Any, field: str, token: str) -> None:
    """Such a token is a failure of who gave it out, not of the request that would have carried it."""
    server.answers({**pair(900), field: token})

    with pytest.raises(TargetError, match="other characters than visible ASCII"):
        await issuer.issue()


@pytest.mark.parametrize("token", ["\ud800.a.b", f"{'W1tb' * 30_000}.e30.e30"], ids=["half a character", "nested"])
def test_token_that_is_no_jwt_has_no_claims(token: str) -> None:
    """Whatever it is made of, it is opaque."""
    assert Token.of(token).claims == {}


@pytest.mark.parametrize("environ", [{}, {"E2E_OAUTH_SIMULATION_KEY": ""}])
async def test_missing_key_is_named(make_client: Any, server: Any, environ: Mapping[str, str]) -> None:
    """A key that is not set is named with environment and strategy, and nothing is asked."""
    issuer = Issuer(make_client(server.port, auth=BypassKey()), environ)

    with pytest.raises(CredentialsMissingError, match=r"E2E_OAUTH_SIMULATION_KEY is not set.*'loopback'.*bypass_key"):
        await issuer.issue()

    assert server.asked == []


async def test_dirty_key_is_told_without_its_value(make_client: Any, server: Any) -> None:
    """A key with a trailing newline is told as such; its value is not."""
    issuer = Issuer(make_client(server.port, auth=BypassKey()), {"E2E_OAUTH_SIMULATION_KEY": "simulation-key\n"})

    with pytest.raises(CredentialsMissingError, match="whitespace around its 14 characters") as dirty:
        await issuer.issue()

    assert "simulation-key" not in str(dirty.value)


async def test_key_that_no_header_can_carry_is_told_without_its_value(make_client: Any, server: Any) -> None:
    """A key with a letter of another alphabet is told as such; its value is not."""
    issuer = Issuer(make_client(server.port, auth=BypassKey()), {"E2E_OAUTH_SIMULATION_KEY": "simulatiön-key"})

    with pytest.raises(CredentialsMissingError, match="other characters than visible ASCII") as odd:
        await issuer.issue()

    assert "simulat" not in str(odd.value)


async def test_registered_user_signs_in(make_client: Any, server: Any) -> None:
    """Without a key, a new user registers under the domain and signs in with the same password."""
    issuer = Issuer(make_client(server.port, auth=RegisterLogin(email_domain="e2e.test")), {})
    server.answers(pair(900), status=201)

    credentials = await issuer.issue()

    register, login = server.asked
    assert (register.path, login.path) == ("/auth/register", "/auth/login")
    assert credentials.email.endswith("@e2e.test")
    assert login.body.removesuffix(b"}") in register.body


async def test_ready_token_is_used_as_it_is(make_client: Any, server: Any) -> None:
    """A token that stands ready is used without asking anybody; its user is read from it."""
    token = signed(900, email="ready@example.com")
    issuer = Issuer(make_client(server.port, auth=ReadyToken(token_env="READY")), {"READY": token})

    credentials = await issuer.issue()

    assert (await credentials.bearer(), credentials.user_id, credentials.email) == (
        token,
        "user-1",
        "ready@example.com",
    )
    assert server.asked == []


async def test_opaque_ready_token_is_used(make_client: Any, server: Any) -> None:
    """A token that is no JWT is used, too: it does not say when it expires."""
    issuer = Issuer(make_client(server.port, auth=ReadyToken(token_env="READY")), {"READY": "opaque"})

    assert await (await issuer.issue()).bearer() == "opaque"


async def test_expired_ready_token_is_refused(make_client: Any, server: Any) -> None:
    """A ready token that is over is refused before anything is asked, with its variable and time."""
    issuer = Issuer(make_client(server.port, auth=ReadyToken(token_env="READY")), {"READY": signed(-5)})

    with pytest.raises(RefusedCredentialsError, match="the token in READY expired at 2"):
        await issuer.issue()


async def test_no_auth_has_no_bearer(make_client: Any, server: Any) -> None:
    """Where no credentials are wanted, there is no bearer."""
    issuer = Issuer(make_client(server.port, auth=NoAuth()), {})

    assert await (await issuer.issue()).bearer() is None


async def test_issue_is_evidence_without_its_token(issuer: Issuer, server: Any, evidence: Evidence) -> None:
    """The exchange is recorded, the key and the token are not."""
    server.answers(pair(900))

    await issuer.issue(evidence=evidence)

    told = str(evidence.as_dict())
    assert "/auth/e2e/test-auth" in told
    assert "simulation-key" not in told
    assert "eyJ" not in told


def test_token_shows_nothing_of_itself() -> None:
    """Neither token nor claims stand in the representation."""
    token = Token.of(signed(900), "refresh-1")

    assert "eyJ" not in repr(token)
    assert "refresh-1" not in repr(token)
    assert "user-1" not in repr(token)
