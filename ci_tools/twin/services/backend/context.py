"""What the endpoints of the backend work with: one ``Backend`` at ``app.state.backend``."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx
import redis.asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from starlette.requests import HTTPConnection

from ci_tools.twin.behaviours import Behaviours
from ci_tools.twin.services.backend.checks import open_board
from ci_tools.twin.services.backend.startup import Startup
from ci_tools.twin.services.breaker import Breaker
from ci_tools.twin.services.configuration import jwt_secret
from ci_tools.twin.services.health import Board
from ci_tools.twin.services.identity import Verifier
from ci_tools.twin.services.storage import open_cache, open_database
from ci_tools.twin.settings import ServiceSettings

FAILURES_IN_A_ROW = 3


@dataclass(slots=True)
class Backend:
    """The clients and the state of one backend process; the clients connect at first use."""

    settings: ServiceSettings
    behaviours: Behaviours
    database: AsyncEngine
    cache: redis.asyncio.Redis
    llm: httpx.AsyncClient
    identity: Verifier
    breakers: Mapping[str, Breaker]
    startup: Startup
    board: Board
    leaked: list[AsyncConnection] = field(default_factory=list)
    """Connections that were taken from the pool and never given back, each in a transaction."""
    retained: list[bytes] = field(default_factory=list)
    """What runs of agents have loaded and never let go."""

    async def leak_connection(self) -> None:
        """One connection less is in the pool, until the process ends; what PostgreSQL sees is idle in transaction."""
        connection = await self.database.connect()
        self.leaked.append(connection)
        await connection.execution_options(isolation_level="READ COMMITTED")
        await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """No connection is left open."""
        for connection in self.leaked:
            await connection.close()
        await self.llm.aclose()
        await self.cache.aclose()
        await self.database.dispose()


def open_backend(settings: ServiceSettings, behaviours: Behaviours) -> Backend:
    """A backend that has not connected to anything yet.

    Raises:
        SystemExit: The configuration does not suffice to start.
    """
    secret = jwt_secret(settings.env)
    cache = open_cache(settings)
    database = open_database(settings)
    pause_s = settings.durations.dependency_connect_s
    breakers = {name: Breaker(name, FAILURES_IN_A_ROW, pause_s) for name in ("redis", "llm")}
    return Backend(
        settings=settings,
        behaviours=behaviours,
        database=database,
        cache=cache,
        llm=open_llm(settings),
        identity=Verifier(secret, cache, breakers["redis"]),
        breakers=breakers,
        startup=Startup(),
        board=open_board(settings, behaviours, database, cache),
    )


def open_llm(settings: ServiceSettings) -> httpx.AsyncClient:
    """The client of the language model; ``durations.llm_s`` bounds each step of a call.

    The empty trust store is on purpose: peers inside speak plain HTTP, and loading the system's
    certificates costs more than the rest of the start.
    """
    return httpx.AsyncClient(
        base_url=settings.peers.get("llm", ""),
        timeout=settings.durations.llm_s,
        trust_env=False,
        verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
    )


def backend_of(connection: HTTPConnection) -> Backend:
    """The backend that serves *connection*."""
    backend: Backend = connection.app.state.backend
    return backend
