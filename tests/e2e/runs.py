"""Agent runs over HTTP: waited for, watched, or started and followed; no action is repeated."""

from collections.abc import Awaitable, Callable
from typing import Any

from ci_tools.target.answers import accepted
from ci_tools.target.fixtures import User
from ci_tools.target.stream import ServerEvent

UNDER_WAY = {"started", "running", "pending"}


async def executed(user: User, agent: str, message: str, **ask: Any) -> dict[str, Any]:
    """The answer of an agent that was waited for, within an agent's time."""
    body: dict[str, Any] = accepted(
        await user.backend.post(
            "/api/agents/execute",
            json={"type": agent, "message": message, **ask},
            timeout_s=user.backend.environment.timeouts.agent_s,
        )
    )
    return body


async def watched(user: User, agent: str, message: str, **ask: Any) -> list[ServerEvent]:
    """The events of a run's stream to its end, within an agent's time."""
    timeout_s = user.backend.environment.timeouts.agent_s
    body = {"type": agent, "message": message, **ask}
    async with user.backend.events("/api/agents/stream", json=body, timeout_s=timeout_s) as events:
        return [event async for event in events]


async def started(user: User, message: str, **ask: Any) -> dict[str, Any]:
    """What is told of a run that was started and is not waited for."""
    body: dict[str, Any] = accepted(await user.backend.post("/api/agent/v2/execute", json={"message": message, **ask}))
    return body


def ended(user: User, run_id: str) -> Callable[[], Awaitable[dict[str, Any]]]:
    """A probe for the state of a run that has ended; empty while it is under way."""

    async def probe() -> dict[str, Any]:
        state: dict[str, Any] = accepted(await user.backend.get(f"/api/agent/{run_id}/state"))
        return {} if state["status"] in UNDER_WAY else state

    return probe
