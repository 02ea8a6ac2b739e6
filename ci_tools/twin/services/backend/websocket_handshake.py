"""Who may open a WebSocket, and in which form a refusal is told.

The checks in their order: ready (else accepted and closed with 1011), a subprotocol in common (else
accepted and closed with 1003), a valid token (else HTTP 401 before anything is accepted).
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from random import Random
from typing import Final

from starlette.websockets import WebSocket

from ci_tools.twin.services.backend.context import Backend
from ci_tools.twin.services.identity import Principal, bearer
from ci_tools.twin.services.web import ApiError, UnauthenticatedError, refuse
from ci_tools.twin.settings import Behaviour

HANDSHAKE_POINT: Final = "websocket.handshake"
SUBPROTOCOL: Final = "jwt-auth"
_BEARER_PREFIX: Final = "jwt."
_DEMO_USER: Final = "demo-user-001"


class CloseCode(IntEnum):
    """Why the server closes (RFC 6455, section 7.4.1)."""

    UNSUPPORTED = 1003
    POLICY = 1008
    TOO_BIG = 1009
    NOT_READY = 1011


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """An opened WebSocket's user; mode ``demo`` is nobody's."""

    user: Principal
    mode: str


class Handshakes:
    """The handshakes of one process; while the point is switched on, a share of them fails."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._chance: dict[int, Random] = {}

    async def admit(self, websocket: WebSocket) -> Admission | None:
        """The user of the accepted WebSocket; None when it was refused, and then the client knows why."""
        offered: Sequence[str] = websocket.scope["subprotocols"]
        if unfit := self._unfit(offered):
            await websocket.accept()
            await websocket.close(unfit)
            return None
        try:
            admission = await self._authenticated(websocket, offered)
        except UnauthenticatedError as error:
            await _refuse(websocket, error)
            return None
        await websocket.accept(SUBPROTOCOL if offered else None)
        return admission

    def _unfit(self, offered: Sequence[str]) -> CloseCode | None:
        if not self._is_ready():
            return CloseCode.NOT_READY
        return CloseCode.UNSUPPORTED if offered and SUBPROTOCOL not in offered else None

    def _is_ready(self) -> bool:
        behaviour = self._backend.behaviours.at(HANDSHAKE_POINT)
        unlucky = behaviour is not None and self._strikes(behaviour)
        return self._backend.startup.websocket_ready and not unlucky

    def _strikes(self, behaviour: Behaviour) -> bool:
        seed = int(behaviour.params.get("seed", 0))
        chance = self._chance.setdefault(seed, Random(seed))  # noqa: S311 - repeatable, not secret
        return chance.random() < float(behaviour.params.get("rate", 1.0))

    async def _authenticated(self, websocket: WebSocket, offered: Sequence[str]) -> Admission:
        try:
            token = offered_token(offered) or bearer(websocket.headers)
            return Admission(user=await self._backend.identity.verify(token), mode="main")
        except UnauthenticatedError:
            if self._backend.settings.env.get("DEMO_MODE") != "1":
                raise
            return Admission(user=_demo_user(), mode="demo")


def offered_token(offered: Sequence[str]) -> str | None:
    """The token of the subprotocol ``jwt.<base64url token>``, if one is offered.

    Raises:
        UnauthenticatedError: It is not base64url of ASCII.
    """
    encoded = next((name.removeprefix(_BEARER_PREFIX) for name in offered if name.startswith(_BEARER_PREFIX)), None)
    if encoded is None:
        return None
    try:
        padded = encoded + "=" * (-len(encoded) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise UnauthenticatedError(
            "the subprotocol after 'jwt.' is not base64url of a token", code="TOKEN_INVALID"
        ) from error


async def _refuse(websocket: WebSocket, error: ApiError) -> None:
    if "websocket.http.response" in websocket.scope.get("extensions", {}):
        await websocket.send_denial_response(refuse(websocket, error))
    else:
        await websocket.close(CloseCode.POLICY)  # before acceptance the server makes HTTP 403 of it


def _demo_user() -> Principal:
    return Principal(
        user_id=_DEMO_USER,
        email="",
        permissions=frozenset(),
        token_id="",
        expires_at=datetime.max.replace(tzinfo=UTC),
    )
