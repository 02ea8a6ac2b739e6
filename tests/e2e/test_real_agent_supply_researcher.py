"""The supply researcher recommends from the catalogue what the request values, and nothing that is not there."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ci_tools.target.fixtures import OpenSocket, User
from tests.e2e.agent_work import chatted, in_order_of, result_of, streamed, tool_calls, tool_result

pytestmark = pytest.mark.requires("agents")

AGENT = "supply_researcher"
LOOKUP = "catalogue_lookup"


async def catalogue(user: User, **wanted: str) -> list[Mapping[str, Any]]:
    """What *user* finds in the catalogue without the agent."""
    found: list[Mapping[str, Any]] = (await tool_result(user, LOOKUP, wanted))["suppliers"]
    return found


def names(suppliers: Sequence[Mapping[str, Any]]) -> list[str]:
    """Their names."""
    return [str(supplier["name"]) for supplier in suppliers]


async def test_cheapest_is_recommended_to_who_asks_for_it(user: User) -> None:
    """Who asks for a cheap offer is told the supplier with the lowest price first."""
    everyone = await catalogue(user)

    events = await streamed(user, AGENT, "We need affordable model inference, price decides")

    offered = await catalogue(user, product="model inference")
    told = in_order_of(result_of(events, AGENT)["response"], names(everyone))
    assert told[0] == min(offered, key=lambda supplier: float(supplier["unit_price"]))["name"]
    assert set(told) <= set(names(offered))


async def test_fastest_is_recommended_to_who_is_in_a_hurry(user: User) -> None:
    """Who needs it soon is told the supplier with the shortest lead time first, not the cheapest."""
    everyone = await catalogue(user)

    events = await streamed(user, AGENT, "We need model inference soon, the fastest lead wins")

    offered = await catalogue(user, product="model inference")
    told = in_order_of(result_of(events, AGENT)["response"], names(everyone))
    assert told[0] == min(offered, key=lambda supplier: int(supplier["lead_time_days"]))["name"]
    assert told[0] != min(offered, key=lambda supplier: float(supplier["unit_price"]))["name"]


async def test_region_restricts_the_recommendation(user: User) -> None:
    """A request for one region is looked up there, and names every supplier of it and nobody from elsewhere."""
    everyone = await catalogue(user)

    events = await streamed(user, AGENT, "Who offers GPU compute in EU?")

    (lookup,) = tool_calls(events)
    there = [each for each in everyone if (each["region"], each["product"]) == ("eu", "gpu compute")]
    assert (lookup.tool, dict(lookup.parameters)) == (LOOKUP, {"product": "gpu compute", "region": "eu"})
    assert in_order_of(result_of(events, AGENT)["response"], names(everyone)) == names(there)


async def test_nobody_is_recommended_where_there_is_nobody(user: User) -> None:
    """A product that nobody offers in the region is answered with that, not with the next best name."""
    everyone = await catalogue(user)

    events = await streamed(user, AGENT, "Who offers data annotation in US?")

    response = result_of(events, AGENT)["response"]
    assert await catalogue(user, product="data labelling", region="us") == []
    assert "no supplier" in response.lower()
    assert in_order_of(response, names(everyone)) == []


@pytest.mark.requires("websocket")
async def test_ranking_is_complete_and_in_order(user: User, websocket: OpenSocket) -> None:
    """Every supplier that the lookup gave is ranked once, the scores fall from first to last, and the best is first."""
    events = await chatted(websocket, user, AGENT, "Compare reliable storage and GPU hosting suppliers")

    (lookup,) = tool_calls(events)
    result = result_of(events, AGENT)
    scores = [entry["score"] for entry in result["ranking"]]
    assert sorted(names(result["ranking"])) == sorted(names(lookup.result["suppliers"]))
    assert len(scores) > 1
    assert scores == sorted(scores, reverse=True)
    assert result["best"] == result["ranking"][0]
