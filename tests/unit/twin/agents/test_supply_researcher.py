from typing import Any

from ci_tools.twin.agents.runs import AgentName
from ci_tools.twin.agents.supply_researcher import wanted_of, weights_of


def test_product_and_region_are_read_from_the_message() -> None:
    """What is not named restricts nothing."""
    assert wanted_of("GPU servers in the EU") == {"product": "gpu compute", "region": "eu"}
    assert wanted_of("anything") == {}


def test_what_is_asked_for_counts_fourfold() -> None:
    """The other criteria still count."""
    assert weights_of("a cheap one") == {"price": 4.0, "speed": 1.0, "reliability": 1.0}


async def test_suppliers_are_ranked_by_the_wish(ask: Any) -> None:
    """The wish changes who is best."""
    cheap = await ask(AgentName.SUPPLY_RESEARCHER, "Find the cheapest inference provider")
    sound = await ask(AgentName.SUPPLY_RESEARCHER, "Find a reliable, fast inference provider")

    assert cheap["ranking"][0]["name"] == "Juniper Models"
    assert sound["best"]["name"] == "Cobalt Inference"
    assert cheap["response"].startswith("Best of 3 suppliers for product model inference: Juniper Models")


async def test_a_region_without_an_offer_gives_no_supplier(ask: Any) -> None:
    """Nobody is recommended who does not offer the product there."""
    result = await ask(AgentName.SUPPLY_RESEARCHER, "storage in apac")

    assert (result["ranking"], result["best"]) == ([], None)
    assert result["response"] == "No supplier in the catalogue for product storage and region apac."
