"""The clients of PostgreSQL and Redis: bounded, without hidden retries, errors in their own words.

Values of the environment are used as they are: a service that strips them would hide the
configuration faults that this project must recognise.
"""

from collections.abc import Mapping
from typing import Any

import asyncpg
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from sqlalchemy import Select, event, func, select
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from starlette.requests import Request
from starlette.responses import Response

from ci_tools.twin.services.application import Handlers
from ci_tools.twin.services.web import ApiError, InvalidError, Page, UnavailableError, refuse
from ci_tools.twin.settings import ServiceSettings

STATEMENT_SHARE = 6.0
"""A statement or a connection to PostgreSQL may take this many times ``dependency_connect_s``."""
DISCONNECTED = ("08", "53", "57P")
"""SQLSTATE prefixes that speak of the server, not of the statement: connection, resources, shutdown."""
DATA_EXCEPTION = "22"
"""SQLSTATE class of values that no column can hold, for instance a text with a NUL."""
CONNECT_ERRORS = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


def text_of(error: BaseException) -> str:
    """What *error* says, in the words of the library that raised it, without SQL or parameters."""
    if isinstance(error, UnavailableError):
        return str(error.details["error"])
    origin = error.orig if isinstance(error, DBAPIError) and error.orig else error
    cause = origin.__cause__ if isinstance(error, DBAPIError) and origin.__cause__ else origin
    return str(cause) or type(cause).__name__


def open_database(settings: ServiceSettings) -> AsyncEngine:
    """A pool of ``settings.pool``; it connects at first use.

    Single statements commit themselves (``AUTOCOMMIT``: half the round trips); who needs a
    transaction asks for ``execution_options(isolation_level="READ COMMITTED")``.
    """
    env = settings.env
    patience_s = settings.durations.dependency_connect_s * STATEMENT_SHARE

    async def connect() -> Any:
        try:
            return await asyncpg.connect(
                host=env["POSTGRES_HOST"],
                port=int(env["POSTGRES_PORT"]),
                database=env["POSTGRES_DB"],
                user=env["POSTGRES_USER"],
                password=env["POSTGRES_PASSWORD"],
                ssl=False,
                timeout=patience_s,
                command_timeout=patience_s,
                server_settings={"application_name": settings.service, "jit": "off"},
            )
        except CONNECT_ERRORS as error:
            raise UnavailableError("postgresql", text_of(error)) from error

    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_size=settings.pool.size,
        max_overflow=settings.pool.max_overflow,
        pool_timeout=settings.pool.timeout_s,
        pool_use_lifo=True,  # the connection used last has its statements prepared: half the round trips
        hide_parameters=True,
        isolation_level="AUTOCOMMIT",
    )
    event.listen(engine.sync_engine, "checkout", _replace_closed)
    event.listen(engine.sync_engine, "handle_error", _name_timeout)
    return engine


def _replace_closed(_adapted: object, record: ConnectionPoolEntry, _proxy: object) -> None:
    """A connection that the server closed while it was idle is replaced, at no round trip."""
    driver: Any = record.driver_connection
    if driver is not None and driver.is_closed():
        raise DisconnectionError("closed while idle")


def open_cache(settings: ServiceSettings) -> redis.asyncio.Redis:
    """A Redis client that answers or fails within ``dependency_connect_s``; it connects at first use."""
    env = settings.env
    patience_s = settings.durations.dependency_connect_s
    return redis.asyncio.Redis(
        host=env["REDIS_HOST"],
        port=int(env["REDIS_PORT"]),
        password=env["REDIS_PASSWORD"],
        socket_connect_timeout=patience_s,
        socket_timeout=patience_s,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
        protocol=2,
    )


def _name_timeout(context: ExceptionContext) -> None:
    """Asyncpg's own timeout of a statement comes unwrapped; nobody above could tell whose it was."""
    if isinstance(context.original_exception, TimeoutError):
        raise UnavailableError("postgresql", text_of(context.original_exception))


def pool_status(database: AsyncEngine) -> dict[str, int]:
    """Connections of this process: the pool's size, and how many are idle, in use and beyond the size."""
    pool: Any = database.pool
    return {
        "size": pool.size(),
        "idle": pool.checkedin(),
        "in_use": pool.checkedout(),
        "overflow": max(0, pool.overflow()),
    }


def _unavailable(error: Exception) -> ApiError:
    if isinstance(error, RedisError):
        return UnavailableError("redis", text_of(error))
    if isinstance(error, DBAPIError) and _state(error).startswith(DATA_EXCEPTION):
        return InvalidError("invalid request: a value that cannot be stored")
    if isinstance(error, DBAPIError) and not _is_outage(error):
        return ApiError(f"unexpected {type(error).__name__}")
    return UnavailableError("postgresql", text_of(error))


def _state(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlstate", None) or "")


def _is_outage(error: DBAPIError) -> bool:
    state = _state(error)
    return error.connection_invalidated or not state or state.startswith(DISCONNECTED)


def _told(request: Request, error: Exception) -> Response:
    return refuse(request, _unavailable(error))


HANDLERS: Handlers = dict.fromkeys((DBAPIError, PoolTimeoutError, RedisError), _told)
"""An endpoint whose dependency fails answers 503 and names it."""


def values(row: Any) -> dict[str, Any]:
    """One row of a result as column → value."""
    mapping: Mapping[str, Any] = row._mapping  # noqa: SLF001 - SQLAlchemy's documented accessor
    return dict(mapping)


async def fetch_page(database: AsyncEngine, query: Select[Any], page: Page) -> dict[str, Any]:
    """*page* of what *query* finds; the total is only asked for when the rows do not tell it."""
    async with database.connect() as connection:
        found = await connection.execute(query.limit(page.limit).offset(page.offset))
        rows = [values(row) for row in found]
        if 0 < len(rows) < page.limit:
            return page.of(rows, page.offset + len(rows))
        total = await connection.scalar(select(func.count()).select_from(query.order_by(None).subquery()))
    return page.of(rows, int(total or 0))
