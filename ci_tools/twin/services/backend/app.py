"""The backend service: the routes of its modules behind the gate of its start."""

import asyncio
import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy import text
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from ci_tools.twin.behaviours import Behaviours
from ci_tools.twin.services.application import application
from ci_tools.twin.services.backend import (
    agents,
    corpus,
    discovery,
    health,
    monitoring,
    streaming,
    system,
    threads,
    tools,
    users,
    websocket,
)
from ci_tools.twin.services.backend.context import Backend, open_backend
from ci_tools.twin.services.backend.startup import Startup, StartupPhase
from ci_tools.twin.services.configuration import require
from ci_tools.twin.services.storage import HANDLERS
from ci_tools.twin.services.web import ApiError, refuse
from ci_tools.twin.settings import ServiceSettings

MODULES: Final = (
    health,
    system,
    discovery,
    monitoring,
    threads,
    users,
    corpus,
    agents,
    tools,
    streaming,
    websocket,
)
OPEN: Final = ("/health", "/api/health", "/api/system")
"""What is answered before the start is complete, and when it never will be."""


REGISTRY: Final = "ci_tools.twin.agents.roster"
"""The module that knows the agents; ``AGENT_REGISTRY_MODULE`` names another."""


class StartingError(ApiError):
    """The service has not finished its start."""

    status = 503
    code = "SERVICE_STARTING"
    user_message = "We are starting. Please try again in a moment."


class StartupFailedError(ApiError):
    """The service will not finish its start."""

    status = 503
    code = "STARTUP_FAILED"
    user_message = "This is temporarily unavailable. Please try again later."


class StartupGate:
    """Until the start is complete only health and facts are told; WebSockets decide for themselves."""

    def __init__(self, app: ASGIApp, startup: Startup) -> None:
        self.app = app
        self.startup = startup

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102
        if self.startup.complete or scope["type"] != "http" or scope["path"].startswith(OPEN):
            await self.app(scope, receive, send)
            return
        refusal = StartingError if self.startup.failure is None else StartupFailedError
        error = refusal(self.startup.described())
        error.headers["retry-after"] = "1"
        await refuse(HTTPConnection(scope), error)(scope, receive, send)


async def start(backend: Backend) -> None:
    """The dependencies were tried and the service says that it is ready, or in which phase it failed."""

    async def database() -> None:
        async with backend.database.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def cache() -> None:
        await backend.cache.ping()

    async def agents_known() -> None:
        importlib.import_module(backend.settings.env.get("AGENT_REGISTRY_MODULE", REGISTRY))

    steps = {StartupPhase.DATABASE: database, StartupPhase.CACHE: cache}
    vital = {StartupPhase.SERVICES: agents_known}
    await backend.startup.run(steps, backend.settings.durations.dependency_connect_s, vital)


def create_app(settings: ServiceSettings, behaviours: Behaviours) -> Starlette:
    """The backend of *settings*.

    Raises:
        SystemExit: Status 3: the configuration does not suffice to start.
    """
    require(settings)
    backend = open_backend(settings, behaviours)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        starting = asyncio.create_task(start(backend))
        try:
            yield
        finally:
            starting.cancel()
            await backend.close()

    routes = [route for module in MODULES for route in module.routes]
    gate = Middleware(StartupGate, startup=backend.startup)
    app = application(routes, settings, lifespan=lifespan, handlers=HANDLERS, inside=[gate])
    app.state.backend = backend
    app.state.identity = backend.identity
    return app
