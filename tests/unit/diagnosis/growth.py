"""Whether reading a text costs what its length makes of it."""

import time
from collections.abc import Callable

_TIMES = 8
"""How much longer the long text is; work that grows with the square costs 64 times as much."""
_LARGEST_GROWTH = 3 * _TIMES
_LEAST_S = 1e-3
"""CPU seconds below which a measurement says nothing."""


def growth_is_linear(work: Callable[[str], object], piece: str, characters: int) -> bool:
    """Whether *work* on *characters* of *piece* costs about as much CPU time as eight times an eighth of them."""
    short, long = (piece * (length // len(piece)) for length in (characters // _TIMES, characters))
    return _cpu_s(work, long) < _LARGEST_GROWTH * max(_cpu_s(work, short), _LEAST_S)


def _cpu_s(work: Callable[[str], object], text: str) -> float:
    """The least of three measurements: what else the machine does only adds to one."""
    return min(_once_s(work, text) for _ in range(3))


def _once_s(work: Callable[[str], object], text: str) -> float:
    began_s = time.process_time()
    work(text)
    return time.process_time() - began_s
