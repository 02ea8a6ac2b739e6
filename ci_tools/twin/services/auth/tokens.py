"""The tokens that the auth service issues (contract, section 4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import jwt

from ci_tools.twin.services.identity import ALGORITHM, AUDIENCE, ISSUER
from ci_tools.twin.settings import Durations

SERVICE_LIVES: Final = 4.0
"""A service token lives this many access token lives: 3600 s of 900 s."""
STATE_LIFE_S: Final = 600.0

TokenType = Literal["access", "refresh", "service", "oauth_state"]


@dataclass(frozen=True, slots=True)
class Account:
    """Whom a token speaks of."""

    user_id: str
    email: str
    permissions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in: the family of its tokens, and the only refresh token that counts now."""

    session_id: str
    refresh_id: str


@dataclass(frozen=True, slots=True)
class Issuer:
    """Signs with *secret* for *environment*."""

    secret: str
    environment: str
    durations: Durations

    def claims(
        self, subject: str, token_type: TokenType, token_id: str, now: datetime, life_s: float
    ) -> dict[str, Any]:
        """What every token says; ``exp`` is whole seconds, at most *life_s* after ``iat``."""
        return {
            "sub": subject,
            "iat": int(now.timestamp()),
            "exp": int((now + timedelta(seconds=life_s)).timestamp()),
            "token_type": token_type,
            "iss": ISSUER,
            "aud": AUDIENCE,
            "jti": token_id,
            "env": self.environment,
        }

    def sign(self, claims: dict[str, Any]) -> str:
        """*claims* as a token."""
        return jwt.encode(claims, self.secret, algorithm=ALGORITHM)

    def access(self, account: Account, session: Session, token_id: str, now: datetime) -> str:
        """The bearer token of *account* in *session*."""
        life_s = self.durations.access_token_s
        return self.sign(
            self.claims(account.user_id, "access", token_id, now, life_s)
            | {
                "email": account.email,
                "permissions": list(account.permissions),
                "sid": session.session_id,
            }
        )

    def refresh(self, account: Account, session: Session, now: datetime) -> str:
        """The one-time token that prolongs *session*."""
        life_s = self.durations.refresh_token_s
        claims = self.claims(account.user_id, "refresh", session.refresh_id, now, life_s)
        return self.sign(claims | {"sid": session.session_id})

    def service(self, service_id: str, token_id: str, now: datetime, permissions: Iterable[str]) -> str:
        """The bearer token of another service."""
        claims = self.claims(service_id, "service", token_id, now, self.service_life_s)
        return self.sign(claims | {"email": "", "permissions": list(permissions)})

    @property
    def service_life_s(self) -> float:
        """How long a service token lives."""
        return self.durations.access_token_s * SERVICE_LIVES
