"""What customers do around their conversations: sign up, sign in, renew, sign out, and ask by any kind of message."""

import secrets
from dataclasses import dataclass, field
from typing import Any

from ci_tools.model import RegisterLogin
from ci_tools.target.answers import accepted
from ci_tools.target.credentials import Credentials, Token
from ci_tools.target.fixtures import Eventually, User
from ci_tools.target.service import Service
from ci_tools.target.websocket import Frame, Socket
from tests.e2e.steps import contents_of


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


async def asked(socket: Socket, user: User, kind: str, content: str, **ask: Any) -> tuple[Frame, ...]:
    """The events of the run that *content*, sent as a message of *kind*, starts: within general patience."""
    await socket.send(kind, content=content, **ask)
    return await socket.events_of_run(within_s=user.backend.environment.timeouts.general_s)


async def conversation(eventually: Eventually, user: User, thread: str, count: int) -> list[tuple[str, str]]:
    """Role and content of the messages of *thread* once there are *count* or more."""

    async def stored() -> list[tuple[str, str]]:
        messages = await contents_of(user, thread)
        return messages if len(messages) >= count else []

    seen: list[tuple[str, str]] = await eventually(
        stored, within_s=user.backend.environment.timeouts.receive_s, what=f"{count} messages are stored in {thread}"
    )
    return seen


def thread_id(thread: str) -> str:
    """The id of the thread at the path *thread*."""
    return thread.rpartition("/")[2]


def kinds(events: tuple[Frame, ...]) -> list[str]:
    """The types of *events* in the order of their first appearance."""
    return list(dict.fromkeys(event.type for event in events))


def texts(value: Any) -> list[str]:
    """Every text in the JSON *value*, however deep."""
    if isinstance(value, dict):
        return [text for each in value.values() for text in texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in texts(each)]
    return [value] if isinstance(value, str) else []
