"""Where the services are, and how an MCP client connects; both without authentication."""

import asyncio
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ci_tools.twin.services.backend.context import Backend, backend_of
from ci_tools.twin.services.health import measure
from ci_tools.twin.services.web import Json, timestamp

HEALTH: Final = {"auth": "/health/live", "frontend": "/api/health"}
"""The peers that are asked whether they answer; the backend knows of itself."""
SERVER: Final = "netra"
PROTOCOL_VERSION: Final = "2025-06-18"


async def _answers(backend: Backend, peer: str) -> bool:
    patience_s = backend.settings.durations.dependency_connect_s
    url = backend.settings.peers.get(peer)
    if url is None:
        return False

    async def ask() -> None:
        (await backend.llm.get(f"{url}{HEALTH[peer]}", timeout=patience_s)).raise_for_status()

    return (await measure(ask, 2 * patience_s)).connected


async def _services(request: Request) -> Response:
    backend = backend_of(request)
    answered = await asyncio.gather(*(_answers(backend, peer) for peer in HEALTH))
    status = {"backend": True, **dict(zip(HEALTH, answered, strict=True))}
    public = backend.settings.public
    services = {
        name: {"url": public.get(name, ""), "status": "available" if up else "unavailable"}
        for name, up in status.items()
    }
    services["backend"]["websocket_url"] = public.get("websocket", "")
    return Json({"services": services, "timestamp": timestamp(), "available": all(status.values())})


def _mcp(backend: Backend) -> dict[str, Any]:
    public = backend.settings.public
    http = {"url": public.get("api", ""), "headers": {"Authorization": "Bearer <token>"}}
    websocket = {"url": public.get("websocket", ""), "subprotocols": ["jwt-auth"]}
    return {
        "claude": {"mcpServers": {SERVER: {"type": "http", **http}}},
        "cursor": {"mcpServers": {SERVER: http}},
        "mcp": {"name": SERVER, "protocol_version": PROTOCOL_VERSION},
        "http": http,
        "websocket": websocket,
    }


async def _config(request: Request) -> Response:
    return Json(_mcp(backend_of(request)))


async def _servers(request: Request) -> Response:
    backend = backend_of(request)
    ready = "available" if backend.startup.complete else "starting"
    server = {
        "name": SERVER,
        "status": ready,
        "version": backend.settings.identity.version,
        "transports": ["http", "websocket"],
    }
    return Json({"data": [server], "status": "success", "timestamp": timestamp()})


routes: Final = [
    Route("/api/discovery/services", _services, methods=["GET"]),
    Route("/api/mcp/config", _config, methods=["GET"]),
    Route("/api/mcp/servers", _servers, methods=["GET"]),
]
