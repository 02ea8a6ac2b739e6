"""A service as its supervisor sees it, with a small service of the test's own."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from ci_tools.twin.forking import ForkServer
from ci_tools.twin.service_process import ServiceProcess, ServiceState
from ci_tools.twin.settings import Behaviour, Identity, ServiceSettings

MODULE = "watched_service"
CODE = """
import os

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route


def create_app(settings, behaviours):
    if settings.env["mode"] == "hard":
        raise SystemExit(3)
    asked = []

    async def health(request):
        asked.append(1)
        status = 503 if settings.env["mode"] == "slow" and len(asked) < 3 else 200
        on = behaviours.at("x") is not None
        if settings.env["mode"] == "given up":
            return JSONResponse({"pid": os.getpid(), "startup_in_progress": False}, status_code=503)
        return JSONResponse({"pid": os.getpid(), "mode": settings.env["mode"], "on": on}, status_code=status)

    return Starlette(routes=[Route("/health", health)])
"""


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[ForkServer]:
    """A fork server that has imported the service."""
    (tmp_path / f"{MODULE}.py").write_text(CODE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    running = await ForkServer.start([MODULE], tmp_path / "forkserver.log")
    yield running
    await running.stop()


@pytest.fixture
async def service(server: ForkServer, port: int, tmp_path: Path) -> AsyncIterator[ServiceProcess]:
    """A service that is not yet running, and is stopped before *server* is."""
    assert server
    made = ServiceProcess("backend", MODULE, port, tmp_path)
    yield made
    await made.stop()


def settings(port: int, mode: str, *behaviours: Behaviour) -> ServiceSettings:
    """The service's document."""
    identity = Identity(sha="s", revision="r", version="1")
    return ServiceSettings(service="backend", port=port, env={"mode": mode}, identity=identity, behaviours=behaviours)


async def health(port: int) -> dict[str, object]:
    """What the service says of itself."""
    async with httpx.AsyncClient(trust_env=False) as client:
        said: dict[str, object] = (await client.get(f"http://127.0.0.1:{port}/health")).json()
    return said


async def test_a_running_service_is_healthy(server: ForkServer, service: ServiceProcess, port: int) -> None:
    """Run returns once the service answers."""
    service.write(settings(port, "well"))
    await service.run(server)

    assert service.state is ServiceState.HEALTHY
    assert (await health(port))["mode"] == "well"


async def test_a_slow_start_is_waited_for(server: ForkServer, service: ServiceProcess, port: int) -> None:
    """While liveness says 503 the service is still starting."""
    service.write(settings(port, "slow"))
    await service.run(server)

    assert service.state is ServiceState.HEALTHY


async def test_a_failed_start_is_a_state(server: ForkServer, service: ServiceProcess, port: int) -> None:
    """A service that fails hard is failed, with its reason, and raises nothing."""
    service.write(settings(port, "hard"))
    await service.run(server)

    assert service.state is ServiceState.FAILED
    assert "status 3" in service.failure


async def test_a_start_that_was_given_up_goes_on_telling_so(
    server: ForkServer, service: ServiceProcess, port: int
) -> None:
    """A service that answers that its start has failed is failed, and still answers."""
    service.write(settings(port, "given up"))
    await service.run(server)

    assert service.state is ServiceState.FAILED
    assert service.pid == (await health(port))["pid"]


async def test_a_restart_reads_the_document_again(server: ForkServer, service: ServiceProcess, port: int) -> None:
    """A new process knows the new document, on the same port."""
    service.write(settings(port, "well"))
    await service.run(server)
    before = await health(port)
    service.write(settings(port, "better"))
    await service.restart(server)
    after = await health(port)

    assert after["mode"] == "better"
    assert after["pid"] != before["pid"]


async def test_a_behaviour_is_read_live(server: ForkServer, service: ServiceProcess, port: int) -> None:
    """A behaviour is on as soon as the document says so, in the same process."""
    service.write(settings(port, "well"))
    await service.run(server)
    before = await health(port)
    service.write(settings(port, "well", Behaviour(point="x")))
    after = await health(port)

    assert (before["on"], after["on"]) == (False, True)
    assert before["pid"] == after["pid"]


async def test_a_stopped_service_refuses(server: ForkServer, service: ServiceProcess, port: int) -> None:
    """After stop the port refuses, and stays reserved."""
    service.write(settings(port, "well"))
    await service.run(server)
    await service.stop()

    assert service.state is ServiceState.STOPPED
    with pytest.raises(httpx.ConnectError):
        await health(port)


async def test_a_service_that_dies_has_failed(
    server: ForkServer, service: ServiceProcess, port: int, eventually: Callable[..., None]
) -> None:
    """A healthy service that ends on its own is no longer called healthy."""
    service.write(settings(port, "well"))
    await service.run(server)
    pid = int(str((await health(port))["pid"]))
    os.kill(pid, signal.SIGKILL)
    await asyncio.to_thread(
        eventually, lambda: service.state is ServiceState.FAILED, within_s=5.0, what="the death is noticed"
    )

    assert service.state is ServiceState.FAILED
