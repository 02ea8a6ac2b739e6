"""One TCP connection."""

import time

from ci_tools.errors import UnreachableError
from ci_tools.model import DependencyState
from ci_tools.probes.clients import Clients
from ci_tools.probes.sighting import Sighting, unanswered
from ci_tools.questions import TcpProbe
from ci_tools.target.addresses import endpoint
from ci_tools.target.connecting import connect as open_connection


async def connect(probe: TcpProbe, clients: Clients) -> Sighting:
    """Connect and part at once. *Up* is an accepted connection: nothing is said over it."""
    there = endpoint(clients.environment, probe.host)
    patience_s = clients.environment.scaled(probe.timeout_s)
    asked_s = time.perf_counter()
    try:
        writer = await open_connection(there, f"a connection to {there.name}:{there.port}", patience_s)
    except UnreachableError as error:
        return unanswered(error, time.perf_counter() - asked_s)
    elapsed_s = time.perf_counter() - asked_s
    writer.transport.abort()
    return Sighting(state=DependencyState.UP, latency_s=elapsed_s)
