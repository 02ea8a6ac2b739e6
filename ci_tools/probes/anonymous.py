"""A handshake by nobody, which has to be refused."""

from ci_tools.model import DependencyState
from ci_tools.probes.clients import Clients
from ci_tools.probes.sighting import Seen, Sighting
from ci_tools.questions import AnonymousProbe
from ci_tools.target.addresses import host_url
from ci_tools.target.websocket import FrameMissingError, SocketRefusedError, open_socket

_REFUSALS = (401, 403, 1008)


async def knock(probe: AnonymousProbe, clients: Clients) -> list[Seen]:
    """*Up*: refused at the handshake, or closed with 1008 before anything was granted. *Down*: out of order.

    Raises:
        UnreachableError: nothing was answered.
        ThrottledError: the edge limited us.
    """
    source = f"WebSocket {host_url(clients.environment, probe.host)} without credentials"
    return [Seen(probe.dependency, await _refusal(probe, clients), source) for _ in range(probe.times)]


async def _refusal(probe: AnonymousProbe, clients: Clients) -> Sighting:
    try:
        async with open_socket(clients.patient(probe.timeout_s), bearer=None, host=probe.host) as socket:
            try:
                frame = await socket.expect("connection_established", within_s=probe.timeout_s)
            except FrameMissingError:
                return Sighting(state=DependencyState.UP, code="no_welcome", text="connected, and granted nothing")
            text = f"nobody was let in as {frame.data.get('user_id', 'somebody')!r}"
            return Sighting(state=DependencyState.DEGRADED, code="anonymous_accepted", text=text)
    except SocketRefusedError as error:
        state = DependencyState.UP if error.code in _REFUSALS else DependencyState.DOWN
        return Sighting(state=state, code=str(error.code), text=str(error))
