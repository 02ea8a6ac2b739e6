"""Waiting for what comes about by itself."""

import asyncio
import time
from collections.abc import Awaitable, Callable

_BETWEEN_LOOKS_S = 0.05


async def eventually(look: Callable[[], Awaitable[bool]], *, within_s: float) -> bool:
    """Whether *look* is true at some time within *within_s*."""
    deadline = time.monotonic() + within_s
    seen = await look()
    while not seen and time.monotonic() < deadline:
        await asyncio.sleep(_BETWEEN_LOOKS_S)
        seen = await look()
    return seen
