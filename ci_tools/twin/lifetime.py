"""How long a twin lives: until it is told to stop, or whoever started it is gone."""

import asyncio
import os
import signal
import stat
import sys


class Lifetime:
    """An event that is set when the twin should end."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self._parent: int | None = None

    def begin(self) -> None:
        """Signals, the end of the standard input, and the parent's death all end the twin."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self.over.set)
        if _tells_of_its_end(sys.stdin.fileno()):
            os.set_blocking(sys.stdin.fileno(), False)
            loop.add_reader(sys.stdin.fileno(), self._read)
            self._watch_parent(loop)

    def end(self) -> None:
        """Nothing is watched any more."""
        if self._parent is not None:
            asyncio.get_running_loop().remove_reader(self._parent)
            os.close(self._parent)
            self._parent = None

    def _read(self) -> None:
        try:
            data = os.read(sys.stdin.fileno(), 4096)
        except BlockingIOError:
            return
        if not data:
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            self.over.set()

    def _watch_parent(self, loop: asyncio.AbstractEventLoop) -> None:
        """A child of the parent may hold our input open; the parent's own end is seen in any case."""
        if sys.platform != "linux":
            return
        try:
            self._parent = os.pidfd_open(os.getppid())
        except OSError:
            return
        loop.add_reader(self._parent, self.over.set)


def _tells_of_its_end(descriptor: int) -> bool:
    """A pipe or terminal ends with whoever holds it; ``/dev/null`` has ended before it began."""
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(descriptor)
