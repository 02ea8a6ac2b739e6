"""Signals that ask a command to stop: it ends what it has begun, says what it saw, and exits with 3."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequestedError(KeyboardInterrupt):
    """A signal asked us to stop; a KeyboardInterrupt, for asyncio lets only those through."""


@contextmanager
def signals_stop(*, last: bool = False) -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP raise once; while things are being ended, further ones are not heard.

    Args:
        last: Nor are they afterwards: all that is left to do is to end, with an exit code that is known.
    """
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
            signal.signal(number, signal.SIG_IGN if last else handler)


@contextmanager
def signals_wait() -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP are heard at the end of this: what is raised within an import may get lost there.

    That holds while the process has one thread: another one would hear them.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
