from typing import Any

import pytest

from ci_tools.twin.agents.actions import imperatives, steps_of
from ci_tools.twin.agents.failures import AgentInputError
from ci_tools.twin.agents.runs import AgentName


def test_imperative_clauses_are_the_steps_of_a_message() -> None:
    """Clauses that tell nobody to do anything are left out."""
    found = imperatives("Costs are high. Measure usage; review contracts and then cut what is idle. Thanks!")

    assert found == ["Measure usage", "review contracts", "cut what is idle"]


async def test_given_actions_are_ordered_by_their_dependencies(ask: Any) -> None:
    """The plan is numbered in an order that can be carried out."""
    actions = [{"name": "deploy", "depends_on": ["test"], "priority": "high"}, "test"]
    result = await ask(AgentName.ACTIONS, "plan", actions=actions)

    assert [(step["number"], step["name"]) for step in result["plan"]] == [(1, "test"), (2, "deploy")]
    assert result["response"] == "1. test (medium)\n2. deploy (high)"


async def test_a_chosen_plan_is_carried_out_between_baseline_and_verification(ask: Any) -> None:
    """What the optimization chose becomes steps."""
    chosen = {"selection": {"names": ["cache"]}}
    result = await ask(AgentName.ACTIONS, "urgent", optimization=chosen)

    assert [step["name"] for step in result["plan"]] == [
        "record the present cost as the baseline",
        "cache",
        "verify the effect against the baseline",
    ]
    assert {step["priority"] for step in result["plan"]} == {"high"}


def test_the_best_supplier_is_asked_for_an_offer() -> None:
    """What the supply research found becomes a step."""
    steps = steps_of("", {"supply_researcher": {"best": {"name": "Basalt Cloud"}}})

    assert steps[1]["name"] == "request an offer from Basalt Cloud"


def test_a_request_without_steps_is_to_be_clarified() -> None:
    """There is always something to do next."""
    assert [step["name"] for step in steps_of("Hm.", {})] == ["clarify the request"]


def test_an_action_without_a_name_is_refused_in_words() -> None:
    """The refusal shows the action."""
    with pytest.raises(AgentInputError, match="action 7 has no name"):
        steps_of("", {"actions": [7]})
