from typing import Any

from ci_tools.twin.agents.reporting import escaped
from ci_tools.twin.agents.runs import AgentName


async def test_every_earlier_result_is_a_section(ask: Any) -> None:
    """Sections come in the order of work, whatever the order of the context."""
    result = await ask(
        AgentName.REPORTING,
        "Cost   review",
        actions={"response": "1. cut"},
        data={"response": "mean 4"},
        note="not a result",
    )

    assert result["sections"] == ["Data", "Actions"]
    assert result["response"] == "# Report: Cost review\n\n## Data\n\nmean 4\n\n## Actions\n\n1. cut\n"


async def test_a_report_on_nothing_says_so(ask: Any) -> None:
    """No section is made up."""
    result = await ask(AgentName.REPORTING, "anything")

    assert result["sections"] == []
    assert "nothing to report on" in result["response"]


def test_a_users_text_makes_neither_html_nor_links() -> None:
    """The report can be shown as Markdown."""
    assert escaped("<script>[a](javascript:x)") == "&lt;script>[a]\\(javascript:x)"
