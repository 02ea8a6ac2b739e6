"""Optimization: the cheapest feasible plan among the options of a request."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ci_tools.twin.agents import selection, text
from ci_tools.twin.agents.desk import Desk, Report
from ci_tools.twin.agents.failures import AgentInputError
from ci_tools.twin.agents.runs import AgentName

_DEFAULT_TARGET_PERCENT: Final = 20.0
_MEASURES: Final = (
    {"name": "cache repeated prompts", "cost": 3.0, "value": 12.0},
    {"name": "route simple requests to a smaller model", "cost": 5.0, "value": 18.0},
    {"name": "batch background requests", "cost": 2.0, "value": 6.0},
    {"name": "shorten system prompts", "cost": 1.0, "value": 4.0},
    {"name": "commit to reserved capacity", "cost": 8.0, "value": 15.0},
)
"""Measures against the cost of AI: effort in days, saving in percent."""


class Optimization:
    """Chooses options by exact search; without options of the user's it chooses among known measures."""

    name = AgentName.OPTIMIZATION
    capabilities = ("cost_optimization", "exact_selection", "constraint_checking")
    tools = ("cheapest_plan", "calculator")

    async def work(self, desk: Desk) -> Report:
        """The chosen options with their cost and value, or that no plan is feasible."""
        problem = problem_of(desk.task.message, desk.task.context)
        desk.think(f"choosing among {len(problem['options'])} options for at least {problem['needed']:g}", 40)
        answer = await desk.use("cheapest_plan", {key: problem[key] for key in ("options", "needed", "budget")})
        found: dict[str, Any] = {"basis": problem["basis"], "needed": problem["needed"], **answer}
        if not answer["feasible"]:
            return Report(text=_infeasible(problem), data=found)
        chosen = answer["selection"]
        share = await desk.use("calculator", {"expression": _share(chosen["value"], problem["options"])})
        found["share_percent"] = round(share["value"], 2)
        return Report(text=_sentence(chosen, found), data=found)


def problem_of(message: str, context: Mapping[str, Any]) -> dict[str, Any]:
    """The options, the value needed and the budget that a request states.

    Options are ``context["items"]``; else the amounts that *message* names (then the plan says which of
    them to cut); else the known measures.
    """
    constraints = context.get("constraints") or {}
    if not isinstance(constraints, Mapping):
        raise AgentInputError(f"constraints are {type(constraints).__name__}; allowed: min_value, budget")
    options, basis = _options(message, context)
    whole = sum(option["value"] for option in options)
    return {
        "options": options,
        "basis": basis,
        "needed": _amount(constraints, "min_value", _needed(message, basis, whole)),
        "budget": _amount(constraints, "budget", None),
    }


def _options(message: str, context: Mapping[str, Any]) -> tuple[list[dict[str, Any]], str]:
    if items := context.get("items"):
        return [_option(item) for item in items], "items"
    amounts = text.named_amounts(message)
    if len(amounts) > 1:
        named = list(amounts.items())[: selection.OPTIONS_LIMIT]
        return [{"name": name, "cost": abs(amount), "value": abs(amount)} for name, amount in named], "cuts"
    return [dict(measure) for measure in _MEASURES], "measures"


def _option(item: Any) -> dict[str, Any]:
    if not isinstance(item, Mapping) or "name" not in item or "cost" not in item:
        raise AgentInputError(
            f"item {text.shortened(repr(item), 80)} is no option; needed: name, cost; allowed: value, requires"
        )
    allowed = {key: item[key] for key in ("name", "cost", "requires") if key in item}
    return {**allowed, "value": item.get("value", 1.0)}


def _needed(message: str, basis: str, whole: float) -> float:
    if basis == "items":
        return whole
    percent = next(iter(text.percentages(message)), _DEFAULT_TARGET_PERCENT)
    return percent if basis == "measures" else round(whole * percent / 100, 6)


def _amount(constraints: Mapping[str, Any], key: str, otherwise: float | None) -> Any:
    value = constraints.get(key)
    return otherwise if value is None else value


def _share(value: float, options: Sequence[Mapping[str, Any]]) -> str:
    whole = sum(option["value"] for option in options)
    return f"100 * {value!r} / {whole!r}" if whole else "0"


def _sentence(chosen: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    names = text.listed(chosen["names"]) or "nothing"
    return (
        f"Cheapest feasible plan: {names}, at cost {chosen['cost']:g} for value {chosen['value']:g} "
        f"(needed {found['needed']:g}, {found['share_percent']:g} % of what is on offer)."
    )


def _infeasible(problem: Mapping[str, Any]) -> str:
    bound = "" if problem["budget"] is None else f" within a budget of {problem['budget']:g}"
    return f"No feasible plan: {len(problem['options'])} options do not give {problem['needed']:g}{bound}."
