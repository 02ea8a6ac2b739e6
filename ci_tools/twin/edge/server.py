"""The edge as a whole: one TLS port for every host of the twin."""

import asyncio
import ssl
import time
from collections.abc import Mapping

from ci_tools.twin.edge.client import ClientConnection
from ci_tools.twin.edge.exchange import Rules
from ci_tools.twin.edge.limits import Allowances, Limiter
from ci_tools.twin.edge.upstream import Pool
from ci_tools.twin.ports import bind_beside

_BACKLOG = 1024
_IDLE_BEYOND_REQUEST_S = 10.0


class Edge:
    """The HTTPS load balancer before the services."""

    def __init__(self, hosts: Mapping[str, int], allowances: Allowances, *, request_timeout_s: float) -> None:
        self._limiter = Limiter(allowances, time.monotonic)
        ports = {port: Pool(port) for port in hosts.values()}
        self.pools = ports
        self._rules = Rules({host: ports[port] for host, port in hosts.items()}, self._limiter, request_timeout_s)
        self._connections: set[ClientConnection] = set()
        self._idle_s = request_timeout_s + _IDLE_BEYOND_REQUEST_S
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The TLS port."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def answers(self) -> dict[str, int]:
        """How often the edge answered itself, by reason."""
        return dict(self._rules.answers)

    async def start(self, context: ssl.SSLContext, port: int = 0) -> None:
        """Clients are served on *port* (0: a free one) with the certificates of *context*."""
        context.set_alpn_protocols(["http/1.1"])
        self._server = await asyncio.get_running_loop().create_server(
            lambda: ClientConnection(self._rules, self._connections, self._idle_s),
            sock=bind_beside(port),
            ssl=context,
            backlog=_BACKLOG,
        )

    def allow(self, allowances: Allowances) -> None:
        """*allowances* hold from now on; counts and bans start afresh."""
        self._limiter.allow(allowances)

    def stop(self) -> None:
        """Nothing listens and no connection is open."""
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._connections):
            connection.abort()
        for pool in self.pools.values():
            pool.close()
