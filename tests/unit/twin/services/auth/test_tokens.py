from datetime import UTC, datetime, timedelta

import pytest

from ci_tools.twin.services.auth.tokens import Account, Issuer, Session
from ci_tools.twin.services.identity import decode, principal
from ci_tools.twin.services.web import UnauthenticatedError
from ci_tools.twin.settings import Durations

SECRET = "s3cr3t-of-nobody-with-at-least-32-characters"
ACCOUNT = Account(user_id="user-1", email="e2e@e2e.example.com", permissions=("read", "write"))
SESSION = Session(session_id="session-1", refresh_id="refresh-1")


def _issuer(**durations: float) -> Issuer:
    return Issuer(SECRET, "twin", Durations(**durations))


@pytest.fixture
def now() -> datetime:
    """The instant of issue."""
    return datetime.now(UTC)


def test_an_access_token_says_what_the_contract_asks(now: datetime) -> None:
    """An access token has every claim of the contract, for its account and environment."""
    claims = decode(_issuer().access(ACCOUNT, SESSION, "token-1", now), SECRET)

    assert {"sub", "iat", "exp", "token_type", "iss", "aud", "jti", "env", "email", "permissions"} <= set(claims)
    assert (claims["iss"], claims["aud"], claims["env"]) == ("netra-auth-service", "netra-platform", "twin")
    assert claims["exp"] - claims["iat"] == 900


def test_the_backend_sees_the_account_that_signed_in(now: datetime) -> None:
    """What one service issues, another reads."""
    holder = principal(decode(_issuer().access(ACCOUNT, SESSION, "token-1", now), SECRET))

    assert (holder.user_id, holder.email) == (ACCOUNT.user_id, ACCOUNT.email)
    assert (holder.permissions, holder.session_id) == ({"read", "write"}, "session-1")


def test_a_refresh_token_is_no_bearer(now: datetime) -> None:
    """A refresh token opens nothing but the door to new tokens."""
    token = _issuer().refresh(ACCOUNT, SESSION, now)

    assert decode(token, SECRET, ("refresh",))["jti"] == "refresh-1"
    with pytest.raises(UnauthenticatedError):
        decode(token, SECRET)


def test_a_refresh_token_lives_for_its_own_time(now: datetime) -> None:
    """A refresh token outlives the access token beside it."""
    claims = decode(_issuer().refresh(ACCOUNT, SESSION, now), SECRET, ("refresh",))

    assert claims["exp"] - claims["iat"] == timedelta(days=14).total_seconds()


def test_a_life_below_zero_issues_expired_tokens(now: datetime) -> None:
    """The fault of expired tokens is the real path: such a token is refused as expired."""
    token = _issuer(access_token_s=-60.0).access(ACCOUNT, SESSION, "token-1", now)

    with pytest.raises(UnauthenticatedError, match="Signature has expired"):
        decode(token, SECRET)


def test_a_service_token_lives_an_hour(now: datetime) -> None:
    """A service token is a bearer of the service for 3600 s."""
    claims = decode(_issuer().service("netra-backend", "token-2", now, ("service",)), SECRET)

    assert (claims["token_type"], claims["sub"]) == ("service", "netra-backend")
    assert claims["exp"] - claims["iat"] == 3600


def test_a_token_of_another_secret_is_refused(now: datetime) -> None:
    """Services that do not share the secret refuse each other's tokens."""
    token = _issuer().access(ACCOUNT, SESSION, "token-1", now)

    with pytest.raises(UnauthenticatedError, match="Signature verification failed"):
        decode(token, SECRET[::-1])
