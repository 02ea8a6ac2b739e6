"""The health of the backend (contract, section 2)."""

from typing import Any, Final

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ci_tools.twin.services.backend.checks import check_llm
from ci_tools.twin.services.backend.context import Backend, backend_of
from ci_tools.twin.services.backend.readiness import USABLE, redis_mode, score
from ci_tools.twin.services.health import NOT_CONFIGURED, Checked, measure
from ci_tools.twin.services.storage import pool_status
from ci_tools.twin.services.web import Json, timestamp

SERVICE: Final = "netra-ai-platform"
UNAVAILABLE: Final = 503
STAYS_READY: Final = "health.ready"
"""The defect that ``/health/ready`` stays 200 while Redis is down."""
STARTUP_FAILED: Final = "health.startup"
"""The defect that ``/health/startup`` answers 503 ``basic_health_failed`` for ever."""
ACTIVITY: Final = text(
    "SELECT count(*) FILTER (WHERE state = 'active') AS active, max(state_change) AS last "
    "FROM pg_stat_activity WHERE datname = current_database()"
)


def _identity(backend: Backend) -> dict[str, Any]:
    identity = backend.settings.identity
    return {
        "service": SERVICE,
        "version": identity.version,
        "environment": identity.environment,
        "timestamp": timestamp(),
    }


def _starting(backend: Backend) -> Response:
    startup = backend.startup
    body = {
        "status": "unhealthy",
        "message": startup.described(),
        "startup_in_progress": startup.failure is None,
        "details": {"phase": startup.phase, "error": startup.failure, "degraded_at_start": startup.degraded},
    }
    headers = {"retry-after": "1"}
    return Json({**body, **_identity(backend)}, status_code=UNAVAILABLE, headers=headers)


def _clickhouse(checked: Checked) -> str:
    if checked is NOT_CONFIGURED:
        return checked.status
    return "connected" if checked.connected else "failed"


async def _alive(request: Request) -> Response:
    backend = backend_of(request)
    if not backend.startup.complete:
        return _starting(backend)
    uptime_s = round(request.app.state.traffic.uptime_s, 3)
    return Json({"status": "healthy", **_identity(backend), "uptime_seconds": uptime_s})


async def _live(request: Request) -> Response:
    return Json({"status": "alive", **_identity(backend_of(request))})


async def _ready(request: Request) -> Response:
    backend = backend_of(request)
    if not backend.startup.complete:
        return _starting(backend)
    checks = await backend.board.read(force=True)
    mode = redis_mode(checks["redis"], backend.settings.env)
    database = checks["postgresql"].connected
    ready = database and (mode in USABLE or backend.behaviours.at(STAYS_READY) is not None)
    websocket = backend.startup.websocket_ready
    body = {
        "status": "ready" if ready else "unhealthy",
        **_identity(backend),
        "core_db": "connected" if database else "failed",
        "redis_db": mode,
        "clickhouse_db": _clickhouse(checks.get("clickhouse", NOT_CONFIGURED)),
        "websocket_readiness": {
            "status": "ready" if websocket else "starting",
            "websocket_ready": websocket,
        },
        "details": {name: checked.error for name, checked in checks.items() if checked.error},
    }
    return Json(body, status_code=200 if ready else UNAVAILABLE)


async def _startup(request: Request) -> Response:
    backend = backend_of(request)
    if backend.behaviours.at(STARTUP_FAILED):
        body = {"status": "unhealthy", "error": "basic_health_failed", **_identity(backend)}
        return Json(body, status_code=UNAVAILABLE)
    if not backend.startup.complete:
        return _starting(backend)
    checks = await backend.board.read()
    usable = {
        "database": checks["postgresql"].connected,
        "redis": redis_mode(checks["redis"], backend.settings.env) in USABLE,
        "websocket": backend.startup.websocket_ready,
        "startup_module": not backend.startup.degraded,
    }
    ready = usable["database"] and usable["redis"] and usable["websocket"]
    body = {
        "status": "ready" if ready else "unhealthy",
        **_identity(backend),
        "checks": usable,
        "details": {"phase": backend.startup.phase, "degraded_at_start": backend.startup.degraded},
    }
    return Json(body, status_code=200 if ready else UNAVAILABLE)


async def _capable(request: Request) -> Response:
    backend = backend_of(request)
    patience_s = backend.settings.durations.dependency_connect_s
    checks = await backend.board.read()
    model = await measure(check_llm(backend.llm, patience_s), 2 * patience_s)
    redis = redis_mode(checks["redis"], backend.settings.env) in USABLE
    database = checks["postgresql"].connected
    capabilities = {
        "agent_execution": backend.startup.complete and redis and model.connected,
        "tool_system": backend.startup.complete and database,
        "llm_integration": model.connected,
        "websocket_integration": backend.startup.websocket_ready,
        "database_connectivity": database,
    }
    golden = all(capabilities.values())
    body = {
        "status": "healthy" if golden else "degraded",
        **_identity(backend),
        "capabilities": capabilities,
        "readiness_score": score(capabilities),
        "golden_path_ready": golden,
        "details": {"llm": model.as_dict()},
    }
    return Json(body)


async def _database(request: Request) -> Response:
    backend = backend_of(request)
    statistics: dict[str, Any] = {"active_connections": None, "last_activity": None}

    async def ask() -> None:
        async with backend.database.connect() as connection:
            row = (await connection.execute(ACTIVITY)).one()
        statistics.update(active_connections=row.active, last_activity=row.last)

    checked = await measure(ask, backend.board.timeout_s)
    body = {
        **checked.as_dict(),
        **_identity(backend),
        "pool_status": pool_status(backend.database),
        "database_stats": statistics,
    }
    return Json(body, status_code=200 if checked.connected else UNAVAILABLE)


async def _dependencies(request: Request) -> Response:
    """The per-dependency answer: 200 whatever the dependencies do, because the checks were made."""
    backend = backend_of(request)
    if not backend.startup.complete:
        return _starting(backend)
    force = request.query_params.get("force", "").lower() in ("true", "1")
    checks: dict[str, Checked] = {"clickhouse": NOT_CONFIGURED, **await backend.board.read(force=force)}
    usable = checks["postgresql"].connected and redis_mode(checks["redis"], backend.settings.env) in USABLE
    body = {
        "status": "healthy" if usable else "degraded",
        **_identity(backend),
        "uptime_seconds": round(request.app.state.traffic.uptime_s, 3),
        "checks": {name: checked.as_dict() for name, checked in checks.items()},
    }
    return Json(body)


routes: Final = [
    Route("/health", _alive, methods=["GET"]),
    Route("/health/live", _live, methods=["GET"]),
    Route("/health/ready", _ready, methods=["GET"]),
    Route("/health/startup", _startup, methods=["GET"]),
    Route("/health/backend", _capable, methods=["GET"]),
    Route("/health/database", _database, methods=["GET"]),
    Route("/api/health", _alive, methods=["GET"]),
    Route("/api/health/ready", _dependencies, methods=["GET"]),
]
