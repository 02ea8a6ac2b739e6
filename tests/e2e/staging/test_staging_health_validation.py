"""Health endpoints tell the truth about dependencies, freshly, and do not contradict one another."""

from datetime import UTC, datetime

import pytest

from ci_tools.model import Environment
from ci_tools.target.answers import accepted, instant
from ci_tools.target.fixtures import Eventually
from ci_tools.target.service import Service
from tests.e2e.health import good

FRESH_S = 120.0
"""Unscaled: clocks of two machines may differ, but a canned timestamp is older than this."""
AGREED_S = 20.0
"""Unscaled: one that comes and goes is told differently by answers of different moments, and is no contradiction."""
READY = "/api/health/ready"
ALIVE = {"alive", "live", "healthy", "ok"}


@pytest.fixture
def patience_s(environment: Environment) -> float:
    """Health is told at once, or it is none."""
    return environment.timeouts.health_s


async def test_backend_is_healthy(backend: Service) -> None:
    """The backend calls itself healthy, with its version, at this very time."""
    answer = await backend.get("/health")

    body = accepted(answer)
    assert (answer.status, body["status"]) == (200, "healthy")
    assert body["service"]
    assert body["version"]
    assert abs((datetime.now(UTC) - instant(body["timestamp"])).total_seconds()) < FRESH_S


async def test_health_is_computed_anew(backend: Service) -> None:
    """Two answers carry two timestamps in order: health is not a constant."""
    first = instant(accepted(await backend.get("/health"))["timestamp"])
    second = instant(accepted(await backend.get("/health"))["timestamp"])

    assert first < second


async def test_backend_is_live(backend: Service) -> None:
    """The backend tells the platform that would restart it that it is alive, and it is the one that is healthy."""
    answer = await backend.get("/health/live")
    healthy = accepted(await backend.get("/health"))

    body = accepted(answer)
    assert answer.status == 200
    assert body["status"] in ALIVE
    assert body["service"] == healthy["service"]


@pytest.mark.requires("postgresql", "redis")
async def test_backend_is_ready(backend: Service) -> None:
    """The backend is ready: database, Redis and WebSocket are all connected, none merely optional."""
    answer = await backend.get("/health/ready")

    body = accepted(answer)
    assert (answer.status, body["status"]) == (200, "ready")
    assert body["core_db"] == "connected"
    assert body["redis_db"] == "connected"
    assert body["websocket_readiness"]["websocket_ready"] is True


@pytest.mark.requires("postgresql", "redis")
async def test_startup_is_complete(backend: Service) -> None:
    """Start-up is over and each of its checks is good."""
    answer = await backend.get("/health/startup")

    body = accepted(answer)
    assert (answer.status, body["status"]) == (200, "ready")
    assert set(body["checks"]) >= {"database", "redis", "websocket", "startup_module"}
    assert {name: check for name, check in body["checks"].items() if not good(check)} == {}


@pytest.mark.requires("postgresql", "redis")
async def test_backend_has_its_own_capabilities(backend: Service) -> None:
    """Tools, WebSocket and database are capabilities the backend has now."""
    capabilities = accepted(await backend.get("/health/backend"))["capabilities"]

    wanted = {"tool_system", "websocket_integration", "database_connectivity"}
    assert {name for name in wanted if capabilities.get(name) is not True} == set()


@pytest.mark.requires("postgresql", "redis")
async def test_readiness_is_healthy_as_a_whole(backend: Service) -> None:
    """The readiness of the whole is healthy, not degraded, and names this environment."""
    body = accepted(await backend.get(READY, params={"force": "true"}))

    assert body["status"] == "healthy"
    assert body["uptime_seconds"] >= 0
    assert body["environment"]


async def test_forced_readiness_is_measured_anew(backend: Service) -> None:
    """A forced check is measured for this request: three of them do not all take equally long to the 10 µs."""
    asked = [accepted(await backend.get(READY, params={"force": "true"})) for _ in range(3)]

    told_ms = [tuple(body["checks"][name]["response_time_ms"] for name in ("postgresql", "redis")) for body in asked]
    assert len(set(told_ms)) > 1
    assert [body["uptime_seconds"] for body in asked] == sorted({body["uptime_seconds"] for body in asked})


async def test_health_endpoints_agree_on_redis(backend: Service, eventually: Eventually) -> None:
    """Readiness, start-up and the forced check come to tell the same about Redis, be it good or bad."""

    async def told_alike() -> bool:
        ready = (await backend.get("/health/ready")).json()["redis_db"] == "connected"
        startup = good((await backend.get("/health/startup")).json()["checks"]["redis"])
        forced = (await backend.get(READY, params={"force": "true"})).json()["checks"]["redis"]["connected"]
        return bool(ready == startup == forced)

    assert await eventually(told_alike, within_s=AGREED_S, what="the health endpoints tell the same about Redis")


async def test_health_endpoints_agree_on_the_database(backend: Service, eventually: Eventually) -> None:
    """Readiness, database health, capabilities and the forced check come to tell the same about PostgreSQL."""

    async def told_alike() -> bool:
        ready = (await backend.get("/health/ready")).json()["core_db"] == "connected"
        database = (await backend.get("/health/database")).json()["connected"]
        capability = (await backend.get("/health/backend")).json()["capabilities"]["database_connectivity"]
        forced = (await backend.get(READY, params={"force": "true"})).json()["checks"]["postgresql"]["connected"]
        return bool(ready == database == capability == forced)

    assert await eventually(told_alike, within_s=AGREED_S, what="the health endpoints tell the same about PostgreSQL")


async def test_endpoints_agree_on_version_and_environment(backend: Service) -> None:
    """Health, readiness and system information speak of the same build in the same environment."""
    health = accepted(await backend.get("/health"))
    ready = accepted(await backend.get(READY, params={"force": "true"}))
    info = accepted(await backend.get("/api/system/info"))

    assert health["version"] == ready["version"]
    assert ready["environment"] == info["environment"]


@pytest.mark.requires("secret_manager")
async def test_configuration_is_valid(backend: Service) -> None:
    """Every required variable is present, long enough, free of whitespace and no placeholder."""
    answer = await backend.get("/api/config/validate")

    variables = accepted(answer)["variables"]
    assert answer.status == 200
    assert {"JWT_SECRET_STAGING", "REDIS_HOST", "SERVICE_ID", "POSTGRES_HOST"} <= {entry["name"] for entry in variables}
    assert [entry["name"] for entry in variables if not _sound(entry)] == []


async def test_configuration_shows_no_value(backend: Service) -> None:
    """Of each variable only facts are shown: no entry holds text beside its name."""
    variables = accepted(await backend.get("/api/config/validate"))["variables"]

    texts = {key for entry in variables for key, value in entry.items() if isinstance(value, str)}
    assert variables
    assert texts == {"name"}


@pytest.mark.requires("auth")
async def test_auth_is_healthy(auth: Service) -> None:
    """The auth service is healthy, and tells how its database is."""
    answer = await auth.get("/health")

    body = accepted(answer)
    assert (answer.status, body["status"]) == (200, "healthy")
    assert body["database_status"]


@pytest.mark.requires("auth", "postgresql")
async def test_auth_reaches_its_database(auth: Service) -> None:
    """The auth service is ready, with its database connected."""
    answer = await auth.get("/health/ready")

    assert answer.status == 200
    assert accepted(answer)["database_status"] == "connected"


@pytest.mark.requires("auth", "postgresql", "redis")
async def test_auth_has_every_capability(auth: Service) -> None:
    """Tokens, sessions, OAuth and the database are capabilities the auth service has now."""
    body = accepted(await auth.get("/health/auth"))

    wanted = {"jwt_validation", "session_management", "oauth_configured", "database_connected"}
    assert set(body["capabilities"]) >= wanted
    assert {name for name in wanted if body["capabilities"][name] is not True} == set()
    assert body["golden_path_ready"] is True


@pytest.mark.requires("frontend")
async def test_frontend_is_healthy(frontend: Service) -> None:
    """The frontend is healthy, says it is the frontend, and for how long it has been running."""
    answer = await frontend.get("/api/health")

    body = accepted(answer)
    assert (answer.status, body["status"], body["service"]) == (200, "healthy", "frontend")
    assert body["version"]
    assert body["uptime"] >= 0


def _sound(entry: dict[str, object]) -> bool:
    return (entry["present"], entry["length_ok"], entry["has_whitespace"], entry["is_placeholder"]) == (
        True,
        True,
        False,
        False,
    )
