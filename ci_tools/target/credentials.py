"""Credentials by the environment's auth strategy: a user of its own for everyone who asks."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, assert_never

import jwt

from ci_tools.errors import CredentialsMissingError, RefusedCredentialsError, TargetError
from ci_tools.evidence.redaction import excerpt
from ci_tools.model import BypassKey, NoAuth, ReadyToken, RegisterLogin
from ci_tools.numbers import finite
from ci_tools.target.evidence import Evidence
from ci_tools.target.http import Answer, HttpClient

RENEW_AT = 0.8
"""Part of a token's life after which it is renewed, so that no request carries a dying one."""

_REFUSALS = (401, 403)
_CREATED = (200, 201)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An access token with what its claims say; ``expires_in`` is not read, for it can disagree with ``exp``."""

    access: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, access: str, refresh: str | None = None) -> "Token":
        """*access* with its claims; an opaque token has none. The signature is the services' to verify."""
        try:
            claims = jwt.decode(access, options={"verify_signature": False})
        except (jwt.InvalidTokenError, UnicodeError, RecursionError):
            claims = {}
        return cls(access=access, refresh=refresh, claims=claims)

    @property
    def issued_at_s(self) -> float | None:
        """The claim ``iat``."""
        return self._instant_s("iat")

    @property
    def expires_at_s(self) -> float | None:
        """The claim ``exp``; None: it does not say."""
        return self._instant_s("exp")

    def _instant_s(self, claim: str) -> float | None:
        return finite(self.claims.get(claim))

    def expired(self, now_s: float) -> bool:
        """Whether it was over at *now_s* (seconds since the epoch)."""
        return self.expires_at_s is not None and self.expires_at_s <= now_s


Renew = Callable[[Token], Awaitable[Token]]


class Credentials:
    """One user's bearer, renewed at 80 % of its life; safe to share between tasks of one loop."""

    def __init__(self, *, user_id: str, email: str, token: Token | None, renew: Renew | None) -> None:
        self.user_id = user_id
        self.email = email
        self._renew = renew
        self._lock = asyncio.Lock()
        self._hold(token)

    @property
    def token(self) -> Token | None:
        """The token held now, possibly about to be renewed."""
        return self._token

    async def bearer(self) -> str | None:
        """A token that is valid now; None where the system wants none.

        Raises:
            RefusedCredentialsError: it cannot be renewed.
        """
        async with self._lock:
            if self._token is not None and self._renew is not None and time.monotonic() >= self._renew_at_s:
                self._hold(await self._renew(self._token))
            return self._token.access if self._token else None

    def _hold(self, token: Token | None) -> None:
        self._token = token
        self._renew_at_s = time.monotonic() + (RENEW_AT * _life_s(token, time.time()) if token else 0.0)


def _life_s(token: Token, now_s: float) -> float:
    """Seconds this token lives from its issue, by the issuer's own clock where it says both instants."""
    if token.expires_at_s is None:
        return float("inf")
    return token.expires_at_s - (now_s if token.issued_at_s is None else token.issued_at_s)


class Issuer:
    """Gives out credentials in *client*'s environment; *environ* holds the secrets by name."""

    def __init__(self, client: HttpClient, environ: Mapping[str, str]) -> None:
        self._client = client
        self._environ = environ

    async def issue(self, *, permissions: Sequence[str] = (), evidence: Evidence | None = None) -> Credentials:
        """Credentials of a user nobody else has; a ready token's user is the same for all.

        Raises:
            CredentialsMissingError: a secret is not in the environment.
            RefusedCredentialsError: the auth service refused, or its token is expired from the start.
        """
        match self._client.environment.auth:
            case BypassKey() as door:
                return await self._by_key(door, permissions, evidence)
            case RegisterLogin() as form:
                return await self._by_registration(form, evidence)
            case ReadyToken() as ready:
                return self._ready(ready)
            case NoAuth():
                return Credentials(user_id="", email="", token=None, renew=None)
            case unreachable:
                assert_never(unreachable)

    async def _by_key(self, door: BypassKey, permissions: Sequence[str], evidence: Evidence | None) -> Credentials:
        key = self._secret(door.key_env)
        email = _unique_email("e2e.example.com")
        body = {"email": email, "name": "E2E", "permissions": list(permissions), "simulate_oauth": True}
        answer = await self._client.request(
            "auth", "POST", "/auth/e2e/test-auth", json=body, headers={"x-e2e-bypass-key": key}, evidence=evidence
        )
        return Credentials(user_id=_user_id(answer), email=email, token=_token(answer), renew=self._renewal(evidence))

    async def _by_registration(self, form: RegisterLogin, evidence: Evidence | None) -> Credentials:
        email = _unique_email(form.email_domain)
        body = {"email": email, "password": secrets.token_urlsafe(24), "name": "E2E"}
        registered = await self._client.request("auth", "POST", "/auth/register", json=body, evidence=evidence)
        _accepted(registered)
        login = {"email": email, "password": body["password"]}
        answer = await self._client.request("auth", "POST", "/auth/login", json=login, evidence=evidence)
        return Credentials(user_id=_user_id(answer), email=email, token=_token(answer), renew=self._renewal(evidence))

    def _ready(self, ready: ReadyToken) -> Credentials:
        token = Token.of(self._secret(ready.token_env))
        if token.expired(time.time()):
            raise RefusedCredentialsError(
                f"the token in {ready.token_env} expired at {_at(token.expires_at_s)}; set a fresh one"
            )
        user_id, email = (str(token.claims.get(claim, "")) for claim in ("sub", "email"))
        return Credentials(user_id=user_id, email=email, token=token, renew=None)

    def _renewal(self, evidence: Evidence | None) -> Renew:
        async def renew(token: Token) -> Token:
            answer = await self._client.request(
                "auth", "POST", "/auth/refresh", json={"refresh_token": token.refresh}, evidence=evidence
            )
            return _token(answer)

        return renew

    def _secret(self, name: str) -> str:
        value = self._environ.get(name, "")
        if not value:
            raise CredentialsMissingError(
                f"environment variable {name} is not set; environment {self._client.environment.name!r} "
                f"needs it for its auth strategy {self._client.environment.auth.strategy!r}"
            )
        if value != value.strip():
            raise CredentialsMissingError(
                f"environment variable {name} has whitespace around its {len(value.strip())} characters; "
                "set it without (printf %s, not echo)"
            )
        if not _sendable(value):
            raise CredentialsMissingError(
                f"environment variable {name} holds other characters than visible ASCII; no request can carry it: "
                "set it again"
            )
        return value


def _unique_email(domain: str) -> str:
    return f"e2e-{secrets.token_hex(8)}@{domain}"


def _accepted(answer: Answer) -> dict[str, Any]:
    if answer.status in _REFUSALS:
        raise RefusedCredentialsError(
            f"{answer.url} refused our credentials with {answer.status}: {excerpt(answer.text, 200)}; "
            "check the auth strategy's secret"
        )
    if answer.status not in _CREATED:
        what = f"{answer.url} answered {answer.status} instead of a token: {excerpt(answer.text, 200)}"
        raise TargetError(what, status=answer.status)
    body = answer.json()
    if not isinstance(body, dict):
        raise TargetError(f"{answer.url} answered {answer.status} with a {type(body).__name__} instead of an object")
    return body


def _token(answer: Answer) -> Token:
    body = _accepted(answer)
    access, refresh = body.get("access_token"), body.get("refresh_token")
    if not isinstance(access, str) or not access:
        raise TargetError(f"{answer.url} answered {answer.status} without an access_token; keys: {sorted(body)}")
    if not _sendable(access) or (isinstance(refresh, str) and not _sendable(refresh)):
        raise TargetError(f"{answer.url} answered {answer.status} with a token of other characters than visible ASCII")
    token = Token.of(access, refresh if isinstance(refresh, str) else None)
    if token.expired(time.time()) or _life_s(token, time.time()) <= 0:
        raise RefusedCredentialsError(
            f"{answer.url} issued a token that had expired at {_at(token.expires_at_s)}, before it was asked for "
            f"at {_at(time.time())}: signature has expired"
        )
    return token


def _sendable(token: str) -> bool:
    """Whether a request can carry *token*: it is of the characters that a token may have (RFC 6749, appendix A)."""
    return token.isascii() and token.isprintable()


def _user_id(answer: Answer) -> str:
    user = _accepted(answer).get("user")
    claims = Token.of(str(_accepted(answer).get("access_token", ""))).claims
    return str(user.get("id") if isinstance(user, dict) and user.get("id") else claims.get("sub", ""))


def _at(instant_s: float | None) -> str:
    if instant_s is None:
        return "never"
    try:
        return datetime.fromtimestamp(instant_s, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return f"{instant_s:g} s after 1970, a time that no calendar holds"
