"""Which build this is, how its dependencies do, and what may be said of its configuration."""

import platform
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ci_tools.twin.services.backend.checks import check_llm
from ci_tools.twin.services.backend.context import backend_of
from ci_tools.twin.services.configuration import report
from ci_tools.twin.services.health import NOT_CONFIGURED, measure
from ci_tools.twin.services.web import Json, timestamp

PREFIXES: Final = ("/api", "/api/system", "")
"""The contract abbreviates the two paths below ``/api/system/info``; each reading of it is served."""


async def _info(request: Request) -> Response:
    identity = backend_of(request).settings.identity
    return Json(
        {
            "build": {"sha": identity.sha, "version": identity.version},
            "build_sha": identity.sha,
            "sha": identity.sha,
            "revision": identity.revision,
            "version": identity.version,
            "environment": identity.environment,
            "python": platform.python_version(),
            "uptime_seconds": round(request.app.state.traffic.uptime_s, 3),
            "timestamp": timestamp(),
        }
    )


async def _dependencies(request: Request) -> Response:
    backend = backend_of(request)
    patience_s = backend.settings.durations.dependency_connect_s
    checks = await backend.board.read(force=True)
    model = await measure(check_llm(backend.llm, patience_s), 2 * patience_s)
    every = {"clickhouse": NOT_CONFIGURED, **checks, "llm": model}
    required = [checked.connected for name, checked in every.items() if name != "clickhouse"]
    return Json(
        {
            "status": "healthy" if all(required) else "degraded",
            "dependencies": {name: checked.as_dict() for name, checked in every.items()},
            "timestamp": timestamp(),
        }
    )


async def _configuration(request: Request) -> Response:
    return Json({**report(backend_of(request).settings.env), "timestamp": timestamp()})


routes: Final = [
    Route("/api/system/info", _info, methods=["GET"]),
    *(Route(f"{prefix}/dependencies/status", _dependencies, methods=["GET"]) for prefix in PREFIXES),
    *(Route(f"{prefix}/config/validate", _configuration, methods=["GET"]) for prefix in PREFIXES),
]
