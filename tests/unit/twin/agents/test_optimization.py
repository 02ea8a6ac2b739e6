from typing import Any

import pytest

from ci_tools.twin.agents.failures import AgentInputError
from ci_tools.twin.agents.optimization import problem_of
from ci_tools.twin.agents.runs import AgentName, RunRequest, RunStatus

ITEMS = [
    {"name": "cache", "cost": 3, "value": 10},
    {"name": "batch", "cost": 2, "value": 6},
    {"name": "shrink", "cost": 1, "value": 3},
]


async def test_the_cheapest_feasible_items_are_chosen(ask: Any) -> None:
    """Constraints decide how much is needed and what may be spent."""
    result = await ask(AgentName.OPTIMIZATION, "choose", items=ITEMS, constraints={"min_value": 12, "budget": 5})

    assert result["selection"] == {"names": ("cache", "shrink"), "cost": 4.0, "value": 13.0}
    assert result["share_percent"] == 68.42
    assert "cache and shrink, at cost 4 for value 13" in result["response"]


async def test_an_infeasible_request_is_told_so(ask: Any) -> None:
    """No plan is made up."""
    result = await ask(AgentName.OPTIMIZATION, "choose", items=ITEMS, constraints={"min_value": 9, "budget": 2})

    assert (result["feasible"], result["selection"]) == (False, None)
    assert result["response"] == "No feasible plan: 3 options do not give 9 within a budget of 2."


async def test_named_amounts_are_cut_to_reach_the_target(ask: Any) -> None:
    """A quarter off 1,000 is reached by the cut that overshoots least."""
    result = await ask(AgentName.OPTIMIZATION, "Reduce by 25%: compute 600, storage 300, network 100")

    assert (result["basis"], result["needed"]) == ("cuts", 250.0)
    assert result["selection"]["names"] == ("storage",)


async def test_without_options_known_measures_are_chosen(ask: Any) -> None:
    """The default target is a fifth."""
    result = await ask(AgentName.OPTIMIZATION, "Lower our AI bill")

    assert (result["basis"], result["needed"]) == ("measures", 20.0)
    assert result["selection"] == {
        "names": ("route simple requests to a smaller model", "shorten system prompts"),
        "cost": 6.0,
        "value": 22.0,
    }


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"items": ["cache"]}, "item 'cache' is no option; needed: name, cost"),
        ({"constraints": [1]}, "constraints are list; allowed: min_value, budget"),
    ],
)
def test_a_malformed_problem_is_refused_in_words(context: dict[str, Any], message: str) -> None:
    """The refusal says what an option needs."""
    with pytest.raises(AgentInputError, match=message):
        problem_of("", context)


async def test_an_item_with_a_text_for_its_cost_ends_the_run_in_an_error(house: Any) -> None:
    """What the tool's schema refuses is the run's error, in the schema's words."""
    context = {"items": [{"name": "a", "cost": "three"}]}
    run = await house.perform(RunRequest(agent=AgentName.OPTIMIZATION, message="choose", context=context))

    assert (run.status, run.error_code) == (RunStatus.FAILED, "TOOL_PARAMETERS_INVALID")
    assert run.error == "tool 'cheapest_plan' at $.options[0].cost: 'three' is not of type 'number'"
