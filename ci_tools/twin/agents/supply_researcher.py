"""Supply research: suppliers of a product, ranked by what the request values."""

from typing import Any, Final

from ci_tools.twin.agents import suppliers, text
from ci_tools.twin.agents.desk import Desk, Report
from ci_tools.twin.agents.runs import AgentName

_WISHES: Final = {
    "price": ("cheap", "cheaper", "cheapest", "price", "cost", "costs", "budget", "affordable"),
    "speed": ("fast", "faster", "fastest", "quick", "soon", "speed", "urgent", "lead"),
    "reliability": ("reliable", "reliability", "stable", "dependable", "uptime", "quality"),
}
_WISHED: Final = 4.0
_PRODUCT_WORDS: Final = {
    "gpu compute": ("gpu", "gpus", "compute", "training"),
    "model inference": ("inference", "model", "models", "llm", "completion"),
    "storage": ("storage", "store", "archive", "disk"),
    "data labelling": ("labelling", "labeling", "annotation", "labels"),
}


class SupplyResearcher:
    """Looks the product up in the catalogue and ranks what it finds."""

    name = AgentName.SUPPLY_RESEARCHER
    capabilities = ("supplier_search", "supplier_ranking", "procurement")
    tools = ("catalogue_lookup",)

    async def work(self, desk: Desk) -> Report:
        """The suppliers, best first, with the weights that decided."""
        wanted = wanted_of(desk.task.message)
        found = (await desk.use("catalogue_lookup", wanted))["suppliers"]
        weights = weights_of(desk.task.message)
        desk.think(f"ranking {len(found)} suppliers by {text.listed(list(weights))}", 70)
        ranking = suppliers.ranked([suppliers.Supplier(**entry) for entry in found], weights)
        entries = [{"name": r.supplier.name, "product": r.supplier.product, "score": r.score} for r in ranking]
        data: dict[str, Any] = {
            "wanted": wanted,
            "weights": weights,
            "ranking": entries,
            "best": entries[0] if entries else None,
        }
        return Report(text=_sentence(entries, wanted), data=data)


def wanted_of(message: str) -> dict[str, str]:
    """The product and region that *message* names; an absent key restricts nothing."""
    seen = set(text.words(message))
    product = next((name for name, signs in _PRODUCT_WORDS.items() if seen & set(signs)), None)
    region = next((region for region in suppliers.REGIONS if region in seen), None)
    wanted = {"product": product, "region": region}
    return {key: value for key, value in wanted.items() if value is not None}


def weights_of(message: str) -> dict[str, float]:
    """How much each criterion counts: what *message* asks for counts fourfold."""
    seen = set(text.words(message))
    return {name: _WISHED if seen & set(signs) else 1.0 for name, signs in _WISHES.items()}


def _sentence(entries: list[dict[str, Any]], wanted: dict[str, str]) -> str:
    what = text.listed([f"{key} {value}" for key, value in wanted.items()]) or "any product"
    if not entries:
        return f"No supplier in the catalogue for {what}."
    ranking = ", ".join(f"{entry['name']} ({entry['score']:.2f})" for entry in entries[:3])
    return f"Best of {len(entries)} suppliers for {what}: {ranking}."
