"""One service of the twin as the supervisor sees it: a process, started, replaced and stopped."""

import asyncio
from enum import StrEnum
from pathlib import Path

from ci_tools.errors import TwinError
from ci_tools.twin.directory import write_atomically
from ci_tools.twin.forking import Forked, ForkServer
from ci_tools.twin.ports import LOOPBACK
from ci_tools.twin.settings import ServiceName, ServiceSettings

_READY_S = 20.0
_HEALTHY_S = 10.0
_STOP_S = 0.5
_BETWEEN_LOOKS_S = 0.02
_PATIENCE_S = 2.0
_OK = b"HTTP/1.1 200"
_GIVEN_UP = b'"startup_in_progress":false'
"""What a service says that answers and will never finish its start."""


class ServiceState(StrEnum):
    """What became of a service."""

    STOPPED = "stopped"
    STARTING = "starting"
    HEALTHY = "healthy"
    FAILED = "failed"


class ServiceProcess:
    """The process of one service, its document, and what became of it."""

    def __init__(self, name: ServiceName, module: str, port: int, directory: Path) -> None:
        self.name = name
        self.failure = ""
        self._module = module
        self._port = port
        self._document = directory / f"{name}.json"
        self._log = directory / f"{name}.log"
        self._state = ServiceState.STOPPED
        self._process: Forked | None = None

    @property
    def state(self) -> ServiceState:
        """What became of the service; a process that ended on its own has failed."""
        if self._state is ServiceState.HEALTHY and (self._process is None or not self._process.running):
            return ServiceState.FAILED
        return self._state

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        return self._process.pid if self._process is not None and self._process.running else None

    def log_line(self, text: str) -> None:
        """The service's log has the line *text*, which the service did not write itself."""
        with self._log.open("a", encoding="utf-8") as log:
            log.write(f"{text}\n")

    def write(self, settings: ServiceSettings) -> None:
        """The service's document says *settings*."""
        write_atomically(self._document, settings.model_dump_json())

    async def run(self, server: ForkServer) -> None:
        """The service is healthy, or has failed and says why; never raises for a service's own failure.

        One that answers and says that its start has failed goes on saying so.
        """
        self._state, self.failure = ServiceState.STARTING, ""
        process = self._process = await server.fork(self._module, settings=self._document, log=self._log)
        try:
            await process.wait_ready(_READY_S)
            if not await self._healthy(process):
                self._state, self.failure = ServiceState.FAILED, process.described("failed in a phase of its start")
                return
        except TwinError as error:
            self._state, self.failure = ServiceState.FAILED, str(error)
            await process.stop(_STOP_S)
        else:
            self._state = ServiceState.HEALTHY

    async def stop(self) -> None:
        """No process is left."""
        process, self._process = self._process, None
        self._state = ServiceState.STOPPED
        if process is not None:
            await process.stop(_STOP_S)

    async def restart(self, server: ForkServer) -> None:
        """A new process reads the document: healthy, or failed."""
        await self.stop()
        await self.run(server)

    async def _healthy(self, process: Forked) -> bool:
        """Whether its liveness came to answer 200; while it starts it answers 503 and tells the phase."""
        deadline = asyncio.get_running_loop().time() + _HEALTHY_S
        answer = b""
        while not answer.startswith(_OK):
            if not process.running or asyncio.get_running_loop().time() > deadline:
                said = answer.partition(b"\r\n")[0].decode(errors="replace") or "no answer"
                raise TwinError(process.described(f"was not healthy within {_HEALTHY_S:g} s ({said})"))
            answer = await self._asked()
            if _GIVEN_UP in answer:
                return False
            if not answer.startswith(_OK):
                await asyncio.sleep(_BETWEEN_LOOKS_S)
        return True

    async def _asked(self) -> bytes:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                reader, writer = await asyncio.open_connection(LOOPBACK, self._port)
                writer.write(b"GET /health HTTP/1.1\r\nhost: twin.internal\r\nconnection: close\r\n\r\n")
                answer = await reader.read()
                writer.close()
                return answer
        except OSError:
            return b""
