"""Reporting: earlier results compiled into one Markdown report."""

from collections.abc import Mapping
from typing import Any

from ci_tools.twin.agents import text
from ci_tools.twin.agents.desk import Desk, Report
from ci_tools.twin.agents.runs import AgentName

_SECTIONS = {
    AgentName.TRIAGE: "Request",
    AgentName.DATA: "Data",
    AgentName.SUPPLY_RESEARCHER: "Suppliers",
    AgentName.CORPUS_ADMIN: "Documents",
    AgentName.DATA_HELPER: "Missing data",
    AgentName.OPTIMIZATION: "Optimization",
    AgentName.ACTIONS: "Actions",
}


class Reporting:
    """Writes one section per agent that has a result in the context; what is absent is named."""

    name = AgentName.REPORTING
    capabilities = ("report_compilation", "markdown", "summarising")
    tools = ("text_analysis",)

    async def work(self, desk: Desk) -> Report:
        """The report as Markdown, with its sections and the number of its words."""
        results = {name: _response(desk.task.context.get(name)) for name in _SECTIONS}
        present = {name: response for name, response in results.items() if response}
        desk.think(f"compiling {len(present)} results", 40)
        report = compiled(desk.task.message, present)
        analysis = await desk.use("text_analysis", {"text": report[:20_000]})
        sections = [_SECTIONS[name] for name in present]
        return Report(
            text=report, data={"sections": sections, "words": analysis["words"], "keywords": analysis["keywords"]}
        )


def compiled(message: str, responses: Mapping[AgentName, str]) -> str:
    """The Markdown report on *message* from each agent's response."""
    title = text.shortened(" ".join(message.split()), 80) or "untitled request"
    lines = [f"# Report: {escaped(title)}", ""]
    if not responses:
        lines += ["No earlier results were handed over: there is nothing to report on.", ""]
    for name, response in responses.items():
        lines += [f"## {_SECTIONS[name]}", "", escaped(response), ""]
    return "\n".join(lines)


def escaped(body: str) -> str:
    """*body* without the characters that would make HTML or links of a user's text."""
    return body.replace("<", "&lt;").replace("](", "]\\(")


def _response(result: Any) -> str:
    return str(result.get("response", "")) if isinstance(result, Mapping) else ""
