"""One service process: ``python -m ci_tools.twin.service backend|auth|frontend SETTINGS.json``.

The supervisor's services run the same code, forked from a process that has imported it
(:mod:`ci_tools.twin.forkserver`). A service whose start fails hard exits with 3.
"""

import asyncio
import importlib
import logging
import sys
from collections.abc import Callable
from pathlib import Path

# httpx's command line would import rich; without it httpx goes on, a quarter of a second sooner.
sys.modules.setdefault("rich", None)  # type: ignore[arg-type]  # documented: None makes the import fail

import uvicorn  # noqa: E402  after the line above, for the same reason

from ci_tools.twin.behaviours import Behaviours  # noqa: E402  as above
from ci_tools.twin.documents import module_of  # noqa: E402  as above
from ci_tools.twin.memory import confine  # noqa: E402  as above
from ci_tools.twin.ports import bind_beside  # noqa: E402  as above
from ci_tools.twin.resolver import install  # noqa: E402  as above
from ci_tools.twin.services.recorder import Recorder  # noqa: E402  as above
from ci_tools.twin.settings import ServiceSettings  # noqa: E402  as above

STARTUP_FAILED = 3
_GRACE_S = 1
_KEEP_ALIVE_S = 75
"""Longer than the edge keeps an idle connection, so that the edge is the one that closes."""


class _Server(uvicorn.Server):
    """A server that tells once it accepts connections."""

    def __init__(self, config: uvicorn.Config, tell_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell_ready = tell_ready

    async def startup(self, *args: object, **kwargs: object) -> None:
        await super().startup(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they come
        if self.started:
            self._tell_ready()


def serve(settings_path: Path, module_name: str, tell_ready: Callable[[], None]) -> int:
    """Serve the app of *module_name* until told to stop; the exit status."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = ServiceSettings.read(settings_path)
    logging.getLogger().addHandler(Recorder.of(settings))
    install(settings.resolver)
    if settings.memory_limit_mib is not None:
        confine(settings.memory_limit_mib)
    app = importlib.import_module(module_name).create_app(settings, Behaviours(settings_path))
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
    server = _Server(config, tell_ready)
    asyncio.run(server.serve(sockets=[bind_beside(settings.port)]))
    return 0 if server.started else STARTUP_FAILED


def main(name: str, settings_path: str) -> int:
    """The service *name*, told of its world by the document at *settings_path*."""
    return serve(Path(settings_path), module_of(name), lambda: None)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
