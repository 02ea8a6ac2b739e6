"""Loopback ports that stay ours while nothing listens on them.

A reserved port is bound with ``SO_REUSEPORT`` and never listens: connections to it are refused by
the kernel, nobody else is given its number, and a listener of ours can come and go beside it.
"""

import socket

LOOPBACK = "127.0.0.1"


def reserve_port() -> socket.socket:
    """A socket that holds a free loopback port; ``getsockname()[1]`` is its number."""
    return _bound(0)


def bind_beside(port: int) -> socket.socket:
    """A second socket on the reserved *port*, which may listen."""
    return _bound(port)


def number_of(reserved: socket.socket) -> int:
    """The port that *reserved* holds."""
    return int(reserved.getsockname()[1])


def _bound(port: int) -> socket.socket:
    # asyncio switches Nagle off only for sockets that name their protocol
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind((LOOPBACK, port))
    except OSError:
        bound.close()
        raise
    bound.setblocking(False)
    return bound
