"""The fork server with a small service of the test's own (both ends, over real processes)."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import psutil
import pytest

from ci_tools.errors import TwinError
from ci_tools.twin.forking import ForkServer, last_lines
from ci_tools.twin.settings import Behaviour, Identity, ServiceSettings
from tests.unit.processes import running

MODULE = "small_service"
CODE = """
import os
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route


def create_app(settings, behaviours):
    if settings.env["mode"] == "hard":
        print("variable X is missing", flush=True)
        raise SystemExit(3)

    @asynccontextmanager
    async def lifespan(app):
        if settings.env["mode"] == "soft":
            raise RuntimeError("no database")
        yield

    async def health(request):
        status = 503 if settings.env["mode"] == "sick" else 200
        on = behaviours.at("x") is not None
        return JSONResponse({"pid": os.getpid(), "mode": settings.env["mode"], "on": on}, status_code=status)

    return Starlette(routes=[Route("/health", health)], lifespan=lifespan)
"""


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder with the service's code, which child processes can import."""
    (tmp_path / f"{MODULE}.py").write_text(CODE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path


@pytest.fixture
async def server(folder: Path) -> AsyncIterator[ForkServer]:
    """A fork server that has imported the service."""
    running = await ForkServer.start([MODULE], folder / "forkserver.log")
    yield running
    await running.stop()


def settings(port: int, mode: str, behaviours: tuple[Behaviour, ...] = ()) -> ServiceSettings:
    """The service's document."""
    return ServiceSettings(
        service="backend",
        port=port,
        env={"mode": mode},
        identity=Identity(sha="s", revision="r", version="1"),
        behaviours=behaviours,
    )


def written(folder: Path, document: ServiceSettings) -> Path:
    """The file that holds *document*."""
    path = folder / "settings.json"
    path.write_text(document.model_dump_json())
    return path


def health(port: int) -> dict[str, object]:
    """What the service says of itself."""
    said: dict[str, object] = httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False).json()
    return said


async def test_a_forked_service_serves(server: ForkServer, folder: Path, port: int) -> None:
    """The forked process reads its document, answers on its port and ends when told."""
    forked = await server.fork(MODULE, settings=written(folder, settings(port, "well")), log=folder / "log")
    await forked.wait_ready(10.0)
    said = await asyncio.to_thread(health, port)
    await forked.stop(5.0)

    assert said["pid"] == forked.pid
    assert not psutil.pid_exists(forked.pid)


async def test_a_hard_failure_exits_3(server: ForkServer, folder: Path, port: int) -> None:
    """A service without its configuration ends with 3, and the error holds its last words."""
    forked = await server.fork(MODULE, settings=written(folder, settings(port, "hard")), log=folder / "log")

    with pytest.raises(TwinError, match=r"(?s)ended with status 3 before it was ready.*variable X is missing"):
        await forked.wait_ready(10.0)


async def test_a_failed_start_exits_3(server: ForkServer, folder: Path, port: int) -> None:
    """A service whose start raises ends with 3 as well."""
    forked = await server.fork(MODULE, settings=written(folder, settings(port, "soft")), log=folder / "log")

    with pytest.raises(TwinError, match=r"(?s)ended with status 3.*no database"):
        await forked.wait_ready(10.0)


async def test_services_end_with_the_fork_server(
    server: ForkServer, folder: Path, port: int, eventually: Callable[..., None]
) -> None:
    """Killing the fork server kills what it forked, and that is told."""
    forked = await server.fork(MODULE, settings=written(folder, settings(port, "well")), log=folder / "log")
    await forked.wait_ready(10.0)
    server._process.send_signal(signal.SIGKILL)
    await asyncio.to_thread(eventually, lambda: not running([forked.pid]), within_s=5.0, what="it is gone")
    status = await asyncio.wait_for(forked.ended, 5.0)

    assert status == -signal.SIGKILL


async def test_a_fork_server_that_cannot_import_says_why(folder: Path) -> None:
    """A missing module is told with the import error."""
    server = await ForkServer.start(["no_such_service"], folder / "forkserver.log")

    with pytest.raises(TwinError, match="No module named 'no_such_service'"):
        await server.fork("no_such_service", settings=folder / "x", log=folder / "log")
    await server.stop()


def test_a_missing_log_has_no_lines(tmp_path: Path) -> None:
    """Who logged nothing has no last lines."""
    assert last_lines(tmp_path / "none") == []
