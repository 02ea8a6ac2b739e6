"""What the tests of the services share: settings, and clients of an application in this process."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import httpx
import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from starlette.applications import Starlette

from ci_tools.twin.services.configuration import LEAST_LENGTHS
from ci_tools.twin.settings import Durations, Identity, ServiceName, ServiceSettings

SECRET = "s3cr3t-of-nobody-with-at-least-32-characters"


@pytest.fixture
def env() -> dict[str, str]:
    """An environment in which every variable is sound."""
    sound = {name: f"value-of-{name.lower()}-{'0' * 32}" for name in LEAST_LENGTHS}
    return sound | {"JWT_SECRET_STAGING": SECRET, "REDIS_PORT": "6379", "POSTGRES_PORT": "5432"}


@pytest.fixture
def settings_of(env: dict[str, str]) -> Callable[..., ServiceSettings]:
    """Settings of one service in that environment, or another."""

    def make(service: ServiceName = "backend", changed: Mapping[str, str | None] | None = None) -> ServiceSettings:
        merged = env | dict(changed or {})
        return ServiceSettings(
            service=service,
            port=1,
            env={name: value for name, value in merged.items() if value is not None},
            identity=Identity(sha="a" * 40, revision="twin-1", version="1.2.3"),
            public={"frontend": "https://app.twin.localhost:1", "auth": "https://auth.twin.localhost:1"},
            durations=Durations(dependency_connect_s=0.5),
        )

    return make


@pytest.fixture
def client_of() -> Callable[[Starlette], AbstractAsyncContextManager[httpx.AsyncClient]]:
    """A client that calls an application in this process; no socket is opened."""

    @asynccontextmanager
    async def open_client(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            yield client

    return open_client


class MemoryCache:
    """The three calls of Redis that tokens need, in a dict; *error* stands for an outage."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[str, int]] = {}
        self.error: RedisConnectionError | None = None
        self.asked = 0

    async def exists(self, key: str) -> int:
        """How many of one key exist."""
        self.asked += 1
        if self.error:
            raise self.error
        return int(key in self.kept)

    async def set(self, key: str, value: str, *, ex: int) -> None:
        """Keep *value*; the life in seconds is kept beside it."""
        if self.error:
            raise self.error
        self.kept[key] = (value, ex)


@pytest.fixture
def cache() -> MemoryCache:
    """A cache that answers until its ``error`` is set."""
    return MemoryCache()


@pytest.fixture
def outage() -> RedisConnectionError:
    """What redis-py raises when nobody listens."""
    return RedisConnectionError("Error 111 connecting to 127.0.0.1:6379. Connection refused.")
