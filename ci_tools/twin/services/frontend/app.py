"""The frontend service: the page that a person opens, and its health."""

import html
import resource
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from ci_tools.twin.behaviours import Behaviours
from ci_tools.twin.services.application import application
from ci_tools.twin.services.web import Json, timestamp
from ci_tools.twin.settings import ServiceSettings

PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Netra</title>
</head>
<body>
<div id="root">
<h1>Netra</h1>
<p>Version <span id="version">{version}</span>, environment <span id="environment">{environment}</span>.</p>
<nav><ul>
<li><a id="login" href="{auth}/auth/login?provider=google">Sign in</a></li>
<li><a id="backend" href="{backend}/health">Service health</a></li>
</ul></nav>
</div>
</body>
</html>
"""
KIBIBYTE: Final = 1024


async def _page(request: Request) -> Response:
    settings: ServiceSettings = request.app.state.settings
    identity = settings.identity
    words = {
        "version": identity.version,
        "environment": identity.environment,
        "auth": settings.public.get("auth", ""),
        "backend": settings.public.get("backend", ""),
    }
    return HTMLResponse(PAGE.format_map({name: html.escape(word) for name, word in words.items()}))


async def _health(request: Request) -> Response:
    identity = request.app.state.settings.identity
    return Json(
        {
            "status": "healthy",
            "service": "frontend",
            "version": identity.version,
            "environment": identity.environment,
            "timestamp": timestamp(),
            "uptime": round(request.app.state.traffic.uptime_s, 3),
            "memory": {"peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIBIBYTE},
        }
    )


def create_app(settings: ServiceSettings, _behaviours: Behaviours) -> Starlette:
    """The frontend of *settings*."""
    routes = [
        Route("/", _page, methods=["GET"]),
        Route("/api/health", _health, methods=["GET"]),
        Route("/health", _health, methods=["GET"]),
    ]
    return application(routes, settings)
