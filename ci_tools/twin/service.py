"""One service process: ``python -m ci_tools.twin.service NAME SETTINGS.json PARENT_PID``.

It imports its code first, then waits for a line on its standard input, because its settings can only
be written once the world they tell of exists. It exits with 3 when its start fails hard.
"""

import asyncio
import importlib
import logging
import sys
from pathlib import Path

import uvicorn

from ci_tools.twin.behaviours import Behaviours
from ci_tools.twin.lifeline import die_with_parent
from ci_tools.twin.ports import bind_beside
from ci_tools.twin.processes import SERVICE_READY
from ci_tools.twin.resolver import install
from ci_tools.twin.settings import ServiceSettings

STARTUP_FAILED = 3
_GRACE_S = 1
_KEEP_ALIVE_S = 75
"""Longer than the edge keeps an idle connection, so that the edge is the one that closes."""


class _Server(uvicorn.Server):
    """A server that tells the supervisor once it accepts connections."""

    async def startup(self, *args: object, **kwargs: object) -> None:
        await super().startup(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they come
        if self.started:
            print(SERVICE_READY, flush=True)  # noqa: T201  the line that the supervisor waits for


def serve(settings_path: Path, module_name: str) -> int:
    """Serve until told to stop; the exit status."""
    settings = ServiceSettings.read(settings_path)
    install(settings.resolver)
    create_app = importlib.import_module(module_name).create_app
    app = create_app(settings, Behaviours(settings_path))
    config = uvicorn.Config(
        app,
        loop="asyncio",
        http="httptools",
        ws="websockets-sansio",
        lifespan="on",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
        backlog=1024,
    )
    server = _Server(config)
    asyncio.run(server.serve(sockets=[bind_beside(settings.port)]))
    return 0 if server.started else STARTUP_FAILED


def main(name: str, settings_path: str, parent_pid: str) -> int:
    """The service *name*, told of its world by the document at *settings_path*."""
    die_with_parent(int(parent_pid))
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    module_name = f"ci_tools.twin.services.{name}.app"
    importlib.import_module(module_name)
    if not sys.stdin.readline():
        return 0
    return serve(Path(settings_path), module_name)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
