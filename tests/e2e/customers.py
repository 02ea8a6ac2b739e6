"""What customers do around their conversations: sign up, sign in, renew and sign out."""

import secrets
from dataclasses import dataclass, field
from typing import Any

from ci_tools.model import RegisterLogin
from ci_tools.target.answers import accepted
from ci_tools.target.credentials import Credentials, Token
from ci_tools.target.fixtures import User
from ci_tools.target.service import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account with a password, registered or about to be."""

    email: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Customers:
    """The way in for somebody who has an account."""

    backend: Service
    auth: Service

    def new_account(self) -> Account:
        """An account that nobody has yet."""
        strategy = self.backend.environment.auth
        domain = (strategy if isinstance(strategy, RegisterLogin) else RegisterLogin()).email_domain
        return Account(email=f"customer-{secrets.token_hex(8)}@{domain}", password=secrets.token_urlsafe(24))

    async def sign_up(self, account: Account) -> User:
        """The user of the new *account*, signed in."""
        body = {"email": account.email, "password": account.password, "name": "E2E"}
        return self.holder_of(accepted(await self.auth.post("/auth/register", json=body)))

    async def sign_in(self, account: Account) -> User:
        """The user of *account* with another session."""
        body = {"email": account.email, "password": account.password}
        return self.holder_of(accepted(await self.auth.post("/auth/login", json=body)))

    async def renew(self, user: User) -> User:
        """*user* with the pair that replaces the one held until now."""
        body = {"refresh_token": token_of(user).refresh}
        return self.holder_of(accepted(await self.auth.post("/auth/refresh", json=body)))

    def holder_of(self, pair: dict[str, Any]) -> User:
        """Whoever holds *pair*, never renewed by itself: which token is sent is the matter of the test."""
        token = Token.of(pair["access_token"], pair["refresh_token"])
        owner = pair["user"]
        credentials = Credentials(user_id=owner["id"], email=owner["email"], token=token, renew=None)
        return User(
            credentials=credentials,
            backend=self.backend.acting_as(credentials.bearer),
            auth=self.auth.acting_as(credentials.bearer),
        )


def token_of(user: User) -> Token:
    """The tokens that *user* holds now."""
    token = user.credentials.token
    assert token is not None
    return token


async def sign_out(user: User) -> int:
    """The status with which *user*'s logout was answered."""
    return (await user.auth.post("/auth/logout")).status


def texts(value: Any) -> list[str]:
    """Every text in the JSON *value*, however deep."""
    if isinstance(value, dict):
        return [text for each in value.values() for text in texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in texts(each)]
    return [value] if isinstance(value, str) else []
