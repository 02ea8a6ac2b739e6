from typing import Any

import pytest

from ci_tools.twin.agents.data_helper import missing_of
from ci_tools.twin.agents.runs import AgentName


@pytest.mark.parametrize(
    ("category", "message", "context", "missing"),
    [
        ("cost_optimization", "reduce cost", {}, ["items", "constraints", "period"]),
        ("cost_optimization", "keep 40 a month", {}, []),
        ("data_analysis", "weekly", {"series": [1]}, []),
        ("supplier_research", "gpu", {"region": "eu"}, ["volume"]),
        ("general", "hello", {}, ["goal"]),
    ],
)
def test_what_neither_message_nor_context_states_is_missing(
    category: str, message: str, context: dict[str, Any], missing: list[str]
) -> None:
    """Each category has needs of its own."""
    assert [need.name for need in missing_of(category, message, context)] == missing


async def test_missing_data_come_with_their_questions(ask: Any) -> None:
    """The user learns what to answer."""
    result = await ask(AgentName.DATA_HELPER, "Analyze the trend")

    assert result["category"] == "data_analysis"
    assert [entry["name"] for entry in result["missing"]] == ["series", "period"]
    assert "Which measured values should be analysed?" in result["response"]


async def test_a_complete_request_misses_nothing(ask: Any) -> None:
    """Nothing is asked for the sake of asking."""
    result = await ask(AgentName.DATA_HELPER, "Analyze the monthly trend of 3, 4, 5")

    assert (result["complete"], result["missing"], result["stated"]) == (True, [], ["series", "period"])
