"""What the platform does to a service that only pretends to be a process."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable

import pytest

from ci_tools.twin.edge.upstream import Instance, Pool
from ci_tools.twin.platform_watch import PlatformWatch
from ci_tools.twin.service_process import ServiceState


class Service:
    """A service that is healthy until it is stopped, in a process that uses as much memory as this one."""

    name = "backend"

    def __init__(self) -> None:
        self.state = ServiceState.HEALTHY
        self.pid: int | None = None
        self.lines: list[str] = []

    async def stop(self) -> None:
        """No process is left."""
        self.state = ServiceState.STOPPED

    def log_line(self, text: str) -> None:
        """Keep *text*."""
        self.lines.append(text)


class World:
    """One service, its pool and its watch."""

    def __init__(self) -> None:
        self.service = Service()
        self.pool = Pool(1)
        self.turn = asyncio.Lock()
        self.restarts = 0
        self.watch = PlatformWatch(self.service, self.pool, self.turn, self.restart)  # type: ignore[arg-type]

    async def restart(self) -> None:
        """Another process serves."""
        self.restarts += 1
        self.service.state = ServiceState.HEALTHY
        self.service.pid = None

    async def set(self, *, idle_s: float | None = None, limit_mib: int | None = None) -> None:
        """Set the watch, having the turn."""
        async with self.turn:
            await self.watch.set(idle_s=idle_s, limit_mib=limit_mib)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A healthy service that nothing is wanted of."""
    made = World()
    yield made
    await made.watch.stop()


async def test_a_service_that_may_be_idle_has_no_instance_at_first(world: World) -> None:
    """Nobody has asked for it yet."""
    await world.set(idle_s=60.0)

    assert (world.pool.instance, world.service.state) == (Instance.NONE, ServiceState.STOPPED)


async def test_who_asks_gets_an_instance(world: World, eventually: Callable[..., None]) -> None:
    """A request starts one."""
    await world.set(idle_s=60.0)
    world.pool.ask_for_instance()
    await asyncio.to_thread(
        eventually, lambda: world.pool.instance is Instance.RUNNING, within_s=5.0, what="an instance runs"
    )

    assert world.restarts == 1


async def test_an_idle_instance_goes(world: World, eventually: Callable[..., None]) -> None:
    """After its idle time nobody serves."""
    await world.set(idle_s=0.05)
    world.pool.ask_for_instance()
    await asyncio.to_thread(eventually, lambda: world.restarts == 1, within_s=5.0, what="an instance runs")
    await asyncio.to_thread(
        eventually, lambda: world.pool.instance is Instance.NONE, within_s=5.0, what="the instance is gone"
    )

    assert world.service.state is ServiceState.STOPPED


async def test_what_is_set_back_runs_again_for_the_edge(world: World) -> None:
    """Without an idle time the edge takes the service for running, and no request is outstanding."""
    await world.set(idle_s=60.0)
    world.pool.ask_for_instance()
    await world.set()

    assert world.pool.instance is Instance.RUNNING
    assert not world.pool.wanted.is_set()


async def test_too_much_memory_is_logged_and_replaced(world: World, eventually: Callable[..., None]) -> None:
    """Who exceeds the limit is killed and started again, and the next one can tell why."""
    victim = await asyncio.create_subprocess_exec("sleep", "60")
    await world.set(limit_mib=0)
    world.service.pid = victim.pid
    await asyncio.to_thread(eventually, lambda: world.restarts == 1, within_s=5.0, what="it was replaced")

    assert await victim.wait() == -9
    assert [event.text for event in world.watch.events] == world.service.lines
    assert world.service.lines[0].startswith("Memory limit of 0 MiB exceeded with ")


async def test_a_limit_that_is_kept_changes_nothing(world: World) -> None:
    """Who uses less goes on."""
    world.service.pid = os.getpid()
    await world.set(limit_mib=1_000_000)
    await world.set()

    assert (world.restarts, list(world.watch.events)) == (0, [])
