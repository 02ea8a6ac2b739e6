"""Child processes of the supervisor: started, known to be ready, logged and surely ended."""

import asyncio
import os
import signal
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from ci_tools.errors import TwinError
from ci_tools.process import lifeline

LAST_LINES = 40
_CHUNK_BYTES = 65536
_LAST_WORDS_S = 0.2
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH")
_KEPT_PREFIXES = ("PYTHON", "COVERAGE_")


def clean_environment(source: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What a child may see of *source*: no proxies, no credentials of the person or the runner."""
    return {key: value for key, value in source.items() if key in _KEPT_VARIABLES or key.startswith(_KEPT_PREFIXES)}


def tied(argv: Sequence[str], *, death_signal: signal.Signals, user: str | None = None) -> list[str]:
    """*argv* so that it gets *death_signal* when this process dies; as *user* (``UID:GID``) if given."""
    who = [] if user is None else [user]
    script = str(Path(lifeline.__file__))
    return [sys.executable, "-IS", script, str(int(death_signal)), str(os.getpid()), *who, "--", *argv]


class Child:
    """A running child whose output goes to a log file and whose readiness is a line of it."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path, ready_text: bytes) -> None:
        self.name = name
        self.process = process
        self.last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._ready_text = ready_text
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._copying = asyncio.create_task(self._copy(log), name=f"log of {name}")

    @classmethod
    async def start(
        cls, name: str, argv: Sequence[str], *, log: Path, ready_text: bytes, env: Mapping[str, str]
    ) -> Self:
        """Start *argv* in a session of its own, without an input."""
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=dict(env),
            start_new_session=True,
        )
        return cls(name, process, log, ready_text)

    @property
    def running(self) -> bool:
        """Whether the process has not ended."""
        return self.process.returncode is None

    async def ready(self, within_s: float) -> None:
        """The child has said that it is ready.

        Raises:
            TwinError: It ended first, or said nothing in time; with its last lines.
        """
        done, _ = await asyncio.wait(
            {self._ready, self._copying}, timeout=within_s, return_when=asyncio.FIRST_COMPLETED
        )
        if self._ready in done:
            return
        if self._copying in done:
            status = await self.process.wait()
            raise TwinError(self.described(f"{self.name} ended with status {status} before it was ready"))
        raise TwinError(self.described(f"{self.name} was not ready within {within_s:g} s"))

    def described(self, what: str) -> str:
        """*what*, with the child's last lines."""
        lines = "\n".join(f"  {line}" for line in self.last_lines) or "  (it printed nothing)"
        return f"{what}; its last lines:\n{lines}"

    async def stop(self, first: signal.Signals, grace_s: float) -> None:
        """The process has ended: by *first*, or killed *grace_s* later."""
        if self.running:
            with suppress(ProcessLookupError):
                self.process.send_signal(first)
            try:
                await asyncio.wait_for(self.process.wait(), grace_s)
            except TimeoutError:
                with suppress(ProcessLookupError):
                    self.process.kill()
                await self.process.wait()
        # A grandchild may hold the output open; what it writes after our child's end is nobody's.
        await asyncio.wait({self._copying}, timeout=_LAST_WORDS_S)
        self._copying.cancel()
        await asyncio.gather(self._copying, return_exceptions=True)

    async def _copy(self, log: Path) -> None:
        output = self.process.stdout
        if output is None:
            return
        rest = b""
        with log.open("ab", buffering=0) as file:
            while chunk := await output.read(_CHUNK_BYTES):
                file.write(chunk)
                *lines, rest = (rest + chunk).split(b"\n")
                self._saw(lines)
        self._saw([rest] if rest else [])

    def _saw(self, lines: Sequence[bytes]) -> None:
        for line in lines:
            self.last_lines.append(line.decode(errors="replace").rstrip())
            if self._ready_text in line and not self._ready.done():
                self._ready.set_result(None)
