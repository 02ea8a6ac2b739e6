"""Signals that ask a command to stop: it ends what it has begun, says what it saw, and exits with 3."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequestedError(KeyboardInterrupt):
    """A signal asked us to stop; a KeyboardInterrupt, for asyncio lets only those through."""


@contextmanager
def signals_stop() -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP raise once; while things are being ended, further ones are not heard."""
    # Under nohup a terminal that closes is no reason to stop.
    heard = [number for number in _STOPPING if signal.getsignal(number) is not signal.SIG_IGN]

    def stop(number: int, _frame: FrameType | None) -> None:
        for name in heard:
            signal.signal(name, signal.SIG_IGN)
        raise StopRequestedError(f"{signal.Signals(number).name} was received")

    before = {number: signal.signal(number, stop) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
