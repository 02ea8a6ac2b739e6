"""What the platform does to a service's instances: none while nobody asks, none that uses too much memory."""

import asyncio
import os
import signal
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime

from ci_tools.twin.edge.upstream import Instance, Pool
from ci_tools.twin.memory import exceeded, used_mib
from ci_tools.twin.service_process import ServiceProcess, ServiceState
from ci_tools.twin.settings import PlatformEvent

_BETWEEN_LOOKS_S = 0.02
_MOST_EVENTS = 20
Restart = Callable[[], Awaitable[None]]


class PlatformWatch:
    """Watches one service. Its owner serialises what is done to the service by *turn*."""

    def __init__(self, service: ServiceProcess, pool: Pool, turn: asyncio.Lock, restart: Restart) -> None:
        self.events: deque[PlatformEvent] = deque(maxlen=_MOST_EVENTS)
        self._service = service
        self._pool = pool
        self._turn = turn
        self._restart = restart
        self._idle_s: float | None = None
        self._limit_mib: int | None = None
        self._watching: asyncio.Task[None] | None = None

    async def set(self, *, idle_s: float | None, limit_mib: int | None) -> None:
        """Both hold from now on; None is no limit. Called by who has the turn.

        A service that may be idle has no instance at first.
        """
        if limit_mib is None:
            self.events.clear()
        if idle_s is not None and self._idle_s is None:
            await self._scale_to_zero()
        elif idle_s is None:
            self._pool.instance = Instance.RUNNING
            self._pool.wanted.clear()
        self._idle_s, self._limit_mib = idle_s, limit_mib
        if (idle_s, limit_mib) == (None, None):
            await self.stop()
        elif self._watching is None:
            self._watching = asyncio.create_task(self._watch(), name=f"platform of {self._service.name}")

    @property
    def holds_no_instance(self) -> bool:
        """Whether the service has no instance yet: nobody asked for it, or this watch is about to start it."""
        return self._pool.instance is not Instance.RUNNING

    async def stop(self) -> None:
        """Nothing is watched."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
            self._watching = None

    async def _watch(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._pool.wanted.wait(), _BETWEEN_LOOKS_S)
            async with self._turn:
                await self._look()

    async def _look(self) -> None:
        if self._pool.wanted.is_set():
            self._pool.wanted.clear()
            await self._restart()
            self._pool.instance = Instance.RUNNING
        elif self._is_idle():
            await self._scale_to_zero()
        elif self._limit_mib is not None and (used := used_mib(self._service.pid or 0)) > self._limit_mib:
            await self._replace(exceeded(self._limit_mib, used))

    def _is_idle(self) -> bool:
        if self._idle_s is None or self._service.state is not ServiceState.HEALTHY or self._pool.busy:
            return False
        return asyncio.get_running_loop().time() - self._pool.used_at > self._idle_s

    async def _scale_to_zero(self) -> None:
        if self._service.state is ServiceState.HEALTHY:
            self._pool.instance = Instance.NONE
            await self._service.stop()

    async def _replace(self, text: str) -> None:
        """The instance is killed as it is, and the next one knows what was logged."""
        self.events.append(PlatformEvent(at=datetime.now(UTC).isoformat().replace("+00:00", "Z"), text=text))
        self._service.log_line(text)
        if self._service.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self._service.pid, signal.SIGKILL)
        await self._restart()
