"""What an agent did and what its answer holds, read from the events of its run."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ci_tools.target.answers import accepted
from ci_tools.target.fixtures import OpenSocket, User
from tests.e2e.connections import answered, welcomed
from tests.e2e.runs import watched

_NUMBER = re.compile(r"(?<![\w.])-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\w])")
_DECIMALS = 3

Documents = Sequence[Mapping[str, Any]]
"""Events of a run as the contract words them, in the order of their arrival."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """One use of a tool: what it was given and what it gave."""

    agent: str
    tool: str
    parameters: Mapping[str, Any]
    result: Any


async def streamed(user: User, agent: str, message: str, **ask: Any) -> Documents:
    """Every event of the stream of a run, within an agent's time."""
    return tuple(event.data for event in await watched(user, agent, message, **ask))


async def chatted(websocket: OpenSocket, user: User, agent: str, message: str, **ask: Any) -> Documents:
    """Every agent event of a run that *user* asks for over a WebSocket, within an agent's time."""
    async with welcomed(websocket, user) as socket:
        events = await answered(socket, user, message, kind="execute_agent", agent=agent, **ask)
    return tuple(event.document for event in events)


def result_of(events: Documents, agent: str) -> dict[str, Any]:
    """The result with which *agent* completed its run; fails if it did not."""
    completed = [event for event in events if event["type"] == "agent_completed"]
    assert [event["agent_name"] for event in completed[-1:]] == [agent], [event["type"] for event in events]
    result: dict[str, Any] = completed[-1]["data"]["result"]
    return result


def tool_calls(events: Documents) -> list[ToolCall]:
    """The uses of tools in a run's events, in the order of their ends; each needs its beginning."""
    begun: dict[tuple[str, str], Mapping[str, Any]] = {}
    calls = []
    for document in events:
        if document["type"] == "tool_executing":
            begun[document["agent_name"], document["data"]["tool_name"]] = document["data"]["parameters"]
        elif document["type"] == "tool_completed":
            agent, tool = document["agent_name"], document["data"]["tool_name"]
            parameters = begun.pop((agent, tool))
            calls.append(ToolCall(agent=agent, tool=tool, parameters=parameters, result=document["data"]["result"]))
    return calls


async def tool_result(user: User, tool: str, parameters: Mapping[str, Any]) -> Any:
    """What *tool* gives *user* for *parameters*, asked without any agent."""
    asked = {"tool_name": tool, "parameters": dict(parameters)}
    return accepted(await user.backend.post("/api/tools/execute", json=asked))["result"]


def figures(value: object) -> set[float]:
    """Every number in a JSON value and in its texts, to three decimals."""
    if isinstance(value, Mapping):
        return set().union(*map(figures, value.values()))
    if isinstance(value, list | tuple):
        return set().union(*map(figures, value))
    if isinstance(value, str):
        return {round(float(number.replace(",", "")), _DECIMALS) for number in _NUMBER.findall(value)}
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {round(float(value), _DECIMALS)}
    return set()


def in_order_of(text: str, names: Iterable[str]) -> list[str]:
    """Those of *names* that *text* holds, in the order in which it does."""
    return sorted((name for name in names if name in text), key=text.index)


def refusal(body: Mapping[str, Any]) -> str:
    """Why the agent that was waited for gave no answer; fails if it gave one."""
    assert (body["status"], body["response"]) == ("error", None), body
    return str(body["error"])
