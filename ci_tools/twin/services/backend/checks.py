"""The checks of the backend's dependencies, in the order in which they are started."""

import asyncio

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
_QUEUE = "health:pending"
"""A list that nobody fills: who waits for it waits as long as they chose."""


def open_board(
    settings: ServiceSettings, behaviours: Behaviours, database: AsyncEngine, cache: redis.asyncio.Redis
) -> Board:
    """The board of what the backend cannot work without, and of ClickHouse where it is configured."""
    checks: dict[str, Check] = {
        "postgresql": check_database(database),
        "redis": _redis(settings, behaviours, cache),
    }
    if host := settings.env.get("CLICKHOUSE_HOST"):
        port = int(settings.env.get("CLICKHOUSE_PORT", "8123"))
        checks["clickhouse"] = check_clickhouse(host, port)
    return Board.of(settings, checks)


def _redis(settings: ServiceSettings, behaviours: Behaviours, cache: redis.asyncio.Redis) -> Check:
    ask = check_redis(cache)

    async def check() -> None:
        behaviour = behaviours.at(BLOCKING_REDIS)
        if behaviour is not None:
            wait_blocking(settings, float(behaviour.params.get("block_s", 0.0)))
        else:
            await ask()

    return check


def wait_blocking(settings: ServiceSettings, block_s: float) -> None:
    """PING, and a wait of *block_s* for a queue, by a client that does not yield to the event loop."""
    patience_s = settings.durations.dependency_connect_s
    client = redis.Redis(
        host=settings.env["REDIS_HOST"],
        port=int(settings.env["REDIS_PORT"]),
        password=settings.env["REDIS_PASSWORD"],
        socket_connect_timeout=patience_s,
        socket_timeout=patience_s + block_s,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )
    try:
        client.ping()
        if block_s > 0:
            client.blpop([_QUEUE], timeout=block_s)
    finally:
        client.close()


def check_clickhouse(host: str, port: int) -> Check:
    """ClickHouse answers ``/ping`` of its HTTP interface."""

    async def check() -> None:
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(f"GET /ping HTTP/1.0\r\nhost: {host}\r\n\r\n".encode())
            answer = await reader.read()
        finally:
            writer.close()
        if not answer.rstrip().endswith(b"Ok."):
            raise ConnectionError(f"ClickHouse at {host}:{port} answered something else than Ok.")

    return check


def check_llm(llm: httpx.AsyncClient, patience_s: float) -> Check:
    """The language model answers HTTP; which status does not matter, because nothing is generated."""

    async def check() -> None:
        await llm.get("/", timeout=patience_s)

    return check
