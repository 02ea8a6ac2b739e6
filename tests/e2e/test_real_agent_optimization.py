"""The optimization agent finds the cheapest plan that suffices, and says so where there is none."""

from collections.abc import Mapping, Sequence
from itertools import chain, combinations
from typing import Any

import pytest

from ci_tools.target.fixtures import OpenSocket, User
from tests.e2e.agent_work import chatted, figures, in_order_of, refusal, result_of, streamed, tool_calls
from tests.e2e.runs import executed

pytestmark = pytest.mark.requires("agents")

AGENT = "optimization"
OPTIONS = [
    {"name": "cache answers", "cost": 310, "value": 40},
    {"name": "shrink prompts", "cost": 120, "value": 15},
    {"name": "batch requests", "cost": 205, "value": 30},
    {"name": "smaller model", "cost": 415, "value": 55},
    {"name": "reserved capacity", "cost": 160, "value": 12},
]
NAMES = [str(option["name"]) for option in OPTIONS]
NEEDED = 70


def cheapest(options: Sequence[Mapping[str, Any]], needed: float) -> tuple[float, set[str]]:
    """The lowest cost at which a set of *options* gives *needed*, and the names in it: every set is tried."""
    sizes = range(len(options) + 1)
    sets = chain.from_iterable(combinations(options, size) for size in sizes)
    enough = [chosen for chosen in sets if sum(option["value"] for option in chosen) >= needed]
    best = min(enough, key=lambda chosen: sum(option["cost"] for option in chosen))
    return sum(option["cost"] for option in best), {str(option["name"]) for option in best}


async def test_plan_is_the_cheapest_of_all(user: User) -> None:
    """Of all sets of options that give enough the cheapest is chosen, from the options that the user gave."""
    cost, names = cheapest(OPTIONS, NEEDED)

    events = await streamed(user, AGENT, "Choose", context={"items": OPTIONS, "constraints": {"min_value": NEEDED}})

    response = result_of(events, AGENT)["response"]
    planned = tool_calls(events)[0]
    assert set(in_order_of(response, NAMES)) == names
    assert cost in figures(response)
    assert [option["name"] for option in planned.parameters["options"]] == NAMES
    assert planned.parameters["needed"] == NEEDED


async def test_budget_binds_to_the_last_unit(user: User) -> None:
    """A budget of exactly the lowest cost buys the plan; one unit less buys none, and no option is recommended."""
    cost, names = cheapest(OPTIONS, NEEDED)
    context = {"items": OPTIONS, "constraints": {"min_value": NEEDED, "budget": cost}}
    short = {"items": OPTIONS, "constraints": {"min_value": NEEDED, "budget": cost - 1}}

    bought = await executed(user, AGENT, "Choose within the budget", context=context)
    missed = await executed(user, AGENT, "Choose within the budget", context=short)

    assert set(in_order_of(bought["response"], NAMES)) == names
    assert in_order_of(missed["response"], NAMES) == []
    assert "no feasible plan" in missed["response"].lower()


async def test_requirement_comes_with_what_needs_it(user: User) -> None:
    """An option that requires another is chosen with it, although it alone would be enough."""
    bound: list[dict[str, Any]] = [
        {"name": "gateway", "cost": 50, "value": 0},
        {"name": "cheap route", "cost": 10, "value": 60, "requires": ["gateway"]},
        {"name": "plain route", "cost": 90, "value": 60},
    ]
    context = {"items": bound, "constraints": {"min_value": 60}}

    with_it = await executed(user, AGENT, "Choose", context=context)
    bound[1].pop("requires")
    without = await executed(user, AGENT, "Choose", context=context)

    assert in_order_of(with_it["response"], ["gateway", "plain route"]) == ["gateway"]
    assert "cheap route" in with_it["response"]
    assert in_order_of(without["response"], ["gateway", "plain route", "cheap route"]) == ["cheap route"]


@pytest.mark.requires("websocket")
async def test_asked_share_decides_the_cuts(user: User, websocket: OpenSocket) -> None:
    """From amounts in plain words the smallest cut is chosen that saves the share asked for; more for a larger one."""
    amounts = {"compute": 1310, "storage": 290, "egress": 470, "licences": 730}
    parts = [{"name": name, "cost": amount, "value": amount} for name, amount in amounts.items()]
    listed = ", ".join(f"{name} {amount}" for name, amount in amounts.items())
    small, large = (cheapest(parts, sum(amounts.values()) * share) for share in (0.15, 0.55))

    less = result_of(await chatted(websocket, user, AGENT, f"Cut 15 % of: {listed}"), AGENT)
    more = await executed(user, AGENT, f"Cut 55 % of: {listed}")

    assert small[1] != large[1]
    assert set(in_order_of(less["response"], amounts)) == small[1]
    assert set(in_order_of(more["response"], amounts)) == large[1]
    assert small[0] in figures(less["response"])
    assert large[0] in figures(more["response"])


async def test_option_without_a_cost_is_refused(user: User) -> None:
    """An option that does not say what it costs is refused with its name, never taken for free."""
    answer = await executed(user, AGENT, "Choose", context={"items": [*OPTIONS, {"name": "free lunch", "value": 99}]})

    assert "free lunch" in refusal(answer)
    assert "cost" in refusal(answer)
