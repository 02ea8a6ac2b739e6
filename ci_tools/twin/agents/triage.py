"""Triage: what a request is about, how urgent it is, and which agents it needs."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from ci_tools.twin.agents import text
from ci_tools.twin.agents.desk import Desk, Report
from ci_tools.twin.agents.runs import AgentName

_SIGNS: Final[Mapping[str, tuple[str, ...]]] = {
    "incident": ("outage", "down", "incident", "failing", "error", "errors", "broken", "crash", "timeout"),
    "cost_optimization": (
        "optimize", "optimise", "optimization", "reduce", "save", "savings", "cost", "costs", "cheaper", "cheapest",
        "budget", "spend", "spending", "expensive",
    ),
    "data_analysis": (
        "analyze", "analyse", "analysis", "statistics", "trend", "average", "mean", "data", "metrics", "series",
        "usage", "numbers",
    ),
    "supplier_research": ("supplier", "suppliers", "vendor", "vendors", "provider", "providers", "procure"),
    "corpus": ("corpus", "document", "documents", "knowledge", "file", "files"),
    "reporting": ("report", "summary", "summarize", "summarise", "overview"),
}  # fmt: skip
_GENERAL: Final = "general"
_ROUTES: Final[Mapping[str, tuple[AgentName, ...]]] = {
    "incident": (AgentName.DATA, AgentName.ACTIONS, AgentName.REPORTING),
    "cost_optimization": (AgentName.DATA, AgentName.OPTIMIZATION, AgentName.ACTIONS, AgentName.REPORTING),
    "data_analysis": (AgentName.DATA, AgentName.REPORTING),
    "supplier_research": (AgentName.SUPPLY_RESEARCHER, AgentName.ACTIONS, AgentName.REPORTING),
    "corpus": (AgentName.CORPUS_ADMIN, AgentName.REPORTING),
    "reporting": (AgentName.DATA, AgentName.REPORTING),
    _GENERAL: (AgentName.DATA, AgentName.OPTIMIZATION, AgentName.ACTIONS, AgentName.REPORTING),
}
_URGENCY: Final[Mapping[str, tuple[str, ...]]] = {
    "critical": ("outage", "critical", "emergency", "asap", "immediately", "down", "production"),
    "high": ("urgent", "urgently", "important", "today", "blocking", "blocked", "failing", "deadline"),
    "low": ("sometime", "eventually", "whenever", "minor", "curious"),
}


class Triage:
    """Classifies a request by its words; the strongest category wins, ties by the order of the table."""

    name = AgentName.TRIAGE
    capabilities = ("classification", "entity_extraction", "prioritisation", "routing")
    tools = ("text_analysis",)

    async def work(self, desk: Desk) -> Report:
        """Category, confidence, priority, entities, keywords and the agents that the request needs."""
        message = desk.task.message
        analysis = await desk.use("text_analysis", {"text": message})
        category, confidence = classified(message)
        desk.think(f"the request is about {category} (confidence {confidence:.2f})", 70)
        found: dict[str, Any] = {
            "category": category,
            "confidence": confidence,
            "priority": prioritised(message),
            "keywords": analysis["keywords"],
            "entities": asdict(text.entities(message)),
            "recommended_agents": [name.value for name in _ROUTES[category]],
        }
        return Report(text=_sentence(found), data=found)


def classified(message: str) -> tuple[str, float]:
    """The category of *message*, and its share of all signs that were found (0 without any)."""
    seen = text.words(message)
    scores = {category: sum(seen.count(sign) for sign in signs) for category, signs in _SIGNS.items()}
    total = sum(scores.values())
    if not total:
        return _GENERAL, 0.0
    best = max(scores, key=lambda category: scores[category])
    return best, round(scores[best] / total, 4)


def prioritised(message: str) -> str:
    """``critical``, ``high``, ``medium`` or ``low``, by the most urgent word."""
    seen = set(text.words(message))
    for priority, signs in _URGENCY.items():
        if seen & set(signs):
            return priority
    return "medium"


def _sentence(found: Mapping[str, Any]) -> str:
    route = text.listed(found["recommended_agents"])
    return f"A {found['priority']}-priority request of category {found['category']}; needs {route}."
