import asyncio
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ci_tools.twin.services.application import application
from ci_tools.twin.services.storage import HANDLERS, open_cache, open_database, pool_status, text_of
from ci_tools.twin.services.web import UnavailableError
from ci_tools.twin.settings import Pool


class ServerError(Exception):
    """An error of the driver with its SQLSTATE."""

    def __init__(self, words: str, sqlstate: str) -> None:
        super().__init__(words)
        self.sqlstate = sqlstate


def _database_error(words: str, sqlstate: str) -> DBAPIError:
    return DBAPIError("SELECT :secret", {"secret": "hunter2"}, ServerError(words, sqlstate))


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port of loopback on which nobody listens, and nobody else can."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield reserved.getsockname()[1]


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port of loopback that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_the_text_of_a_database_error_has_no_statement() -> None:
    """What PostgreSQL said is told, without the SQL and its parameters."""
    assert text_of(_database_error("too many clients already", "53300")) == "too many clients already"


async def test_a_refused_database_speaks_in_its_clients_words(
    settings_of: Callable[..., Any], closed_port: int
) -> None:
    """A refused connection names PostgreSQL, with the errno."""
    settings = settings_of("backend", {"POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": str(closed_port)})
    database = open_database(settings)

    with pytest.raises(UnavailableError) as failed:
        await database.connect()
    assert failed.value.details["dependency"] == "postgresql"
    assert "Errno 111" in failed.value.details["error"]


async def test_a_refused_cache_speaks_in_its_clients_words(settings_of: Callable[..., Any], closed_port: int) -> None:
    """A refused connection is redis-py's own error, at the first try."""
    cache = open_cache(settings_of("backend", {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(closed_port)}))

    with pytest.raises(RedisConnectionError, match=r"Error 111 connecting to 127\.0\.0\.1"):
        await cache.ping()
    await cache.aclose()


async def test_a_newline_in_the_host_is_a_resolver_error(settings_of: Callable[..., Any]) -> None:
    """The value of the environment is used as it is: a dirty address literal cannot be resolved."""
    cache = open_cache(settings_of("backend", {"REDIS_HOST": "127.0.0.1\n"}))

    with pytest.raises(RedisConnectionError, match=r"Error -2 connecting to 127\.0\.0\.1"):
        await cache.ping()
    await cache.aclose()


async def test_a_full_pool_says_so(settings_of: Callable[..., Any], silent_port: int) -> None:
    """Who finds the pool exhausted gets SQLAlchemy's text with its size, overflow and timeout."""
    settings = settings_of("backend", {"POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": str(silent_port)})
    small = Pool(size=1, max_overflow=0, timeout_s=0.05)
    database = open_database(settings.model_copy(update={"pool": small}))
    holder = asyncio.ensure_future(database.connect())
    await asyncio.wait({holder}, timeout=0.01)

    with pytest.raises(PoolTimeoutError, match="QueuePool limit of size 1 overflow 0 reached"):
        await database.connect()
    holder.cancel()
    await asyncio.wait({holder})


def test_a_fresh_pool_is_empty(settings_of: Callable[..., Any]) -> None:
    """Opening a database connects to nothing."""
    status = pool_status(open_database(settings_of()))

    assert status == {"size": 10, "idle": 0, "in_use": 0, "overflow": 0}


@pytest.mark.parametrize(
    ("error", "status", "dependency"),
    [
        (RedisConnectionError("Error 111"), 503, "redis"),
        (_database_error("too many clients already", "53300"), 503, "postgresql"),
        (_database_error("terminating connection", "57P01"), 503, "postgresql"),
        (_database_error("invalid byte sequence", "22021"), 422, None),
        (_database_error("column does not exist", "42703"), 500, None),
    ],
)
async def test_an_error_of_storage_is_answered_by_its_kind(
    settings_of: Callable[..., Any],
    client_of: Callable[..., Any],
    error: Exception,
    status: int,
    dependency: str | None,
) -> None:
    """An outage is 503 and named, a value that no column holds is 422, our own mistake is 500."""

    async def fail(_: Request) -> Response:
        raise error

    async with client_of(application([Route("/", fail)], settings_of(), handlers=HANDLERS)) as client:
        answer = await client.get("/")

    assert answer.status_code == status
    assert answer.json()["details"].get("dependency") == dependency
    assert "hunter2" not in answer.text


def test_statements_are_hidden_from_errors(settings_of: Callable[..., Any]) -> None:
    """The engine keeps parameters out of its errors and logs."""
    database = open_database(settings_of())

    assert database.sync_engine.hide_parameters
