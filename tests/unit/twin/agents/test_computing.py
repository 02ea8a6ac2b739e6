from typing import Any

import pytest

from ci_tools.twin.agents.computing import TOOLS
from ci_tools.twin.agents.failures import ToolParametersError
from ci_tools.twin.agents.ports import Caller
from ci_tools.twin.agents.tools import Toolbox

CALLER = Caller(user_id="user-1")
TOOLBOX = Toolbox(TOOLS, limit_s=5.0)


@pytest.mark.parametrize(
    ("tool", "parameters", "expected"),
    [
        ("calculator", {"expression": "6 * 7"}, {"value": 42.0}),
        ("unit_convert", {"value": 2, "from_unit": "h", "to_unit": "min"}, {"value": 120.0, "unit": "min"}),
        (
            "cheapest_plan",
            {"options": [{"name": "a", "cost": 3, "value": 2}, {"name": "b", "cost": 1, "value": 2}], "needed": 2},
            {"feasible": True, "selection": {"names": ("b",), "cost": 1.0, "value": 2.0}},
        ),
        (
            "cheapest_plan",
            {"options": [{"name": "a", "cost": 3, "value": 2}], "needed": 2, "budget": 1},
            {"feasible": False, "selection": None},
        ),
        ("order_steps", {"steps": [{"name": "b", "after": ["a"]}, {"name": "a"}]}, {"order": ["a", "b"]}),
    ],
)
async def test_a_tool_computes_its_result(tool: str, parameters: dict[str, Any], expected: Any) -> None:
    """The result follows from the parameters alone."""
    assert (await TOOLBOX.use(tool, parameters, CALLER)).result == expected


async def test_statistics_describe_the_values() -> None:
    """Every figure of the summary is in the result."""
    result = (await TOOLBOX.use("statistics", {"values": [1, 2, 3]}, CALLER)).result

    assert (result["count"], result["mean"], result["trend"]) == (3, 2.0, "rising")


async def test_text_analysis_counts_and_finds() -> None:
    """Words, sentences, keywords and entities come together."""
    result = (await TOOLBOX.use("text_analysis", {"text": "Costs rose. Costs hit $9k."}, CALLER)).result

    assert (result["words"], result["sentences"], result["keywords"][0]) == (4, 2, "costs")
    assert result["entities"]["money"] == (9000.0,)


@pytest.mark.parametrize(
    ("tool", "parameters", "message"),
    [
        ("order_steps", {"steps": [{"name": "a", "after": ["a"]}]}, "wait for each other: a"),
        ("cheapest_plan", {"options": [{"name": "a", "cost": -1, "value": 1}], "needed": 1}, "minimum of 0"),
        ("statistics", {"values": [1e308, 1e308, -1e308]}, "no finite result"),
        ("statistics", {"values": []}, "non-empty"),
        ("calculator", {"expression": "1/0"}, "division by zero"),
    ],
)
async def test_parameters_without_a_result_are_refused(tool: str, parameters: dict[str, Any], message: str) -> None:
    """What the schema cannot see is refused in the same way."""
    with pytest.raises(ToolParametersError, match=message):
        await TOOLBOX.use(tool, parameters, CALLER)
