"""One run of a command of the user's own."""

import asyncio
import errno
import os
import signal
import time
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from ci_tools.model import DependencyState
from ci_tools.probes.clients import Clients
from ci_tools.probes.sighting import Sighting
from ci_tools.questions import CommandProbe

_TAIL_BYTES = 8192
_DRAIN_S = 0.2
"""What a process wrote before its end arrives at once; what its own children still write is not waited for."""


async def run(probe: CommandProbe, clients: Clients) -> Sighting:
    """Run without a shell; nothing of it is left afterwards. *Up* is exit status 0; the text is the last line.

    *Unknown*: it could not be started, which says nothing of the deployed system.
    """
    patience_s = clients.environment.scaled(probe.timeout_s)
    started_s = time.perf_counter()
    try:
        async with _running(probe.argv) as (process, tail):
            status = await _status(process, patience_s)
            elapsed_s = time.perf_counter() - started_s
            line = await tail.last_line()
    except (OSError, ValueError) as error:
        symbol = errno.errorcode.get(getattr(error, "errno", None) or 0)
        return Sighting(state=DependencyState.UNKNOWN, code=symbol, text=f"the command did not start: {error}")
    if status is None:
        text = f"still running after {patience_s:g} s; last line: {line or 'none'}"
        return Sighting(state=DependencyState.DOWN, latency_s=elapsed_s, timed_out=True, text=text)
    state = DependencyState.DOWN if status else DependencyState.UP
    return Sighting(state=state, latency_s=elapsed_s, code=_named(status), text=line)


async def _status(process: Process, within_s: float) -> int | None:
    with suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            return await process.wait()
    return None


def _named(status: int) -> str:
    """A signal's name where one ended the process; real-time signals have numbers alone."""
    if status >= 0:
        return str(status)
    return signal.Signals(-status).name if -status in set(signal.Signals) else f"signal {-status}"


class _Tail(asyncio.Protocol):
    """The end of a stream, however much flows by."""

    def __init__(self) -> None:
        self._kept = b""
        self._ended = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self._kept = (self._kept + data)[-_TAIL_BYTES:]

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's signature
        self._ended.set()

    async def last_line(self) -> str:
        """The last line that is not blank."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_S):
                await self._ended.wait()
        lines = self._kept.decode("utf-8", "replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")


@asynccontextmanager
async def _running(argv: Sequence[str]) -> AsyncIterator[tuple[Process, _Tail]]:
    """A process with a group of its own, all of which ends with the block.

    Our own pipe, for asyncio's would be waited for as long as anybody holds it.
    """
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", buffering=0) as output:
        try:
            process = await asyncio.create_subprocess_exec(
                *argv, stdin=DEVNULL, stdout=writing, stderr=STDOUT, start_new_session=True
            )
        finally:
            os.close(writing)
        try:
            transport, tail = await asyncio.get_running_loop().connect_read_pipe(_Tail, output)
            yield process, tail
            transport.close()
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
