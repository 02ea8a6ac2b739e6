"""Who is asking: bearer tokens of the auth service, verified and looked up for revocation."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import jwt
import redis.asyncio
from redis.exceptions import RedisError
from starlette.requests import HTTPConnection

from ci_tools.twin.services.breaker import Breaker
from ci_tools.twin.services.web import UnauthenticatedError

LOG = logging.getLogger(__name__)
ALGORITHM: Final = "HS256"
ISSUER: Final = "netra-auth-service"
AUDIENCE: Final = "netra-platform"
REQUIRED_CLAIMS: Final = ("sub", "iat", "exp", "token_type", "iss", "aud", "jti")
BEARER_TYPES: Final = ("access", "service")


@dataclass(frozen=True, slots=True)
class Principal:
    """The holder of a valid token. ``session_id`` is None for service tokens."""

    user_id: str
    email: str
    permissions: frozenset[str]
    token_id: str
    expires_at: datetime
    session_id: str | None = None


def revocation_key(token_id: str) -> str:
    """The Redis key that exists while the token *token_id* is revoked."""
    return f"token:revoked:{token_id}"


def decode(token: str, secret: str, types: tuple[str, ...] = BEARER_TYPES) -> dict[str, Any]:
    """The claims of *token*, which is signed with *secret*, in time, ours, and of one of *types*.

    Raises:
        UnauthenticatedError: In PyJWT's words.
    """
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            secret,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            options={"require": list(REQUIRED_CLAIMS)},
        )
    except jwt.PyJWTError as error:
        expired = isinstance(error, jwt.ExpiredSignatureError)
        code = "TOKEN_EXPIRED" if expired else "TOKEN_INVALID"
        raise UnauthenticatedError(f"invalid token: {error}", code=code) from None
    if claims["token_type"] not in types:
        raise UnauthenticatedError(
            f"token of type {claims['token_type']!r}; accepted: {', '.join(types)}", code="TOKEN_INVALID"
        )
    return claims


def principal(claims: Mapping[str, Any]) -> Principal:
    """The holder that verified *claims* speak of."""
    return Principal(
        user_id=str(claims["sub"]),
        email=str(claims.get("email", "")),
        permissions=frozenset(claims.get("permissions", ())),
        token_id=str(claims["jti"]),
        expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        session_id=claims.get("sid"),
    )


def bearer(headers: Mapping[str, str]) -> str:
    """The token of the ``Authorization`` header.

    Raises:
        UnauthenticatedError: There is none.
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise UnauthenticatedError("no bearer token in the authorization header", code="TOKEN_MISSING")
    return token.strip()


@dataclass(slots=True)
class Verifier:
    """Verifies tokens against *secret* and the revocations in *cache*.

    While Redis does not answer, a token counts until it expires: losing the cache must not sign
    everybody out. The breaker keeps a silent Redis from delaying every request.
    """

    secret: str = field(repr=False)
    cache: redis.asyncio.Redis
    breaker: Breaker

    async def verify(self, token: str) -> Principal:
        """The holder of *token*.

        Raises:
            UnauthenticatedError: The token does not hold, or was revoked.
        """
        holder = principal(decode(token, self.secret))
        if await self._revoked(holder.token_id):
            raise UnauthenticatedError("invalid token: revoked", code="TOKEN_REVOKED")
        return holder

    async def _revoked(self, token_id: str) -> bool:
        if not self.breaker.allows(time.monotonic()):
            return False
        try:
            found = await self.cache.exists(revocation_key(token_id))
        except RedisError as error:
            self.breaker.failed(time.monotonic())
            LOG.warning("revocation not looked up: %s", error)
            return False
        self.breaker.succeeded()
        return bool(found)

    async def revoke(self, holder: Principal) -> None:
        """The token of *holder* is refused from now until it would have expired."""
        left_s = (holder.expires_at - datetime.now(UTC)).total_seconds()
        await self.cache.set(revocation_key(holder.token_id), "1", ex=max(1, int(left_s) + 1))


async def authenticate(connection: HTTPConnection) -> Principal:
    """The user of a request or WebSocket, by its bearer token and ``app.state.identity``.

    Raises:
        UnauthenticatedError: No token, or one that does not hold.
    """
    verifier: Verifier = connection.app.state.identity
    return await verifier.verify(bearer(connection.headers))
