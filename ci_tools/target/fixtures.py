"""Fixtures of a suite against a deployed system; its conftest imports ``*`` from here and defines ``environment``.

Resources live as long as a worker's session; evidence and users as long as one test.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import pytest
import pytest_asyncio

from ci_tools.evidence.redaction import secrets_of
from ci_tools.model import Environment
from ci_tools.target.credentials import Credentials, Issuer
from ci_tools.target.evidence import EVIDENCE_KEY, Evidence
from ci_tools.target.http import HttpClient
from ci_tools.target.pacing import Pacer
from ci_tools.target.service import Service
from ci_tools.target.session import TEST_SESSION
from ci_tools.target.websocket import Socket, TokenIn, open_socket

__all__ = [
    "auth",
    "backend",
    "client",
    "eventually",
    "evidence",
    "frontend",
    "issuer",
    "new_user",
    "patience_s",
    "second_user",
    "user",
    "websocket",
]

_POLL_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody nobody else is, with the services as that user sees them."""

    credentials: Credentials
    backend: Service
    auth: Service

    @property
    def user_id(self) -> str:
        """The id in the token's ``sub``."""
        return self.credentials.user_id

    @property
    def email(self) -> str:
        """The address the user was created with."""
        return self.credentials.email


class OpenSocket(Protocol):
    """Opens a WebSocket as *user*, or as nobody."""

    def __call__(
        self,
        user: User | None,
        *,
        token_in: TokenIn = ...,
        bearer: str | None = ...,
        subprotocols: tuple[str, ...] | None = ...,
    ) -> AbstractAsyncContextManager[Socket]: ...


class NewUser(Protocol):
    """Creates a further user."""

    def __call__(self, *permissions: str) -> Awaitable[User]: ...


class Eventually(Protocol):
    """Asks *probe* until it answers something true, at most *within_s* unscaled seconds."""

    def __call__(self, probe: Callable[[], Awaitable[Any]], *, within_s: float, what: str) -> Awaitable[Any]: ...


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def client(environment: Environment) -> AsyncIterator[HttpClient]:
    """The one HTTP client of this worker."""
    http = HttpClient(environment, Pacer.of(environment, os.environ), session=os.environ.get(TEST_SESSION))
    yield http
    await http.aclose()


@pytest.fixture(scope="session")
def issuer(client: HttpClient) -> Issuer:
    """Gives out credentials by the environment's auth strategy."""
    return Issuer(client, os.environ)


@pytest.fixture
def evidence(request: pytest.FixtureRequest, environment: Environment) -> Evidence:
    """What this test exchanges with the deployed system, where the campaign's plugin finds it."""
    collected = Evidence(secrets_of(os.environ, environment.secret_names))
    request.node.stash[EVIDENCE_KEY] = collected
    return collected


@pytest.fixture
def patience_s(environment: Environment) -> float:
    """How long (unscaled) an answer may take; a module that asks for little defines its own."""
    return environment.timeouts.general_s


@pytest.fixture
def backend(client: HttpClient, evidence: Evidence, patience_s: float) -> Service:
    """The backend, asked as nobody."""
    return Service(client, "backend", evidence=evidence, patience_s=patience_s)


@pytest.fixture
def auth(client: HttpClient, evidence: Evidence, patience_s: float) -> Service:
    """The auth service, asked as nobody."""
    return Service(client, "auth", evidence=evidence, patience_s=patience_s)


@pytest.fixture
def frontend(client: HttpClient, evidence: Evidence, patience_s: float) -> Service:
    """The frontend, asked as nobody."""
    return Service(client, "frontend", evidence=evidence, patience_s=patience_s)


@pytest.fixture
def new_user(issuer: Issuer, evidence: Evidence, backend: Service, auth: Service) -> NewUser:
    """Creates users of this test, with the permissions asked for."""

    async def create(*permissions: str) -> User:
        credentials = await issuer.issue(permissions=permissions, evidence=evidence)
        return User(
            credentials=credentials,
            backend=backend.acting_as(credentials.bearer),
            auth=auth.acting_as(credentials.bearer),
        )

    return create


@pytest_asyncio.fixture(loop_scope="session")
async def user(new_user: NewUser) -> User:
    """A user of this test alone."""
    return await new_user()


@pytest_asyncio.fixture(loop_scope="session")
async def second_user(new_user: NewUser) -> User:
    """Another user of this test."""
    return await new_user()


@pytest.fixture
def websocket(client: HttpClient, evidence: Evidence) -> OpenSocket:
    """Opens WebSockets whose frames are this test's evidence."""

    @asynccontextmanager
    async def connect(
        user: User | None,
        *,
        token_in: TokenIn = TokenIn.HEADER,
        bearer: str | None = None,
        subprotocols: tuple[str, ...] | None = None,
    ) -> AsyncIterator[Socket]:
        token = bearer if user is None else await user.credentials.bearer()
        async with open_socket(
            client, bearer=token, token_in=token_in, subprotocols=subprotocols, evidence=evidence
        ) as socket:
            yield socket

    return connect


@pytest.fixture
def eventually(environment: Environment) -> Eventually:
    """Polls for a consequence that may take a moment; never repeats the action under test."""

    async def poll(probe: Callable[[], Awaitable[Any]], *, within_s: float, what: str) -> Any:
        deadline_s = time.monotonic() + environment.scaled(within_s)
        while not (seen := await probe()):
            if time.monotonic() > deadline_s:
                pytest.fail(f"not within {environment.scaled(within_s):g} s: {what}")
            await asyncio.sleep(_POLL_S)
        return seen

    return poll
