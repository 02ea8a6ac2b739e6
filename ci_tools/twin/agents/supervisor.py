"""The supervisor: routes a request from agent to agent, each building on those before."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ci_tools.twin.agents import text
from ci_tools.twin.agents.desk import Desk, Report, Task
from ci_tools.twin.agents.runs import AgentName

_HISTORY_MESSAGES: Final = 10


class Supervisor:
    """Hands the request to triage first, and then to the agents that triage found it to need."""

    name = AgentName.SUPERVISOR
    capabilities = ("orchestration", "routing", "handoff", "aggregation")
    tools = ("agent_directory", "thread_history")

    async def work(self, desk: Desk) -> Report:
        """The last agent's report, with every handoff and what it carried."""
        context = {**desk.task.context, **await _history(desk)}
        results: dict[str, dict[str, Any]] = {}
        handoffs: list[dict[str, Any]] = []
        route = [AgentName.TRIAGE]
        for number, name in enumerate(route):  # grows by what triage recommends
            handoffs.append(_handoff(self.name if not number else route[number - 1], name, context))
            report = await desk.delegate(name, Task(message=desk.task.message, context=context))
            results[name.value] = report.as_result()
            context = {**context, name.value: results[name.value]}
            if name is AgentName.TRIAGE:
                route += _recommended(report)
                await desk.use("agent_directory", {"agents": [agent.value for agent in route]})
            desk.think(f"{name} is done, {len(route) - number - 1} to go", 10 + 80 * (number + 1) // len(route))
        data = {"agents": [agent.value for agent in route], "handoffs": handoffs, "results": results}
        return Report(text=report.text, data=data)


async def _history(desk: Desk) -> Mapping[str, Any]:
    thread_id = desk.caller.thread_id
    if thread_id is None:
        return {}
    answer = await desk.use("thread_history", {"thread_id": thread_id, "limit": _HISTORY_MESSAGES})
    return {"history": answer["messages"]}


def _recommended(report: Report) -> Sequence[AgentName]:
    return [AgentName(name) for name in report.data["recommended_agents"]]


def _handoff(source: AgentName, target: AgentName, context: Mapping[str, Any]) -> dict[str, Any]:
    carried = {
        key: text.shortened(str(value.get("response", "")), 200)
        for key, value in context.items()
        if isinstance(value, Mapping) and key in set(AgentName)
    }
    return {"from": source.value, "to": target.value, "context": sorted(context), "carried": carried}
