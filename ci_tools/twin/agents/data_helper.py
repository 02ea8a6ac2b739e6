"""Data help: which data a request still lacks, and how to ask for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ci_tools.twin.agents import text, triage
from ci_tools.twin.agents.desk import Desk, Report
from ci_tools.twin.agents.runs import AgentName


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One thing that a request of some category must state."""

    name: str
    question: str
    signs: tuple[str, ...] = ()
    """Words of the message that state it."""
    numeric: bool = False
    """Any number of the message states it."""


_PERIOD: Final = Need(
    name="period",
    question="Which period should be looked at?",
    signs=("day", "daily", "week", "weekly", "month", "monthly", "quarter", "year", "yearly", "yesterday", "today"),
)
_SERIES: Final = Need(name="series", question="Which measured values should be analysed?", numeric=True)
_NEEDS: Final[Mapping[str, tuple[Need, ...]]] = {
    "cost_optimization": (
        Need(name="items", question="Which cost items exist, with their amounts?", numeric=True),
        Need(name="constraints", question="What must not be given up?", signs=("budget", "without", "keep", "least")),
        _PERIOD,
    ),
    "data_analysis": (_SERIES, _PERIOD),
    "incident": (
        Need(name="service", question="Which service is affected?", signs=("backend", "database", "redis", "api")),
        Need(name="since", question="Since when?", signs=("since", "minutes", "hours", "yesterday", "today")),
    ),
    "supplier_research": (
        Need(
            name="product",
            question="Which product is needed?",
            signs=("gpu", "compute", "inference", "storage", "labelling", "models", "model"),
        ),
        Need(name="region", question="In which region?", signs=("eu", "us", "apac", "europe", "asia")),
        Need(name="volume", question="How much of it?", numeric=True),
    ),
    "corpus": (Need(name="query", question="What should the documents be about?", signs=("about", "on", "titled")),),
    "reporting": (_PERIOD, _SERIES),
    "general": (Need(name="goal", question="What should be achieved?"),),
}


class DataHelper:
    """Compares what a request states with what its category needs."""

    name = AgentName.DATA_HELPER
    capabilities = ("gap_detection", "clarifying_questions")
    tools = ("text_analysis",)

    async def work(self, desk: Desk) -> Report:
        """The missing data, each with the question that would supply it."""
        analysis = await desk.use("text_analysis", {"text": desk.task.message})
        category, _ = triage.classified(desk.task.message)
        missing = missing_of(category, desk.task.message, desk.task.context)
        desk.think(f"{len(missing)} of {len(_NEEDS[category])} needed data are missing", 80)
        data: dict[str, Any] = {
            "category": category,
            "missing": [{"name": need.name, "question": need.question} for need in missing],
            "stated": [need.name for need in _NEEDS[category] if need not in missing],
            "complete": not missing,
            "words": analysis["words"],
        }
        return Report(text=_sentence(category, missing), data=data)


def missing_of(category: str, message: str, context: Mapping[str, Any]) -> list[Need]:
    """What a request of *category* needs and neither *message* nor *context* states."""
    seen = set(text.words(message))
    has_number = bool(text.numbers(message))
    return [
        need
        for need in _NEEDS[category]
        if need.name not in context and not seen & set(need.signs) and not (need.numeric and has_number)
    ]


def _sentence(category: str, missing: list[Need]) -> str:
    if not missing:
        return f"Nothing is missing for a request of category {category}."
    questions = " ".join(need.question for need in missing)
    return f"Missing for a request of category {category}: {text.listed([need.name for need in missing])}. {questions}"
