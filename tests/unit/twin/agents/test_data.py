from typing import Any

import pytest

from ci_tools.twin.agents.data import series_of
from ci_tools.twin.agents.failures import AgentInputError
from ci_tools.twin.agents.runs import AgentName


@pytest.mark.parametrize(
    ("message", "context", "expected"),
    [
        ("latency: 1, 2, 3; cost: 4 5", {}, {"latency": [1.0, 2.0, 3.0], "cost": [4.0, 5.0]}),
        ("analyze 3 and 4", {}, {"values": [3.0, 4.0]}),
        ("ignored 9", {"data": [1, 2]}, {"values": [1.0, 2.0]}),
        ("ignored 9", {"series": {"a": [1], "b": []}}, {"a": [1.0]}),
        ("no numbers: none at all", {}, {}),
    ],
)
def test_series_come_from_the_context_or_else_the_message(
    message: str, context: dict[str, Any], expected: dict[str, list[float]]
) -> None:
    """Labels name the series of a message; loose numbers are one series."""
    assert series_of(message, context) == expected


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("1, 2", "series given as str"),
        ({"a": [1, "x"]}, "series 'a' is not a list of numbers"),
        ([True], "series 'values' is not a list of numbers"),
        ({f"s{n}": [1] for n in range(21)}, "21 series; at most 20"),
    ],
)
def test_a_context_without_numbers_is_refused_in_words(given: Any, message: str) -> None:
    """The refusal names the series."""
    with pytest.raises(AgentInputError, match=message):
        series_of("", {"series": given})


async def test_each_series_is_described(ask: Any) -> None:
    """Statistics, trend and outliers stand in the result and in the words."""
    result = await ask(AgentName.DATA, "latency: 10, 11, 9, 10, 12, 90; load: 1, 2, 3")

    assert result["statistics"]["load"]["mean"] == 2.0
    assert result["statistics"]["latency"]["outliers"] == (90.0,)
    assert "latency: 6 values, mean 23.6667, median 10.5, rising, outliers 90." in result["response"]


async def test_a_request_without_numbers_is_said_to_have_none(ask: Any) -> None:
    """Nothing is made up."""
    result = await ask(AgentName.DATA, "How are you?")

    assert result == {"response": "No numbers to analyse among 3 words.", "series": {}, "statistics": {}}
