import httpx
import pytest

from tests.contract.checks import check_answered, is_fresh
from tests.contract.schemas import (
    API_READY,
    AUTH_HEALTH,
    FRONTEND_HEALTH,
    HEALTH,
    HEALTH_AUTH,
    HEALTH_BACKEND,
    HEALTH_DATABASE,
    READY,
    STARTUP,
)


async def test_health_is_healthy_and_of_now(api: httpx.AsyncClient) -> None:
    """/health names the service and its version, and its timestamp is fresh."""
    body = check_answered(await api.get("/health"), HEALTH)

    assert is_fresh(body["timestamp"])


async def test_live_answers(api: httpx.AsyncClient) -> None:
    """/health/live is 200 while the process lives."""
    answer = await api.get("/health/live")

    assert answer.status_code == 200


async def test_ready_names_each_dependency(api: httpx.AsyncClient) -> None:
    """/health/ready says how each dependency of a healthy system is reached."""
    body = check_answered(await api.get("/health/ready"), READY)

    assert body["core_db"] == "connected"
    assert body["redis_db"] == "connected"
    assert body["websocket_readiness"]["websocket_ready"] is True


async def test_startup_is_complete(api: httpx.AsyncClient) -> None:
    """/health/startup is ready with all four checks once the start is complete."""
    body = check_answered(await api.get("/health/startup"), STARTUP)

    assert all(body["checks"].values())


async def test_backend_has_every_capability(api: httpx.AsyncClient) -> None:
    """/health/backend lists the five capabilities of a healthy system and its full score."""
    body = check_answered(await api.get("/health/backend"), HEALTH_BACKEND)

    assert body["status"] == "healthy"
    assert body["readiness_score"] == pytest.approx(1.0)


async def test_database_is_connected(api: httpx.AsyncClient) -> None:
    """/health/database shows the pool and counts at least the connection that it asks over."""
    body = check_answered(await api.get("/health/database"), HEALTH_DATABASE)

    assert body["status"] == "healthy"
    assert body["database_stats"]["active_connections"] >= 1


@pytest.mark.parametrize("dependency", ["postgresql", "redis"])
async def test_forced_readiness_measures_each_dependency(api: httpx.AsyncClient, dependency: str) -> None:
    """/api/health/ready?force=true measured a real round trip to each dependency."""
    body = check_answered(await api.get("/api/health/ready", params={"force": "true"}), API_READY)

    assert body["checks"][dependency]["connected"] is True
    assert body["checks"][dependency]["error"] is None
    assert 0 < body["checks"][dependency]["response_time_ms"] < 3000


async def test_clickhouse_is_never_faked(api: httpx.AsyncClient) -> None:
    """A dependency that is not configured is said not to be connected, and not to be measured."""
    body = check_answered(await api.get("/api/health/ready", params={"force": "true"}), API_READY)

    assert body["checks"]["clickhouse"]["connected"] is False
    assert body["checks"]["clickhouse"]["response_time_ms"] is None


async def test_forced_readiness_is_measured_anew(api: httpx.AsyncClient) -> None:
    """Two forced answers are two measurements: their latencies and uptimes differ."""
    first = check_answered(await api.get("/api/health/ready", params={"force": "true"}), API_READY)
    second = check_answered(await api.get("/api/health/ready", params={"force": "true"}), API_READY)

    assert first["checks"] != second["checks"]
    assert first["uptime_seconds"] <= second["uptime_seconds"]


async def test_readiness_without_force_is_cached(api: httpx.AsyncClient) -> None:
    """Two answers without force within the cache's life are one measurement."""
    await api.get("/api/health/ready", params={"force": "true"})
    first = check_answered(await api.get("/api/health/ready"), API_READY)
    second = check_answered(await api.get("/api/health/ready"), API_READY)

    assert first["checks"] == second["checks"]


async def test_health_endpoints_do_not_contradict_each_other(api: httpx.AsyncClient) -> None:
    """Version and environment are the same wherever they are told."""
    health = check_answered(await api.get("/health"), HEALTH)
    ready = check_answered(await api.get("/api/health/ready", params={"force": "true"}), API_READY)

    assert health["version"] == ready["version"]
    assert ready["environment"] == "twin"


@pytest.mark.parametrize("path", ["/health", "/health/ready", "/health/auth"])
async def test_auth_is_healthy(auth: httpx.AsyncClient, path: str) -> None:
    """Each health endpoint of the auth service knows the state of its database."""
    body = check_answered(await auth.get(path), AUTH_HEALTH)

    assert body["database_status"] == "connected"


async def test_auth_has_every_capability(auth: httpx.AsyncClient) -> None:
    """/health/auth lists the capabilities of the auth service."""
    body = check_answered(await auth.get("/health/auth"), HEALTH_AUTH)

    assert body["status"] == "healthy"


async def test_frontend_is_healthy(frontend: httpx.AsyncClient) -> None:
    """The frontend says which service it is, how long it runs and what memory it uses."""
    body = check_answered(await frontend.get("/api/health"), FRONTEND_HEALTH)

    assert body["status"] == "healthy"
    assert body["uptime"] > 0
    assert body["memory"]
