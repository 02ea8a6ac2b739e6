"""The checks of the backend's dependencies, in the order in which they are started."""

from collections.abc import Mapping

import httpx
import redis
import redis.asyncio
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy.ext.asyncio import AsyncEngine

from ci_tools.twin.behaviours import Behaviours
from ci_tools.twin.services.health import Board, Check, check_database, check_redis
from ci_tools.twin.settings import ServiceSettings

BLOCKING_REDIS = "health.blocking_redis"
"""The defect of September 2025: a synchronous client on the event loop delays every other check."""


def open_board(
    settings: ServiceSettings, behaviours: Behaviours, database: AsyncEngine, cache: redis.asyncio.Redis
) -> Board:
    """The board of what the backend cannot work without."""
    checks: Mapping[str, Check] = {
        "postgresql": check_database(database),
        "redis": _redis(settings, behaviours, cache),
    }
    return Board.of(settings, checks)


def _redis(settings: ServiceSettings, behaviours: Behaviours, cache: redis.asyncio.Redis) -> Check:
    ask = check_redis(cache)

    async def check() -> None:
        if behaviours.at(BLOCKING_REDIS):
            ping_blocking(settings)
        else:
            await ask()

    return check


def ping_blocking(settings: ServiceSettings) -> None:
    """PING by a client that does not yield to the event loop."""
    patience_s = settings.durations.dependency_connect_s
    client = redis.Redis(
        host=settings.env["REDIS_HOST"],
        port=int(settings.env["REDIS_PORT"]),
        password=settings.env["REDIS_PASSWORD"],
        socket_connect_timeout=patience_s,
        socket_timeout=patience_s,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )
    try:
        client.ping()
    finally:
        client.close()


def check_llm(llm: httpx.AsyncClient, patience_s: float) -> Check:
    """The language model answers HTTP; which status does not matter, because nothing is generated."""

    async def check() -> None:
        await llm.get("/", timeout=patience_s)

    return check
