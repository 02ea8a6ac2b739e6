"""State that only Redis can hold works through the API: revoked tokens, the state of runs."""

import asyncio
import uuid

import pytest

from ci_tools.target.answers import accepted, envelope
from ci_tools.target.evidence import Evidence
from ci_tools.target.fixtures import OpenSocket, User
from ci_tools.target.service import Service
from ci_tools.target.websocket import SocketRefusedError
from tests.e2e.connections import REFUSALS

REDIS_S = 3.0
"""The unscaled limit for one answer of Redis: the resolver's 5 s of the recorded crisis is above it."""


async def test_redis_answers_in_time(backend: Service, evidence: Evidence) -> None:
    """A fresh check reaches Redis without an error and in time."""
    body = accepted(await backend.get("/api/health/ready", params={"force": "true"}))

    check = body["checks"]["redis"]
    evidence.note(f"redis: {check}")
    assert (check["connected"], check["error"]) == (True, None)
    assert check["response_time_ms"] < backend.environment.scaled(REDIS_S) * 1000


async def test_redis_is_no_optional_mode(backend: Service) -> None:
    """Readiness calls Redis connected: neither disabled, skipped, degraded nor failed."""
    body = (await backend.get("/health/ready")).json()

    assert body["redis_db"] == "connected"


async def test_logout_revokes_the_token_everywhere(user: User) -> None:
    """After a logout the same token opens nothing, at the backend and at the auth service."""
    token = await user.credentials.bearer()
    before = await user.backend.get("/api/v1/user/profile", bearer=token)

    left = await user.auth.post("/auth/logout", bearer=token)

    after = await user.backend.get("/api/v1/user/profile", bearer=token)
    validated = await user.auth.post("/auth/validate", json={"token": token}, bearer=None)
    assert (before.status, left.status, after.status) == (200, 200, 401)
    assert accepted(validated)["valid"] is False


async def test_logout_leaves_others_signed_in(user: User, second_user: User) -> None:
    """One user's logout revokes nobody else's token."""
    left = await user.auth.post("/auth/logout")

    still = await second_user.backend.get("/api/v1/user/profile")
    assert (left.status, still.status) == (200, 200)
    assert accepted(still)["email"] == second_user.email


async def test_revoked_token_stays_revoked(user: User) -> None:
    """Five requests at once with a revoked token are all refused, wherever they are served."""
    token = await user.credentials.bearer()
    before = await user.backend.get("/api/v1/user/profile", bearer=token)
    left = await user.auth.post("/auth/logout", bearer=token)

    answers = await asyncio.gather(*(user.backend.get("/api/v1/user/profile", bearer=token) for _ in range(5)))

    assert (before.status, left.status) == (200, 200)
    assert [answer.status for answer in answers] == [401] * 5


@pytest.mark.requires("websocket")
async def test_revoked_token_opens_no_websocket(user: User, websocket: OpenSocket) -> None:
    """The WebSocket, too, knows nobody by a revoked token; whether it lets nobodies in is no matter of Redis."""
    token, within_s = await user.credentials.bearer(), user.backend.environment.timeouts.receive_s
    before = await _welcomed_as(websocket, token, within_s)
    left = await user.auth.post("/auth/logout", bearer=token)

    known_as = await _welcomed_as(websocket, token, within_s)

    assert (before, left.status) == (user.user_id, 200)
    assert known_as != user.user_id


async def _welcomed_as(websocket: OpenSocket, bearer: str | None, within_s: float) -> str | None:
    """Whom the WebSocket takes the holder of *bearer* for; None when it refuses the token."""
    try:
        async with websocket(None, bearer=bearer) as socket:
            welcome = await socket.expect("connection_established", within_s=within_s)
    except SocketRefusedError as refused:
        if refused.code not in REFUSALS:
            raise
        return None
    return str(welcome.data["user_id"])


async def test_revoked_token_cannot_log_out_again(user: User) -> None:
    """A revoked token is nobody's: the second logout with it is 401."""
    token = await user.credentials.bearer()

    first = await user.auth.post("/auth/logout", bearer=token)
    again = await user.auth.post("/auth/logout", bearer=token)

    assert (first.status, again.status) == (200, 401)


async def test_unknown_run_is_not_found(user: User) -> None:
    """A run that never was is 404 in the error envelope."""
    answer = await user.backend.get(f"/api/agent/{uuid.uuid4()}/status")

    assert answer.status == 404
    envelope(answer)
