"""One verified TLS handshake with each of several hosts."""

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime

from ci_tools.errors import UnreachableError
from ci_tools.model import DependencyState, Environment
from ci_tools.probes.clients import Clients
from ci_tools.probes.sighting import Sighting, unanswered
from ci_tools.questions import TlsProbe
from ci_tools.target.addresses import endpoint, trust
from ci_tools.target.connecting import connect
from ci_tools.target.tls import Handshake, covers, handshake

_WORST_FIRST = (DependencyState.DOWN, DependencyState.DEGRADED, DependencyState.UP)


async def shake_hands(probe: TlsProbe, clients: Clients) -> Sighting:
    """Shake hands with all hosts at once. *Up*: each is verified and valid for long enough.

    *Degraded*: some host is not while others are, or some certificate ends too soon. The latency is the slowest host's.
    """
    ends = {(there.name, there.port): host for host in probe.hosts for there in (endpoint(clients.environment, host),)}
    seen = await asyncio.gather(*(_one(probe, host, clients) for host in ends.values()))
    state = next(state for state in _WORST_FIRST if any(one.state is state for one in seen))
    worst = [one for one in seen if one.state is state]
    is_partial = state is DependencyState.DOWN and len(worst) < len(seen)
    return Sighting(
        state=DependencyState.DEGRADED if is_partial else state,
        latency_s=max((one.latency_s for one in worst if one.latency_s is not None), default=None),
        timed_out=any(one.timed_out for one in worst),
        code=next((one.code for one in worst if one.code), None),
        text="; ".join(one.text for one in worst),
    )


async def _one(probe: TlsProbe, host: str, clients: Clients) -> Sighting:
    asked_s = time.perf_counter()
    try:
        shaken = await handshake(clients.environment, host, timeout_s=probe.timeout_s)
    except UnreachableError as error:
        refused = unanswered(error, time.perf_counter() - asked_s)
        # OpenSSL has no symbol of its own for a name that is not covered.
        misnamed = "ostname mismatch" in str(error) or "IP address mismatch" in str(error)
        names = await _names(probe, host, clients.environment) if misnamed else ""
        return replace(refused, text=f"{error}{names}")
    elapsed_s = time.perf_counter() - asked_s
    days_left = shaken.days_left(datetime.now(UTC))
    enough = days_left >= probe.days_left
    return Sighting(
        state=DependencyState.UP if enough else DependencyState.DEGRADED,
        latency_s=elapsed_s,
        text=_words(shaken, days_left) + ("" if enough else f", fewer than {probe.days_left:g}"),
    )


def _words(shaken: Handshake, days_left: float) -> str:
    by = next((pattern for pattern in shaken.covered if covers(pattern, shaken.name)), "its address")
    return f"{shaken.name} is covered by {by} for {days_left:.1f} days"


async def _names(probe: TlsProbe, host: str, environment: Environment) -> str:
    """The names that *host*'s certificate covers instead; empty if it does not answer again."""
    there = endpoint(environment, host)
    context = trust(environment)
    context.check_hostname = False
    try:
        writer = await connect(there, f"the names of {there.name}", environment.scaled(probe.timeout_s), context)
    except UnreachableError:
        return ""
    certificate = writer.get_extra_info("peercert") or {}
    writer.transport.abort()
    return "; it is valid for " + ", ".join(name for _, name in certificate.get("subjectAltName", ()))
