"""One attempt of any probe."""

import shlex
from datetime import UTC, datetime
from typing import assert_never

from ci_tools.errors import EvidenceError, OwnPaceError, TargetError, ThrottledError
from ci_tools.model import DependencyState, Environment, Observation
from ci_tools.probes import command, http_json, tcp, tls, token, websocket
from ci_tools.probes.clients import Clients
from ci_tools.probes.sighting import Sighting
from ci_tools.questions import (
    CommandProbe,
    GateProbe,
    HttpJsonProbe,
    Probe,
    TcpProbe,
    TlsProbe,
    TokenProbe,
    WebSocketProbe,
)
from ci_tools.target.addresses import endpoint, host_url

MAX_TEXT = 500
THROTTLED = "429"
OWN_PACE = "own_pace"
"""The code of what was not asked, because our own pace did not let us."""
_MAX_MASKED = 8 * MAX_TEXT


async def attempt(probe: GateProbe, clients: Clients) -> Observation:
    """What *probe* sees now: asked once, within its scaled patience, changing nothing that others rely on.

    Whatever the deployed system does is an observation. *Unknown* where nothing can be said of it: we
    were throttled (``429``, whatever the edge's own status was), had to wait too long at our own pace
    (:data:`OWN_PACE`), or had no credentials to ask with.

    Raises:
        UsageError: the environment does not know the probe's host, or lacks a secret.
    """
    try:
        sighting = await _look(probe, clients)
    except FAILURES as error:
        sighting = unseen(error)
    return observed(probe, probe.dependency, sighting, _asked(probe, clients.environment), clients)


FAILURES = (EvidenceError, TargetError, RecursionError)
"""What asking can raise: the last one is of an answer that is nested too deep to be told again."""


def unseen(error: Exception) -> Sighting:
    """What it says that asking has raised *error*."""
    if isinstance(error, EvidenceError):
        return Sighting(state=DependencyState.UNKNOWN, code=_code_of(error), text=str(error))
    words = str(error) if isinstance(error, TargetError) else f"{type(error).__name__}: {error}"
    return Sighting(state=DependencyState.DOWN, text=words, code=getattr(error, "code", None))


def _code_of(error: EvidenceError) -> str | None:
    if isinstance(error, OwnPaceError):
        return OWN_PACE
    return THROTTLED if isinstance(error, ThrottledError) else None


def observed(probe: Probe, dependency: str, sighting: Sighting, source: str, clients: Clients) -> Observation:
    """*sighting* as *probe*'s observation of *dependency*, redacted and shortened."""
    return Observation(
        probe=probe.name,
        dependency=dependency,
        kind=probe.kind,
        at=datetime.now(UTC),
        state=sighting.state,
        latency_s=sighting.latency_s,
        timed_out=sighting.timed_out,
        code=None if sighting.code is None else str(sighting.code),
        text=_safe(sighting.text, clients),
        source=_safe(source, clients),
        samples_s=sighting.samples_s,
    )


async def _look(probe: GateProbe, clients: Clients) -> Sighting:
    match probe:
        case HttpJsonProbe():
            return await http_json.ask(probe, clients)
        case TcpProbe():
            return await tcp.connect(probe, clients)
        case TlsProbe():
            return await tls.shake_hands(probe, clients)
        case WebSocketProbe():
            return await websocket.greet(probe, clients)
        case TokenProbe():
            return await token.obtain(probe, clients)
        case CommandProbe():
            return await command.run(probe, clients)
        case unreachable:
            assert_never(unreachable)


def _asked(probe: GateProbe, environment: Environment) -> str:
    match probe:
        case HttpJsonProbe(host=host, path=path):
            return f"{http_json.method(probe)} {host_url(environment, host)}{path}"
        case TcpProbe(host=host):
            there = endpoint(environment, host)
            return f"TCP {there.name}:{there.port}"
        case TlsProbe(hosts=hosts):
            return "TLS " + ", ".join(host_url(environment, host) for host in hosts)
        case WebSocketProbe(host=host):
            return f"WebSocket {host_url(environment, host)}"
        case TokenProbe():
            return f"credentials by {environment.auth.strategy}"
        case CommandProbe(argv=argv):
            return shlex.join(argv)
        case unreachable:
            assert_never(unreachable)


def _safe(text: str, clients: Clients) -> str:
    # Masked before it is shortened: half a token is still a secret, and no pattern knows it.
    # JSON can escape half a surrogate pair, which no file can hold.
    masked = clients.redactor.text(text[:_MAX_MASKED].encode("utf-8", "replace").decode())
    return masked if len(masked) <= MAX_TEXT else f"{masked[: MAX_TEXT - 1]}…"
