"""Names resolved as our own clients resolve them."""

import asyncio
import socket
import time

from ci_tools.model import DependencyState
from ci_tools.probes.clients import Clients
from ci_tools.probes.sighting import Seen, Sighting
from ci_tools.questions import DnsProbe
from ci_tools.target.addresses import address_of, endpoint

_SYMBOLS = {value: name for name, value in vars(socket).items() if name.startswith("EAI_")}


async def resolve(probe: DnsProbe, clients: Clients) -> list[Seen]:
    """One sighting for each name: *up* with its addresses, or the resolver's own symbol and words."""
    names = dict.fromkeys(endpoint(clients.environment, host).name for host in probe.hosts)
    found = await asyncio.gather(*(_resolved(name, probe, clients) for name in names))
    return [Seen(probe.dependency, sighting, f"DNS {name}") for name, sighting in zip(names, found, strict=True)]


async def _resolved(name: str, probe: DnsProbe, clients: Clients) -> Sighting:
    fixed = address_of(clients.environment, name)
    if fixed != name:
        return Sighting(state=DependencyState.UP, text=f"{fixed}, by the environment's own table")
    began_s = time.perf_counter()
    patience_s = clients.environment.scaled(probe.timeout_s)
    try:
        async with asyncio.timeout(patience_s):
            answers = await asyncio.get_running_loop().getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except TimeoutError:
        text = f"{name} was not resolved within {patience_s:g} s"
        return Sighting(state=DependencyState.DOWN, latency_s=patience_s, timed_out=True, text=text)
    except (socket.gaierror, UnicodeError) as error:
        # A name with an empty or overlong label is refused before any resolver is asked.
        number = error.errno if isinstance(error, socket.gaierror) else socket.EAI_NONAME
        code = _SYMBOLS.get(number or 0, str(number))
        took_s = time.perf_counter() - began_s
        return Sighting(state=DependencyState.DOWN, latency_s=took_s, code=code, text=f"{name}: {error}")
    addresses = ", ".join(sorted({str(answer[4][0]) for answer in answers}))
    return Sighting(state=DependencyState.UP, latency_s=time.perf_counter() - began_s, text=addresses)
