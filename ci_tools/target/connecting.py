"""One connection to a host."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from ci_tools.target.addresses import Endpoint
from ci_tools.target.failures import unreachable


async def connect(
    there: Endpoint, asked: str, within_s: float, context: ssl.SSLContext | None = None
) -> asyncio.StreamWriter:
    """A connection to *there*, in TLS where *context* says how; *within_s* is in real seconds.

    Raises:
        UnreachableError: there is none, told as what *asked* came to.
    """
    try:
        with unknown_name():
            name = there.name if context else None
            if name:
                name.encode("idna")  # asyncio would find out when it is connected, and leave the socket open
            async with asyncio.timeout(within_s):
                _, writer = await asyncio.open_connection(there.address, there.port, ssl=context, server_hostname=name)
    except OSError as error:
        raise unreachable(error, asked, within_s) from error
    return writer


@contextmanager
def unknown_name() -> Iterator[None]:
    """A name with an empty or overlong label, for which no resolver can be asked, is one that none knows."""
    try:
        yield
    except UnicodeError as error:
        raise socket.gaierror(socket.EAI_NONAME, str(error)) from error
