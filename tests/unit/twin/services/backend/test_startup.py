import asyncio

from ci_tools.twin.services.backend.startup import Startup, StartupPhase


async def _answers() -> None:
    """A dependency that is there."""


async def _refuses() -> None:
    raise ConnectionRefusedError("nobody listens")


async def _silent() -> None:
    await asyncio.Event().wait()


async def test_a_start_goes_through_all_phases_to_the_end() -> None:
    """With every dependency there, the start ends complete, in its last phase, undegraded."""
    startup = Startup()
    await startup.run({StartupPhase.DATABASE: _answers}, patience_s=5.0)

    assert (startup.complete, startup.phase, startup.degraded) == (True, StartupPhase.FINALIZE, {})


async def test_a_refused_dependency_degrades_and_does_not_stop() -> None:
    """A dependency that is down is told by phase; the start completes."""
    startup = Startup()
    await startup.run({StartupPhase.CACHE: _refuses}, patience_s=5.0)

    assert startup.complete
    assert startup.degraded == {StartupPhase.CACHE: "nobody listens"}


async def test_a_silent_dependency_is_waited_for_no_longer_than_patience() -> None:
    """A dependency that never answers does not hold the start."""
    startup = Startup()
    await startup.run({StartupPhase.DATABASE: _silent}, patience_s=0.01)

    assert startup.complete
    assert startup.degraded == {StartupPhase.DATABASE: "TimeoutError"}


async def test_websockets_wait_for_the_start() -> None:
    """No WebSocket is accepted before the start is complete."""
    startup = Startup()
    before = startup.websocket_ready
    await startup.run({}, patience_s=5.0)

    assert (before, startup.websocket_ready) == (False, True)


async def test_a_vital_step_that_fails_ends_the_start_for_good() -> None:
    """A vital step that raises leaves the start in its phase, incomplete, and says why."""
    startup = Startup()
    await startup.run({}, patience_s=5.0, vital={StartupPhase.SERVICES: _refuses})

    assert (startup.complete, startup.phase) == (False, StartupPhase.SERVICES)
    assert startup.described() == "startup failed in phase SERVICES: ConnectionRefusedError: nobody listens"
