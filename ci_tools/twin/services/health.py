"""Measured checks of real dependencies: concurrent, each within its own time, errors word for word."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import redis.asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from ci_tools.twin.services.storage import STATEMENT_SHARE, text_of
from ci_tools.twin.settings import ServiceSettings

LOG = logging.getLogger(__name__)

Check = Callable[[], Awaitable[object]]
"""Returns once the dependency has answered; raises what its client raises."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What one check saw. ``response_time_ms`` is measured on failure too; None: never asked."""

    status: str
    connected: bool
    response_time_ms: float | None
    error: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The entry of ``checks``."""
        return {
            "status": self.status,
            "connected": self.connected,
            "response_time_ms": self.response_time_ms,
            "error": self.error,
        }


NOT_CONFIGURED: Final = Checked("skipped_optional", connected=False, response_time_ms=None)
"""An optional dependency that this environment does not have."""


async def measure(check: Check, timeout_s: float) -> Checked:
    """What *check* saw within *timeout_s*."""
    began = time.perf_counter()
    error: str | None = None
    try:
        async with asyncio.timeout(timeout_s) as limit:
            await check()
    except Exception as raised:  # noqa: BLE001 - whatever a client raises is what health tells
        error = f"no answer within {timeout_s:g} s" if limit.expired() else text_of(raised)
    elapsed_ms = round((time.perf_counter() - began) * 1000, 2)
    if error is None:
        return Checked("healthy", connected=True, response_time_ms=elapsed_ms)
    return Checked("unhealthy", connected=False, response_time_ms=elapsed_ms, error=error)


def check_database(database: AsyncEngine) -> Check:
    """A connection of the pool answers ``SELECT 1``."""

    async def check() -> None:
        async with database.connect() as connection:
            await connection.execute(text("SELECT 1"))

    return check


def check_redis(cache: redis.asyncio.Redis) -> Check:
    """Redis answers PING."""

    async def check() -> None:
        await cache.ping()

    return check


@dataclass(slots=True)
class Board:
    """The checks of one service. What was seen is told again for *cache_s* unless force is used."""

    checks: Mapping[str, Check]
    timeout_s: float
    cache_s: float
    _seen: dict[str, Checked] = field(default_factory=dict)
    _seen_at: float | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _reading: asyncio.Task[dict[str, Checked]] | None = None

    @classmethod
    def of(cls, settings: ServiceSettings, checks: Mapping[str, Check]) -> "Board":
        """The board of a service; a check outlasts its client's own limits, so that these speak first."""
        durations = settings.durations
        timeout_s = 2 * STATEMENT_SHARE * durations.dependency_connect_s + settings.pool.timeout_s
        return cls(checks, timeout_s=timeout_s, cache_s=durations.health_cache_s)

    async def read(self, *, force: bool = False) -> dict[str, Checked]:
        """Every check, measured concurrently now or at most ``cache_s`` ago."""
        if force:
            return await self._measure()
        async with self._turn:
            if self._seen_at is not None and time.monotonic() - self._seen_at < self.cache_s:
                return self._seen
            return await self._measure()

    async def _measure(self) -> dict[str, Checked]:
        found = await asyncio.gather(*(measure(check, self.timeout_s) for check in self.checks.values()))
        self._seen = dict(zip(self.checks, found, strict=True))
        for name, checked in self._seen.items():
            if checked.error is not None:
                LOG.warning("check of %s failed after %s ms: %s", name, checked.response_time_ms, checked.error)
        self._seen_at = time.monotonic()
        return self._seen

    async def glance(self, patience_s: float) -> Mapping[str, Checked]:
        """What is known after at most *patience_s*; the reading goes on for the next who asks."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self.read())
        await asyncio.wait({self._reading}, timeout=patience_s)
        return self._seen

    @property
    def seen(self) -> Mapping[str, Checked]:
        """What was seen last; empty before the first reading."""
        return self._seen
