"""One agent run as a user has it: asked for over a WebSocket, followed to its end."""

import json
from collections.abc import Mapping, Sequence

from ci_tools.evidence.redaction import excerpt
from ci_tools.model import DependencyState
from ci_tools.probes.clients import Clients
from ci_tools.probes.sighting import Seen, Sighting
from ci_tools.questions import ConversationProbe
from ci_tools.target.addresses import host_url
from ci_tools.target.answers import mocked
from ci_tools.target.websocket import Frame, FrameMissingError, open_socket

_ERROR = "error_message"
_TOO_FAST_S = 0.005
"""A run that reasons, uses tools and keeps its result takes longer than this."""


async def talk(probe: ConversationProbe, clients: Clients) -> list[Seen]:
    """*Up*: a run's events came in order and it came to a result of its own.

    Raises:
        UnreachableError: nothing was answered.
        SocketRefusedError: without a connection nothing is said of agents; the connection has probes of its own.
        EvidenceError: we were throttled, or had no credentials.
    """
    source = f"WebSocket {host_url(clients.environment, probe.host)}: {json.dumps(dict(probe.message))}"
    return [Seen(probe.dependency, await _run(probe, clients), source)]


async def _run(probe: ConversationProbe, clients: Clients) -> Sighting:
    # Only the token has to come soon: the run's own patience is for the run.
    bearer = await clients.bearer(probe.timeout_s)
    try:
        async with open_socket(clients.patient(probe.timeout_s), bearer=bearer, host=probe.host) as socket:
            welcome = await socket.expect("connection_established", within_s=clients.environment.timeouts.receive_s)
            fields = {name: value for name, value in probe.message.items() if name != "type"}
            await socket.send(probe.message.get("type", ""), **fields)
            try:
                events = await socket.events_of_run(within_s=probe.timeout_s)
            except FrameMissingError as error:
                return _silence(str(error), socket.frames, clients.environment.scaled(probe.timeout_s))
            return judged(events, asked_s=welcome.t_s)
    except FrameMissingError as error:
        # Without a connection nothing is said of agents; the connection has probes of its own.
        return Sighting(state=DependencyState.UNKNOWN, code="no_welcome", text=str(error))


def _silence(words: str, frames: Sequence[Frame], patience_s: float) -> Sighting:
    refusal = next((frame for frame in frames if frame.type == _ERROR), None)
    if refusal is not None:
        text = f"the message was answered with {_ERROR}: {_words(refusal.data)}"
        return Sighting(state=DependencyState.DOWN, code=_ERROR, text=text)
    begun = any(frame.type.startswith(("agent_", "tool_")) for frame in frames)
    return Sighting(
        state=DependencyState.DOWN,
        latency_s=patience_s,
        timed_out=True,
        code="no_terminal_event" if begun else "no_event",
        text=words,
    )


def judged(events: Sequence[Frame], asked_s: float) -> Sighting:
    """What the events of a run that was asked for at *asked_s*, up to its terminal one, say of it."""
    # Not from its first event on: where we are late to read, all of them seem to come at once.
    took_s = events[-1].t_s - asked_s
    if events[-1].type == "agent_error":
        text = f"the run ended in agent_error: {_words(events[-1].data)}"
        return Sighting(state=DependencyState.DOWN, code="agent_error", text=text)
    if stand_in := next((text for text in _texts(events[-1].data) if mocked(text)), ""):
        return Sighting(state=DependencyState.DOWN, code="mocked", text=f"the run came to {excerpt(stand_in, 200)!r}")
    if wrong := _disorder([event.type for event in events]):
        return Sighting(state=DependencyState.DOWN, code="out_of_order", text=wrong)
    if took_s < _TOO_FAST_S:
        text = f"the whole run took {took_s * 1000:.1f} ms: nothing was executed"
        return Sighting(state=DependencyState.DOWN, code="too_fast", text=text)
    return Sighting(state=DependencyState.UP, latency_s=took_s, code="completed")


def _disorder(types: Sequence[str]) -> str:
    """What is wrong with the order of events; empty if nothing is."""
    if types[0] != "agent_started":
        return f"the first event is {types[0]}, not agent_started"
    if types.count("tool_executing") != types.count("tool_completed"):
        begun, ended = types.count("tool_executing"), types.count("tool_completed")
        return f"{begun} tools began and {ended} completed"
    return ""


def _words(data: Mapping[str, object]) -> str:
    return excerpt("; ".join(text for text in _texts(data) if text), 400)


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for one in value.values() for text in _texts(one)]
    return [text for one in value for text in _texts(one)] if isinstance(value, list | tuple) else []
