"""Health endpoints tell the truth about dependencies, freshly, and do not contradict one another."""

from datetime import UTC, datetime

import pytest

from ci_tools.target.answers import instant
from ci_tools.target.fixtures import User
from ci_tools.target.service import Service

FRESH_S = 120.0
"""Unscaled: clocks of two machines may differ, but a canned timestamp is older than this."""
READY = "/api/health/ready"


async def test_backend_is_healthy(backend: Service) -> None:
    """The backend calls itself healthy, with its version, at this very time."""
    answer = await backend.get("/health")

    body = answer.json()
    assert (answer.status, body["status"]) == (200, "healthy")
    assert body["service"]
    assert body["version"]
    assert abs((datetime.now(UTC) - instant(body["timestamp"])).total_seconds()) < FRESH_S


async def test_health_is_computed_anew(backend: Service) -> None:
    """Two answers carry two timestamps in order: health is not a constant."""
    first = instant((await backend.get("/health")).json()["timestamp"])
    second = instant((await backend.get("/health")).json()["timestamp"])

    assert first < second


async def test_backend_is_live(backend: Service) -> None:
    """The backend is alive for the platform that would restart it."""
    answer = await backend.get("/health/live")

    assert answer.status == 200
    assert isinstance(answer.json(), dict)


async def test_backend_is_ready(backend: Service) -> None:
    """The backend is ready: database, Redis and WebSocket are all connected, none merely optional."""
    answer = await backend.get("/health/ready")

    body = answer.json()
    assert (answer.status, body["status"]) == (200, "ready")
    assert body["core_db"] == "connected"
    assert body["redis_db"] == "connected"
    assert body["websocket_readiness"]["websocket_ready"] is True


async def test_startup_is_complete(backend: Service) -> None:
    """Start-up is over and each of its checks is good."""
    answer = await backend.get("/health/startup")

    body = answer.json()
    assert (answer.status, body["status"]) == (200, "ready")
    assert set(body["checks"]) >= {"database", "redis", "websocket", "startup_module"}
    assert {name: check for name, check in body["checks"].items() if not _good(check)} == {}


async def test_backend_has_every_capability(backend: Service) -> None:
    """Agents, tools, language model, WebSocket and database are capabilities the backend has now."""
    body = (await backend.get("/health/backend")).json()

    wanted = {"agent_execution", "tool_system", "llm_integration", "websocket_integration", "database_connectivity"}
    assert set(body["capabilities"]) >= wanted
    assert {name for name in wanted if body["capabilities"][name] is not True} == set()
    assert body["golden_path_ready"] is True
    assert body["readiness_score"] == 1.0


@pytest.mark.parametrize("dependency", ["postgresql", "redis"])
async def test_dependency_is_connected(backend: Service, dependency: str) -> None:
    """Asked freshly, the backend reaches its dependency without an error, and says how long it took."""
    answer = await backend.get(READY, params={"force": "true"})

    check = answer.json()["checks"][dependency]
    assert answer.status == 200
    assert check["connected"] is True
    assert check["status"] == "healthy"
    assert check["error"] is None
    assert check["response_time_ms"] >= 0


async def test_readiness_is_healthy_as_a_whole(backend: Service) -> None:
    """The readiness of the whole is healthy, not degraded, and names this environment."""
    body = (await backend.get(READY, params={"force": "true"})).json()

    assert body["status"] == "healthy"
    assert body["uptime_seconds"] >= 0
    assert body["environment"]


async def test_forced_readiness_is_measured_anew(backend: Service) -> None:
    """A forced check is measured for this request: the uptime advances between two of them."""
    first = (await backend.get(READY, params={"force": "true"})).json()
    second = (await backend.get(READY, params={"force": "true"})).json()

    assert second["uptime_seconds"] > first["uptime_seconds"]


async def test_health_endpoints_agree_on_redis(backend: Service) -> None:
    """Readiness, start-up and the forced check tell the same about Redis."""
    ready = (await backend.get("/health/ready")).json()["redis_db"] == "connected"
    startup = _good((await backend.get("/health/startup")).json()["checks"]["redis"])
    forced = (await backend.get(READY, params={"force": "true"})).json()["checks"]["redis"]["connected"]

    assert (ready, startup, forced) == (True, True, True)


async def test_health_endpoints_agree_on_the_database(backend: Service) -> None:
    """Readiness, database health, capabilities and the forced check tell the same about PostgreSQL."""
    ready = (await backend.get("/health/ready")).json()["core_db"] == "connected"
    database = (await backend.get("/health/database")).json()["connected"]
    capability = (await backend.get("/health/backend")).json()["capabilities"]["database_connectivity"]
    forced = (await backend.get(READY, params={"force": "true"})).json()["checks"]["postgresql"]["connected"]

    assert (ready, database, capability, forced) == (True, True, True, True)


async def test_endpoints_agree_on_version_and_environment(backend: Service) -> None:
    """Health, readiness and system information speak of the same build in the same environment."""
    health = (await backend.get("/health")).json()
    ready = (await backend.get(READY, params={"force": "true"})).json()
    info = (await backend.get("/api/system/info")).json()

    assert health["version"] == ready["version"]
    assert ready["environment"] == info["environment"]


async def test_configuration_is_valid(backend: Service) -> None:
    """Every required variable is present, long enough, free of whitespace and no placeholder."""
    answer = await backend.get("/api/config/validate")

    variables = answer.json()["variables"]
    assert answer.status == 200
    assert {"JWT_SECRET_STAGING", "REDIS_HOST", "SERVICE_ID", "POSTGRES_HOST"} <= {entry["name"] for entry in variables}
    assert [entry["name"] for entry in variables if not _sound(entry)] == []


async def test_configuration_shows_no_value(backend: Service) -> None:
    """Of each variable only facts are shown: no entry holds text beside its name."""
    variables = (await backend.get("/api/config/validate")).json()["variables"]

    texts = {key for entry in variables for key, value in entry.items() if isinstance(value, str)}
    assert variables
    assert texts == {"name"}


async def test_circuit_breakers_are_closed(user: User) -> None:
    """No breaker is open: nothing behind the backend has failed repeatedly."""
    answer = await user.backend.get("/api/metrics/circuit_breakers")

    assert answer.status == 200
    assert '"open"' not in answer.text.lower()


async def test_auth_is_healthy(auth: Service) -> None:
    """The auth service is healthy."""
    answer = await auth.get("/health")

    assert (answer.status, answer.json()["status"]) == (200, "healthy")


async def test_auth_reaches_its_database(auth: Service) -> None:
    """The auth service is ready, with its database connected."""
    answer = await auth.get("/health/ready")

    assert answer.status == 200
    assert answer.json()["database_status"] == "connected"


async def test_auth_has_every_capability(auth: Service) -> None:
    """Tokens, sessions, OAuth and the database are capabilities the auth service has now."""
    body = (await auth.get("/health/auth")).json()

    wanted = {"jwt_validation", "session_management", "oauth_configured", "database_connected"}
    assert set(body["capabilities"]) >= wanted
    assert {name for name in wanted if body["capabilities"][name] is not True} == set()
    assert body["golden_path_ready"] is True


async def test_frontend_is_healthy(frontend: Service) -> None:
    """The frontend is healthy, says it is the frontend, and for how long it has been running."""
    answer = await frontend.get("/api/health")

    body = answer.json()
    assert (answer.status, body["status"], body["service"]) == (200, "healthy", "frontend")
    assert body["version"]
    assert body["uptime"] >= 0


def _good(check: object) -> bool:
    """A start-up check, told as a flag, a word, or an object with a status."""
    told = check.get("status") if isinstance(check, dict) else check
    return told is True or told in {"healthy", "ready", "connected", "ok", "complete", "completed"}


def _sound(entry: dict[str, object]) -> bool:
    return (entry["present"], entry["length_ok"], entry["has_whitespace"], entry["is_placeholder"]) == (
        True,
        True,
        False,
        False,
    )
