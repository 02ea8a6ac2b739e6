"""The health of the auth service (contract, section 2)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ci_tools.twin.services.auth.context import Auth, auth_of
from ci_tools.twin.services.auth.oauth import configured
from ci_tools.twin.services.auth.tokens import Account, Session
from ci_tools.twin.services.health import Checked
from ci_tools.twin.services.identity import decode
from ci_tools.twin.services.web import Json, UnauthenticatedError, timestamp

SERVICE: Final = "auth-service"
UNAVAILABLE: Final = 503


def _body(auth: Auth, request: Request, status: str, checks: Mapping[str, Checked]) -> dict[str, Any]:
    identity = auth.settings.identity
    return {
        "status": status,
        "service": SERVICE,
        "version": identity.version,
        "environment": identity.environment,
        "timestamp": timestamp(),
        "uptime_seconds": round(request.app.state.traffic.uptime_s, 3),
        "database_status": _word(checks.get("postgresql")),
        "redis_status": _word(checks.get("redis")),
    }


def _word(checked: Checked | None) -> str:
    if checked is None:
        return "unknown"
    return "connected" if checked.connected else "disconnected"


def _validates(auth: Auth) -> bool:
    """A token issued now holds now."""
    nobody = Account(user_id="health", email="", permissions=())
    token = auth.issuer.access(nobody, Session("health", "health"), uuid4().hex, datetime.now(UTC))
    try:
        return bool(decode(token, auth.issuer.secret))
    except UnauthenticatedError:
        return False


async def _alive(request: Request) -> Response:
    auth = auth_of(request)
    checks = await auth.board.glance(auth.settings.durations.dependency_connect_s)
    return Json(_body(auth, request, "healthy", checks))


async def _ready(request: Request) -> Response:
    auth = auth_of(request)
    checks = await auth.board.read(force=True)
    ready = checks["postgresql"].connected
    body = _body(auth, request, "ready" if ready else "unhealthy", checks)
    details = {name: checked.as_dict() for name, checked in checks.items()}
    return Json({**body, "checks": details}, status_code=200 if ready else UNAVAILABLE)


async def _capable(request: Request) -> Response:
    auth = auth_of(request)
    checks = await auth.board.read(force=True)
    capabilities = {
        "jwt_validation": _validates(auth),
        "session_management": checks["postgresql"].connected and checks["redis"].connected,
        "oauth_configured": configured(auth.settings.env, "google"),
        "database_connected": checks["postgresql"].connected,
    }
    golden = all(capabilities.values())
    score = sum(capabilities.values()) / len(capabilities)
    body = _body(auth, request, "healthy" if golden else "degraded", checks)
    return Json({**body, "capabilities": capabilities, "readiness_score": score, "golden_path_ready": golden})


routes: Final = [
    Route("/health", _alive, methods=["GET"]),
    Route("/health/live", _alive, methods=["GET"]),
    Route("/health/ready", _ready, methods=["GET"]),
    Route("/health/auth", _capable, methods=["GET"]),
]
