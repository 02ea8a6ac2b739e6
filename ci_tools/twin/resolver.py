"""Name resolution inside a service process: the twin's own names, and its faults.

``socket.getaddrinfo`` is the one door: asyncio asks it from its executor, and redis-py, asyncpg and
httpx ask asyncio.
"""

import ipaddress
import socket
import time
from collections.abc import Callable
from typing import Any

from ci_tools.twin.settings import Resolver, Strike

GetAddrInfo = Callable[..., list[tuple[Any, ...]]]


def install(resolver: Resolver) -> None:
    """``socket.getaddrinfo`` answers as *resolver* says, in this process."""
    socket.getaddrinfo = resolving(resolver, socket.getaddrinfo)


def resolving(resolver: Resolver, genuine: GetAddrInfo) -> GetAddrInfo:
    """A ``getaddrinfo`` that answers as *resolver* says and leaves the rest to *genuine*.

    An address literal always reaches *genuine*; so does a dirty one, unless a fault strikes it
    first, and then gives the operating system's own error.
    """

    def getaddrinfo(host: bytes | str | None, *args: Any, **kwargs: Any) -> list[tuple[Any, ...]]:
        name = host.decode("idna") if isinstance(host, bytes) else host
        if name is None or _is_literal(name):
            return genuine(host, *args, **kwargs)
        address = resolver.addresses.get(name.lower().removesuffix("."))
        for strike in resolver.strikes:
            if address is None or not strike.spare_known:
                _befall(strike)
                break
        return genuine(host if address is None else address, *args, **kwargs)

    return getaddrinfo


def _befall(strike: Strike) -> None:
    """Blocks the calling thread, as the C library's resolver does."""
    if strike.delay_s > 0:
        time.sleep(strike.delay_s)
    if strike.errno is not None:
        raise socket.gaierror(strike.errno, _text(strike.errno))


def _text(errno: int) -> str:
    return _TEXTS.get(errno, "Unknown error")


def _is_literal(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


# glibc's gai_strerror(3), which Python does not expose.
_TEXTS = {
    socket.EAI_NONAME: "Name or service not known",
    socket.EAI_AGAIN: "Temporary failure in name resolution",
    socket.EAI_FAIL: "Non-recoverable failure in name resolution",
    socket.EAI_MEMORY: "Memory allocation failure",
    socket.EAI_SYSTEM: "System error",
}
