"""What the server does with a client's message.

While the point ``websocket.route`` is switched on the router swallows agent messages: the client
gets no event and no error, as the recorded defect did.
"""

from collections.abc import Mapping
from typing import Any, Final

from ci_tools.twin.agents.failures import AgentFailureError, UnknownAgentError
from ci_tools.twin.agents.runs import AgentName, RunRequest
from ci_tools.twin.services.backend.agents_runs import AgentService, caller_of
from ci_tools.twin.services.backend.websocket_frames import (
    AGENT_MESSAGES,
    ClientMessage,
    FrameError,
    RefusedFrameError,
)
from ci_tools.twin.services.backend.websocket_peer import Peer

ROUTE_POINT: Final = "websocket.route"
_CONTENT_LIMIT: Final = 8192


async def route(service: AgentService, peer: Peer, message: ClientMessage) -> None:
    """The message was acted on, or answered with ``error_message``."""
    try:
        await _routed(service, peer, message)
    except AgentFailureError as error:
        peer.send("error_message", _told(error.code, str(error)), message.correlation_id)
    except RefusedFrameError as error:
        peer.send("error_message", _told(error.code, str(error)), message.correlation_id)


async def _routed(service: AgentService, peer: Peer, message: ClientMessage) -> None:
    if message.type == "ping":
        peer.send("pong", message.data if message.data.get("type") != "ping" else {}, message.correlation_id)
    elif message.type == "cancel_agent":
        await _cancel(service, peer, message)
    elif message.type in AGENT_MESSAGES:
        if service.backend.behaviours.at(ROUTE_POINT) is None:
            await _start(service, peer, message)
    else:
        peer.send("ack", {"received_type": message.type[:100], "handled": False}, message.correlation_id)


async def _start(service: AgentService, peer: Peer, message: ClientMessage) -> None:
    request = request_of(message)
    correlation_id = message.correlation_id
    caller = caller_of(peer.user, request.thread_id)
    run = await service.start(request, caller, lambda event: peer.send_event(event, correlation_id))
    if not run.fresh:
        peer.send("ack", {"received_type": message.type, "handled": True, "run_id": run.run_id}, correlation_id)


async def _cancel(service: AgentService, peer: Peer, message: ClientMessage) -> None:
    run_id = message.text("run_id")
    if run_id is None:
        raise RefusedFrameError(FrameError.INVALID_MESSAGE, "cancel_agent needs the run's id in 'run_id'")
    cancelled = service.runtime.cancel(run_id, peer.user.user_id)
    if not cancelled:
        await service.state(run_id, peer.user.user_id)
    told = {"received_type": message.type, "handled": True, "run_id": run_id, "cancelled": cancelled}
    peer.send("ack", told, message.correlation_id)


def request_of(message: ClientMessage) -> RunRequest:
    """The request that an agent message makes.

    Raises:
        RefusedFrameError: No content, or a context that is no object.
        UnknownAgentError: It names an agent that does not exist.
    """
    content = message.text("content", "message", "text")
    context = message.data.get("context", {})
    if content is None or "\x00" in content or len(content) > _CONTENT_LIMIT:
        raise RefusedFrameError(FrameError.INVALID_MESSAGE, f"{message.type} needs a text in 'content'")
    if not isinstance(context, dict):
        raise RefusedFrameError(FrameError.INVALID_MESSAGE, "'context' is not an object")
    return RunRequest(
        agent=_agent(message.text("agent", "agent_type", "agent_name") or AgentName.SUPERVISOR),
        message=content,
        thread_id=message.text("thread_id"),
        context=context,
        request_id=message.text("request_id"),
    )


def _agent(name: str) -> AgentName:
    if name not in set(AgentName):
        raise UnknownAgentError(f"unknown agent {name[:100]!r}; known: {', '.join(AgentName)}")
    return AgentName(name)


def _told(code: str, message: str) -> Mapping[str, Any]:
    return {"code": code, "message": message}
