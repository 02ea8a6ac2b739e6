"""One WebSocket handshake, and its first frame."""

from typing import Any

from ci_tools.errors import UnreachableError
from ci_tools.model import DependencyState
from ci_tools.probes.clients import Clients
from ci_tools.probes.sighting import Sighting, unanswered
from ci_tools.questions import WebSocketProbe
from ci_tools.target.evidence import Evidence
from ci_tools.target.websocket import FrameMissingError, Socket, SocketRefusedError, open_socket


async def greet(probe: WebSocketProbe, clients: Clients) -> Sighting:
    """Connect, wait for the welcome and part. *Up*: it was the first frame, or none was wanted.

    Raises:
        EvidenceError: we were throttled, or had no credentials.
    """
    bearer = await clients.bearer(probe.timeout_s) if probe.authenticated else None
    evidence = Evidence()
    try:
        async with open_socket(
            clients.patient(probe.timeout_s), bearer=bearer, host=probe.host, evidence=evidence
        ) as socket:
            return await _welcomed(probe, clients, socket, evidence)
    except UnreachableError as error:
        return unanswered(error, _latest_s(evidence))
    except SocketRefusedError as error:
        text = f"{error}{_received(evidence)}"
        return Sighting(state=DependencyState.DOWN, code=str(error.code), text=text)


async def _welcomed(probe: WebSocketProbe, clients: Clients, socket: Socket, evidence: Evidence) -> Sighting:
    if not probe.welcome:
        return Sighting(state=DependencyState.UP, latency_s=_latest_s(evidence))
    left_s = probe.timeout_s - _latest_s(evidence) / clients.environment.time_scale
    try:
        frame = await socket.expect(probe.welcome, within_s=max(left_s, 0.0))
    except FrameMissingError as error:
        return Sighting(
            state=DependencyState.DOWN,
            latency_s=None if socket.frames else clients.environment.scaled(probe.timeout_s),
            timed_out=not socket.frames,
            text=f"{error}{_received(evidence)}",
        )
    if frame is not socket.frames[0]:
        text = f"the first frame was no {probe.welcome!r}{_received(evidence)}"
        return Sighting(state=DependencyState.DOWN, text=text)
    return Sighting(state=DependencyState.UP, latency_s=frame.t_s)


def _frames(evidence: Evidence) -> list[dict[str, Any]]:
    frames: list[dict[str, Any]] = evidence.as_dict()["frames"]
    return frames


def _latest_s(evidence: Evidence) -> float:
    """Seconds from asking for the connection to the latest thing that happened to it."""
    return float(_frames(evidence)[-1]["t_s"])


def _received(evidence: Evidence) -> str:
    first = next((frame["text"] for frame in _frames(evidence) if frame["direction"] == "received"), "")
    return f"; first frame: {first}" if first else ""
