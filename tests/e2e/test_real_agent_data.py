"""The data agent describes the numbers it is given, those and no others."""

import asyncio
from statistics import fmean, median

import pytest

from ci_tools.target.fixtures import OpenSocket, User
from tests.e2e.agent_work import chatted, figures, refusal, result_of, streamed, tool_calls, tool_result
from tests.e2e.runs import executed

pytestmark = pytest.mark.requires("agents")

AGENT = "data"
COSTS = [1211, 986, 1523, 1104]
OTHER_COSTS = [3407, 2918, 3752, 2613]


def described(values: list[int]) -> set[float]:
    """The figures that describe *values*, none of which is one of them."""
    return {round(float(figure), 3) for figure in (sum(values), fmean(values), median(values))}


async def test_users_get_the_figures_of_their_own_numbers(user: User, second_user: User) -> None:
    """Two users who ask at once are each told sum, mean and median of their own numbers, and none of the other's."""
    first, second = await asyncio.gather(
        streamed(user, AGENT, f"Analyse our monthly costs {', '.join(map(str, COSTS))}"),
        streamed(second_user, AGENT, f"Analyse our monthly costs {', '.join(map(str, OTHER_COSTS))}"),
    )

    own, other = figures(result_of(first, AGENT)), figures(result_of(second, AGENT))
    assert described(COSTS) <= own
    assert described(OTHER_COSTS) <= other
    assert not own & (described(OTHER_COSTS) | set(OTHER_COSTS))
    assert not other & (described(COSTS) | set(COSTS))


async def test_named_series_are_described_apart(user: User) -> None:
    """Each series of the context is described by its name, and nothing is computed across the two."""
    series = {"latency": [141, 187, 162, 219], "requests": [5003, 6417, 5806, 7129]}

    answer = await executed(user, AGENT, "Describe both series", context={"series": series})

    sentences = {name: answer["response"].partition(f"{name}:")[2].partition(":")[0] for name in series}
    assert fmean(series["latency"]) in figures(sentences["latency"])
    assert fmean(series["requests"]) in figures(sentences["requests"])
    assert fmean([*series["latency"], *series["requests"]]) not in figures(answer["response"])


async def test_outlier_is_told_where_there_is_one(user: User) -> None:
    """The one value far outside is named as an outlier; the series without it has none."""
    steady = [101, 99, 102, 98, 100, 103]

    spiked = await executed(user, AGENT, f"Anything unusual in {', '.join(map(str, steady))}, 950?")
    calm = await executed(user, AGENT, f"Anything unusual in {', '.join(map(str, steady))}?")

    assert figures(spiked["response"].partition("outlier")[2]) == {950}
    assert "outlier" not in calm["response"]


@pytest.mark.requires("websocket")
async def test_tool_is_given_the_numbers_of_the_request(user: User, websocket: OpenSocket) -> None:
    """The statistics are asked for with exactly the numbers of the request, and are what the tool gives for them."""
    events = await chatted(websocket, user, AGENT, f"Statistics of {', '.join(map(str, COSTS))} please")

    (call,) = tool_calls(events)
    assert call.parameters["values"] == COSTS
    assert call.result == await tool_result(user, call.tool, call.parameters)
    assert described(COSTS) <= figures(call.result)


async def test_words_are_no_series(user: User) -> None:
    """A series of words is refused by its name, without a figure; the same user's next request is answered."""
    refused = await executed(user, AGENT, "Describe it", context={"series": {"latency": ["fast", "slow"]}})
    after = await executed(user, AGENT, f"Describe {', '.join(map(str, COSTS))}")

    assert "latency" in refusal(refused)
    assert after["status"] == "success"
    assert fmean(COSTS) in figures(after["response"])
