from typing import Any

import pytest

from ci_tools.twin.agents.runs import AgentName
from ci_tools.twin.agents.triage import classified, prioritised


@pytest.mark.parametrize(
    ("message", "category"),
    [
        ("The backend is down, many errors", "incident"),
        ("Reduce the cost of our GPU spend", "cost_optimization"),
        ("What is the average and trend of these metrics?", "data_analysis"),
        ("Find a supplier or vendor for storage", "supplier_research"),
        ("Search the corpus for documents", "corpus"),
        ("Write a summary report", "reporting"),
        ("Good morning", "general"),
        ("", "general"),
    ],
)
def test_a_request_is_classified_by_its_words(message: str, category: str) -> None:
    """The strongest category wins."""
    assert classified(message)[0] == category


def test_confidence_is_the_share_of_the_signs() -> None:
    """Two signs of one category and one of another give two thirds."""
    assert classified("reduce cost report") == ("cost_optimization", 0.6667)
    assert classified("hello") == ("general", 0.0)


@pytest.mark.parametrize(
    ("message", "priority"),
    [("production outage", "critical"), ("urgent", "high"), ("a report", "medium"), ("minor thing", "low")],
)
def test_the_most_urgent_word_sets_the_priority(message: str, priority: str) -> None:
    """Without such a word a request is of medium priority."""
    assert prioritised(message) == priority


async def test_triage_tells_entities_and_the_agents_needed(ask: Any) -> None:
    """The result holds what the next agents work on."""
    result = await ask(AgentName.TRIAGE, "Urgent: reduce compute cost of $12k by 20% until 2025-10-01")

    assert (result["category"], result["priority"]) == ("cost_optimization", "high")
    assert result["entities"]["money"] == (12_000.0,)
    assert result["entities"]["dates"] == ("2025-10-01",)
    assert result["recommended_agents"] == ["data", "optimization", "actions", "reporting"]
    assert result["response"].startswith("A high-priority request of category cost_optimization")
