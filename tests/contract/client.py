"""Plain clients of the contract: HTTP by host name, WebSockets, signed-in users.

Nothing here is shared with the twin: what is asserted stands in the contract.
"""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from tests.contract.sockets import Socket

BYPASS_HEADER = "X-E2E-Bypass-Key"
WEBSOCKET_PATH = "/api/v1/websocket"
PERMISSIONS = ("read", "write")


SignIn = Callable[..., Awaitable["User"]]


class Loopback(httpx.AsyncHTTPTransport):
    """Connects to 127.0.0.1 whatever host is named, and verifies the certificate of the name."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer of the named virtual host."""
        request.extensions = {**request.extensions, "sni_hostname": request.url.host}
        request.url = request.url.copy_with(host="127.0.0.1")
        return await super().handle_async_request(request)


async def check_request_id(answer: httpx.Response) -> None:
    """Every answer has an ``x-request-id`` (contract, section 3)."""
    assert answer.headers.get("x-request-id"), f"no x-request-id on {answer.status_code} {answer.url}"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who is signed in."""

    user_id: str
    email: str
    access_token: str
    refresh_token: str

    @property
    def bearer(self) -> dict[str, str]:
        """The header that authenticates a request."""
        return bearer(self.access_token)


def bearer(token: str) -> dict[str, str]:
    """The header that authenticates with *token*."""
    return {"authorization": f"Bearer {token}"}


def unique_email() -> str:
    """An address that nobody has used."""
    return f"contract-{uuid4().hex}@e2e.example.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """The hosts of one twin."""

    port: int
    trust: ssl.SSLContext
    bypass_key: str

    def host(self, name: str) -> str:
        """``api``, ``auth`` or ``app`` with the port."""
        return f"{name}.twin.localhost:{self.port}"

    def http(self, name: str, *, local_address: str | None = None) -> httpx.AsyncClient:
        """A client of the host *name*; every answer is checked for its request id."""
        return httpx.AsyncClient(
            base_url=f"https://{self.host(name)}",
            transport=Loopback(verify=self.trust, local_address=local_address),
            event_hooks={"response": [check_request_id]},
            headers={"user-agent": "netra-contract/1"},
            timeout=10.0,
        )

    async def handshake(self, **how: Any) -> int:
        """The HTTP status of a WebSocket handshake."""
        try:
            async with self.socket(welcomed=False, **how):
                return int(HTTPStatus.SWITCHING_PROTOCOLS)
        except InvalidStatus as error:
            return error.response.status_code

    @asynccontextmanager
    async def socket(
        self,
        *,
        user: User | None = None,
        path: str = WEBSOCKET_PATH,
        headers: dict[str, str] | None = None,
        subprotocols: tuple[str, ...] = (),
        welcomed: bool = True,
    ) -> AsyncIterator[Socket]:
        """A connection; with *user* authenticated by the header; with *welcomed* past the first frame."""
        async with connect(
            f"wss://{self.host('api')}{path}",
            host="127.0.0.1",
            port=self.port,
            ssl=self.trust,
            proxy=None,
            additional_headers={**(user.bearer if user else {}), **(headers or {})},
            subprotocols=[Subprotocol(name) for name in subprotocols] or None,
            open_timeout=10.0,
            close_timeout=2.0,
            ping_interval=None,
        ) as connection:
            socket = Socket(connection)
            if welcomed:
                socket.welcome = await socket.expect("connection_established")
            yield socket


async def sign_in(
    auth: httpx.AsyncClient, key: str, *, permissions: tuple[str, ...] = PERMISSIONS, email: str | None = None
) -> User:
    """A user of its own, through the door for E2E."""
    answer = await auth.post(
        "/auth/e2e/test-auth",
        headers={BYPASS_HEADER: key},
        json={
            "email": email or unique_email(),
            "name": "Contract Test",
            "permissions": list(permissions),
            "simulate_oauth": True,
        },
    )
    return user_of(answer)


def user_of(answer: httpx.Response) -> User:
    """The user whom a sign-in answers with."""
    assert answer.status_code in (200, 201), f"{answer.status_code}: {answer.text[:500]}"
    body = answer.json()
    return User(
        user_id=body["user"]["id"],
        email=body["user"]["email"],
        access_token=body["access_token"],
        refresh_token=body["refresh_token"],
    )
