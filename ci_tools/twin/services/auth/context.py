"""What the endpoints of the auth service work with: one ``Auth`` at ``app.state.auth``."""

from dataclasses import dataclass

import redis.asyncio
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.requests import HTTPConnection

from ci_tools.twin.behaviours import Behaviours
from ci_tools.twin.services.auth.tokens import Issuer
from ci_tools.twin.services.breaker import Breaker
from ci_tools.twin.services.configuration import jwt_secret
from ci_tools.twin.services.health import Board, check_database, check_redis
from ci_tools.twin.services.identity import Verifier
from ci_tools.twin.services.storage import open_cache, open_database
from ci_tools.twin.settings import ServiceSettings

FAILURES_IN_A_ROW = 3


@dataclass(slots=True)
class Auth:
    """The clients and the state of one auth process; the clients connect at first use."""

    settings: ServiceSettings
    behaviours: Behaviours
    database: AsyncEngine
    cache: redis.asyncio.Redis
    issuer: Issuer
    identity: Verifier
    board: Board

    async def close(self) -> None:
        """No connection is left open."""
        await self.cache.aclose()
        await self.database.dispose()


def open_auth(settings: ServiceSettings, behaviours: Behaviours) -> Auth:
    """An auth service that has not connected to anything yet.

    Raises:
        SystemExit: The configuration does not suffice to start.
    """
    secret = jwt_secret(settings.env)
    cache = open_cache(settings)
    database = open_database(settings)
    durations = settings.durations
    checks = {"postgresql": check_database(database), "redis": check_redis(cache)}
    return Auth(
        settings=settings,
        behaviours=behaviours,
        database=database,
        cache=cache,
        issuer=Issuer(secret, settings.identity.environment, durations),
        identity=Verifier(secret, cache, Breaker("redis", FAILURES_IN_A_ROW, durations.dependency_connect_s)),
        board=Board.of(settings, checks),
    )


def auth_of(connection: HTTPConnection) -> Auth:
    """The auth service that serves *connection*."""
    auth: Auth = connection.app.state.auth
    return auth
