"""What several unit tests share."""

import signal
import time
from collections.abc import Callable, Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def signals_heard() -> Iterator[None]:
    """Under nohup, or in a shell's background, signals are ignored, here and in all that is started here."""
    handlers = {signal.SIGHUP: signal.SIG_DFL, signal.SIGINT: signal.default_int_handler}
    ignored = [number for number in handlers if signal.getsignal(number) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, handlers[number])
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture
def eventually() -> Callable[..., None]:
    """Poll *probe* until it is true, at most *within_s* seconds; fails naming *what* otherwise."""

    def poll(probe: Callable[[], object], *, within_s: float, what: str) -> None:
        deadline = time.monotonic() + within_s
        while not probe():
            if time.monotonic() > deadline:
                pytest.fail(f"not within {within_s:g} s: {what}")
            time.sleep(0.02)

    return poll
