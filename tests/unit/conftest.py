"""What several unit tests share."""

import time
from collections.abc import Callable

import pytest


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
