"""The supervisor's end of the fork server, and the services that it forked."""

import asyncio
import json
import os
import signal
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from ci_tools.errors import TwinError
from ci_tools.twin.processes import LAST_LINES, clean_environment

_STOP_S = 0.5
_FORK_S = 20.0
_LAST_BYTES = 16_384


def last_lines(log: Path) -> list[str]:
    """The last lines of *log*, none if it does not exist."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LAST_BYTES))
            return file.read().decode(errors="replace").splitlines()[-LAST_LINES:]
    except OSError:
        return []


class Forked:
    """A forked process: whether it is ready, and how it ended."""

    def __init__(self, pid: int, log: Path) -> None:
        loop = asyncio.get_running_loop()
        self.pid = pid
        self.log = log
        self.ready: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[int] = loop.create_future()

    @property
    def running(self) -> bool:
        """Whether the process has not ended."""
        return not self.ended.done()

    async def wait_ready(self, within_s: float) -> None:
        """The process accepts connections.

        Raises:
            TwinError: It ended first, or was not ready in time; with the last lines of its log.
        """
        either: set[asyncio.Future[Any]] = {self.ready, self.ended}
        await asyncio.wait(either, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        if self.ended.done():
            raise TwinError(self.described(f"ended with status {self.ended.result()} before it was ready"))
        if not self.ready.done():
            raise TwinError(self.described(f"was not ready within {within_s:g} s"))

    def described(self, what: str) -> str:
        """*what* happened to the process, with the last lines of its log."""
        lines = "\n".join(f"  {line}" for line in last_lines(self.log)) or "  (it printed nothing)"
        return f"{self.log.stem} {what}; its last lines:\n{lines}"

    async def stop(self, grace_s: float) -> None:
        """The process has ended: by SIGTERM, or killed *grace_s* later."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self.running:
                with suppress(ProcessLookupError):
                    os.kill(self.pid, number)
                await asyncio.wait({self.ended}, timeout=grace_s)


class ForkServer:
    """The running fork server."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log
        self._asked: deque[tuple[asyncio.Future[Forked], Path]] = deque()
        self._forked: dict[int, Forked] = {}
        self._listening = asyncio.create_task(self._listen(), name="fork server")

    @classmethod
    async def start(cls, modules: Sequence[str], log: Path) -> Self:
        """A fork server imports *modules*; what is asked of it meanwhile is done afterwards."""
        with log.open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "ci_tools.twin.forkserver", str(os.getpid()), *modules),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env=clean_environment(),
                start_new_session=True,
            )
        return cls(process, log)

    async def fork(self, module: str, *, settings: Path, log: Path) -> Forked:
        """A process serves the app of *module*, told of its world by *settings*.

        Raises:
            TwinError: The fork server has ended, or does not answer.
        """
        assert self._process.stdin is not None
        answer: asyncio.Future[Forked] = asyncio.get_running_loop().create_future()
        self._asked.append((answer, log))
        request = {"module": module, "settings": str(settings), "log": str(log)}
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        either: set[asyncio.Future[Any]] = {answer, self._listening}
        await asyncio.wait(either, timeout=_FORK_S, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            lines = "\n".join(f"  {line}" for line in last_lines(self._log)) or "  (it printed nothing)"
            raise TwinError(f"the fork server did not start {log.stem}; its last lines:\n{lines}")
        return answer.result()

    async def stop(self) -> None:
        """The fork server and everything it forked have ended."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_S)
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        self._listening.cancel()
        await asyncio.gather(self._listening, return_exceptions=True)

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            self._heard(json.loads(line))
        # Its children were killed with it, and nobody is left to tell how.
        for forked in self._forked.values():
            if forked.running:
                forked.ended.set_result(-signal.SIGKILL)

    def _heard(self, message: dict[str, Any]) -> None:
        match message:
            case {"forked": int(pid)}:
                answer, log = self._asked.popleft()
                self._forked[pid] = Forked(pid, log)
                if not answer.done():
                    answer.set_result(self._forked[pid])
            case {"ready": int(pid)} if pid in self._forked:
                self._forked[pid].ready.set_result(None)
            case {"ended": int(pid), "status": int(status)} if pid in self._forked:
                self._forked.pop(pid).ended.set_result(status)
