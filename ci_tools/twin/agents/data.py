"""Data: the numbers of a request, described."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ci_tools.twin.agents import text
from ci_tools.twin.agents.desk import Desk, Report
from ci_tools.twin.agents.failures import AgentInputError
from ci_tools.twin.agents.runs import AgentName

_SERIES_LIMIT: Final = 20
_SEGMENT = re.compile(r"[;\n]+")
_LABELLED = re.compile(r"^\s*(?:.*[.:]\s)?([A-Za-z][\w -]{0,40}?)\s*[:=]\s*(.+)$")


class Data:
    """Finds the series in the context and the message, and describes each."""

    name = AgentName.DATA
    capabilities = ("parsing", "statistics", "trend_detection", "outlier_detection")
    tools = ("statistics", "text_analysis")

    async def work(self, desk: Desk) -> Report:
        """Statistics per series; none when the request holds no number, and then it says so."""
        found = series_of(desk.task.message, desk.task.context)
        if not found:
            words = await desk.use("text_analysis", {"text": desk.task.message})
            desk.think("the request holds no numbers", 80)
            return Report(
                text=f"No numbers to analyse among {words['words']} words.", data={"series": {}, "statistics": {}}
            )
        described: dict[str, Any] = {}
        for done, (name, values) in enumerate(found.items(), start=1):
            described[name] = await desk.use("statistics", {"values": values})
            desk.think(f"described {name}: {len(values)} values", 20 + 70 * done // len(found))
        return Report(text=_sentences(described), data={"series": found, "statistics": described})


def series_of(message: str, context: Mapping[str, Any]) -> dict[str, list[float]]:
    """Named series: those of ``context["series"]`` or ``context["data"]``, else those of *message*.

    Raises:
        AgentInputError: The context's series are no numbers, or there are too many.
    """
    given = context.get("series", context.get("data"))
    found = _from_message(message) if given is None else _from_context(given)
    if len(found) > _SERIES_LIMIT:
        raise AgentInputError(f"{len(found)} series; at most {_SERIES_LIMIT} are described at once: send fewer")
    return found


def _from_context(given: Any) -> dict[str, list[float]]:
    if isinstance(given, Mapping):
        named = given
    elif isinstance(given, list):
        named = {"values": given}
    else:
        raise AgentInputError(
            f"series given as {type(given).__name__}; allowed: a list of numbers, or names with such lists"
        )
    return {str(name): _checked(str(name), values) for name, values in named.items() if values != []}


def _checked(name: str, values: Any) -> list[float]:
    if not isinstance(values, list) or not all(_is_number(value) for value in values):
        raise AgentInputError(f"series {name!r} is not a list of numbers: {text.shortened(repr(values), 80)}")
    return [float(value) for value in values]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _from_message(message: str) -> dict[str, list[float]]:
    labelled: dict[str, list[float]] = {}
    loose: list[float] = []
    for segment in _SEGMENT.split(message):
        match = _LABELLED.match(segment)
        values = text.measured(match.group(2) if match else segment)
        if match and values:
            labelled.setdefault(match.group(1).strip().lower(), []).extend(values)
        else:
            loose.extend(values)
    return {**labelled, "values": loose} if loose else labelled


def _sentences(described: Mapping[str, Mapping[str, Any]]) -> str:
    return " ".join(_sentence(name, summary) for name, summary in described.items())


def _sentence(name: str, summary: Mapping[str, Any]) -> str:
    return (
        f"{name}: {summary['count']} values, mean {summary['mean']:g}, median {summary['median']:g}, "
        f"{summary['trend']}{_exceptions(summary['outliers'])}."
    )


def _exceptions(outliers: Iterable[float]) -> str:
    named = [f"{value:g}" for value in outliers]
    return f", outliers {text.listed(named)}" if named else ""
