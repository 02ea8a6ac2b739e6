"""State that only Redis can hold works through the API: revoked tokens and runs."""

import asyncio
import uuid

from ci_tools.target.answers import accepted, envelope
from ci_tools.target.evidence import Evidence
from ci_tools.target.fixtures import User
from ci_tools.target.service import Service

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
    body = accepted(await backend.get("/health/ready"))

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


async def test_run_is_readable_by_its_id(user: User) -> None:
    """A run that was started is found by its id, as this user's."""
    started = accepted(await user.backend.post("/api/agent/v2/execute", json={"message": "How is my cost?"}))

    answer = await user.backend.get(f"/api/agent/{started['run_id']}/status")

    assert (started["status"], started["user_id"]) == ("started", user.user_id)
    run = accepted(answer)
    assert run["run_id"] == started["run_id"]
    assert run["status"]


async def test_run_belongs_to_its_user(user: User, second_user: User) -> None:
    """Another user's run is 404, at both of its doors."""
    started = accepted(await user.backend.post("/api/agent/v2/execute", json={"message": "My secret plan"}))

    status = await second_user.backend.get(f"/api/agent/{started['run_id']}/status")
    state = await second_user.backend.get(f"/api/agent/{started['run_id']}/state")

    assert (status.status, state.status) == (404, 404)
    assert "secret plan" not in status.text + state.text
    envelope(status)


async def test_same_request_is_the_same_run(user: User) -> None:
    """A request id that is sent twice starts one run; another id starts another."""
    ask = {"message": "How is my cost?", "request_id": f"e2e-{uuid.uuid4().hex}"}

    first = accepted(await user.backend.post("/api/agent/v2/execute", json=ask))
    again = accepted(await user.backend.post("/api/agent/v2/execute", json=ask))
    ask["request_id"] = f"e2e-{uuid.uuid4().hex}"
    other = accepted(await user.backend.post("/api/agent/v2/execute", json=ask))

    assert first["run_id"] == again["run_id"]
    assert first["run_id"] != other["run_id"]


async def test_concurrent_same_requests_are_one_run(user: User) -> None:
    """Five equal requests at the same time start one run, not five."""
    ask = {"message": "How is my cost?", "request_id": f"e2e-{uuid.uuid4().hex}"}

    answers = await asyncio.gather(*(user.backend.post("/api/agent/v2/execute", json=ask) for _ in range(5)))

    assert len({accepted(answer)["run_id"] for answer in answers}) == 1


async def test_unknown_run_is_not_found(user: User) -> None:
    """A run that never was is 404 in the error envelope."""
    answer = await user.backend.get(f"/api/agent/{uuid.uuid4()}/status")

    assert answer.status == 404
    envelope(answer)
