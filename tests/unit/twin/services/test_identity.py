from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from ci_tools.twin.services.breaker import Breaker
from ci_tools.twin.services.identity import Verifier, bearer, decode, revocation_key
from ci_tools.twin.services.web import UnauthenticatedError

SECRET = "s3cr3t-of-nobody-with-at-least-32-characters"
OTHER = "another-secret-of-nobody-with-32-characters"


def _token(secret: str = SECRET, *, without: str = "", **changed: Any) -> str:
    now = datetime.now(UTC)
    claims = {
        "sub": "user-1",
        "iat": now,
        "exp": now + timedelta(minutes=15),
        "token_type": "access",
        "iss": "netra-auth-service",
        "aud": "netra-platform",
        "jti": "token-1",
        "email": "e2e@e2e.example.com",
        "permissions": ["read"],
        "sid": "session-1",
    }
    claims |= changed
    claims.pop(without, None)
    return jwt.encode(claims, secret, algorithm="HS256")


@pytest.fixture
def verifier(cache: Any) -> Verifier:
    """A verifier that looks into that cache."""
    return Verifier(SECRET, cache, Breaker("redis", threshold=3, pause_s=60.0))


async def test_a_good_token_tells_its_holder(verifier: Verifier) -> None:
    """A token that holds gives user, e-mail, permissions, id and session."""
    holder = await verifier.verify(_token())

    assert (holder.user_id, holder.email, holder.token_id) == ("user-1", "e2e@e2e.example.com", "token-1")
    assert (holder.permissions, holder.session_id) == ({"read"}, "session-1")


@pytest.mark.parametrize(
    ("token", "words"),
    [
        (_token(OTHER), "Signature verification failed"),
        (_token(exp=datetime(2025, 1, 1, tzinfo=UTC)), "Signature has expired"),
        (_token(aud="somebody-else"), "Audience doesn't match"),
        (_token(iss="somebody-else"), "Invalid issuer"),
        (_token(without="jti"), 'missing the "jti" claim'),
        (_token(without="exp"), 'missing the "exp" claim'),
        (_token(token_type="refresh"), "token of type 'refresh'"),
        ("not.a.token", "invalid token"),
        (jwt.encode({"sub": "user-1"}, "", algorithm="none"), "invalid token"),
    ],
)
async def test_a_token_that_does_not_hold_is_refused_in_words(verifier: Verifier, token: str, words: str) -> None:
    """Each way in which a token can be wrong is a 401 that says which."""
    with pytest.raises(UnauthenticatedError) as refused:
        await verifier.verify(token)

    assert words in refused.value.message
    assert refused.value.status == 401


async def test_a_revoked_token_is_refused(verifier: Verifier) -> None:
    """Once revoked, a token that would still be in time is refused."""
    await verifier.revoke(await verifier.verify(_token()))

    with pytest.raises(UnauthenticatedError, match="revoked"):
        await verifier.verify(_token())


async def test_a_revocation_lasts_as_long_as_its_token(verifier: Verifier, cache: Any) -> None:
    """The mark of a revoked token goes away when the token would have expired, not before."""
    await verifier.revoke(await verifier.verify(_token()))
    _, life_s = cache.kept[revocation_key("token-1")]

    assert 890 <= life_s <= 901


async def test_losing_the_cache_signs_nobody_out(verifier: Verifier, cache: Any, outage: Exception) -> None:
    """While Redis does not answer, a token counts until it expires."""
    cache.error = outage
    holder = await verifier.verify(_token())

    assert holder.user_id == "user-1"


async def test_revoking_without_the_cache_fails(verifier: Verifier, cache: Any, outage: Exception) -> None:
    """Signing out cannot be promised while Redis does not answer."""
    holder = await verifier.verify(_token())
    cache.error = outage

    with pytest.raises(type(outage)):
        await verifier.revoke(holder)


async def test_a_silent_cache_is_left_alone(verifier: Verifier, cache: Any, outage: Exception) -> None:
    """After three failures in a row the next requests do not wait for Redis."""
    cache.error = outage
    for _ in range(5):
        await verifier.verify(_token())

    assert cache.asked == 3


def test_only_the_asked_types_of_token_are_accepted() -> None:
    """A refresh token is accepted where one is asked for."""
    claims = decode(_token(token_type="refresh"), SECRET, ("refresh",))

    assert claims["token_type"] == "refresh"


@pytest.mark.parametrize("headers", [{}, {"authorization": "Basic abc"}, {"authorization": "Bearer "}])
def test_no_bearer_is_unauthenticated(headers: dict[str, str]) -> None:
    """No header, another scheme and an empty token are the same 401."""
    with pytest.raises(UnauthenticatedError) as refused:
        bearer(headers)

    assert refused.value.code == "TOKEN_MISSING"


def test_the_secret_is_not_shown(verifier: Verifier) -> None:
    """The text of a verifier does not contain its secret."""
    assert SECRET not in repr(verifier)
