"""Actions: what to do, in which order."""

import re
from collections.abc import Mapping
from typing import Any, Final

from ci_tools.twin.agents import text, triage
from ci_tools.twin.agents.desk import Desk, Report
from ci_tools.twin.agents.failures import AgentInputError
from ci_tools.twin.agents.runs import AgentName

_STEPS_LIMIT: Final = 20
_CLAUSE = re.compile(r"\s*(?:;|\n|,?\s+(?:and\s+)?then\s+|\d+[.)]\s+)\s*")
_IMPERATIVES: Final = frozenset(
    ("add", "analyze", "analyse", "build", "check", "compare", "create", "cut", "delete", "deploy", "find", "fix",
     "identify", "improve", "increase", "list", "measure", "move", "optimize", "optimise", "plan", "prepare", "reduce",
     "remove", "report", "review", "run", "schedule", "send", "test", "update", "verify")
)  # fmt: skip


class Actions:
    """Derives the steps of a request from its context, earlier results and imperative sentences."""

    name = AgentName.ACTIONS
    capabilities = ("action_planning", "dependency_ordering", "prioritisation")
    tools = ("order_steps",)

    async def work(self, desk: Desk) -> Report:
        """A numbered plan in which every step comes after those that it depends on."""
        steps = steps_of(desk.task.message, desk.task.context)
        desk.think(f"ordering {len(steps)} steps", 50)
        order = (await desk.use("order_steps", {"steps": steps}))["order"]
        by_name = {step["name"]: step for step in steps}
        plan = [{"number": number, **by_name[name]} for number, name in enumerate(order, start=1)]
        lines = [f"{step['number']}. {step['name']} ({step['priority']})" for step in plan]
        return Report(text="\n".join(lines), data={"plan": plan})


def steps_of(message: str, context: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The steps that the context gives, else those that follow from an optimization, else the message's."""
    if given := context.get("actions"):
        return [_given(step) for step in given]
    priority = triage.prioritised(message)
    chosen = _nested(context, "optimization", "selection", "names")
    if chosen:
        return _carried_out(list(chosen), priority)
    if best := _nested(context, "supply_researcher", "best", "name"):
        return _carried_out([f"request an offer from {best}"], priority)
    clauses = imperatives(message)[:_STEPS_LIMIT]
    return _chained(clauses or ["clarify the request"], priority)


def imperatives(message: str) -> list[str]:
    """The clauses of *message* that begin with a verb of doing, without repeats."""
    clauses = [clause for sentence in text.sentences(message) for clause in _CLAUSE.split(sentence)]
    trimmed = [text.shortened(clause.strip(" .,!?-"), 160) for clause in clauses]
    return list(dict.fromkeys(c for c in trimmed if c and (text.words(c) or [""])[0] in _IMPERATIVES))


def _given(step: Any) -> dict[str, Any]:
    if isinstance(step, str):
        return {"name": step, "priority": "medium", "after": []}
    if isinstance(step, Mapping) and isinstance(step.get("name"), str):
        after = step.get("after", step.get("depends_on", []))
        return {"name": step["name"], "priority": step.get("priority", "medium"), "after": list(after)}
    raise AgentInputError(f"action {text.shortened(repr(step), 80)} has no name; give a text or name, priority, after")


def _carried_out(chosen: list[str], priority: str) -> list[dict[str, Any]]:
    first = "record the present cost as the baseline"
    middle = [{"name": name, "priority": priority, "after": [first]} for name in chosen[:_STEPS_LIMIT]]
    last = {"name": "verify the effect against the baseline", "priority": priority, "after": chosen[:_STEPS_LIMIT]}
    return [{"name": first, "priority": priority, "after": []}, *middle, last]


def _chained(clauses: list[str], priority: str) -> list[dict[str, Any]]:
    return [
        {"name": clause, "priority": priority, "after": clauses[index - 1 : index] if index else []}
        for index, clause in enumerate(clauses)
    ]


def _nested(context: Mapping[str, Any], *path: str) -> Any:
    value: Any = context
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
