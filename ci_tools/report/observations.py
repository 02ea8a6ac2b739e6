"""What probes saw, as a table for people and as JSON for programs."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ci_tools.model import DependencyState, Observation
from ci_tools.report.inert import cell
from ci_tools.report.wording import duration

_STYLE = {
    DependencyState.UP: "green",
    DependencyState.DEGRADED: "yellow",
    DependencyState.DOWN: "bold red",
    DependencyState.UNKNOWN: "yellow",
}


def print_observations(observations: Sequence[Observation], console: Console) -> None:
    """One row for each, in the order given."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", show_edge=False)
    for column in ("probe", "dependency", "state", "took", "code", "what was seen"):
        table.add_column(column, overflow="fold")
    for seen in observations:
        table.add_row(
            Text(cell(seen.probe)),
            Text(cell(seen.dependency)),
            Text(seen.state.value, style=_STYLE[seen.state]),
            _took(seen),
            Text(cell(seen.code or "")),
            Text(cell(seen.text or seen.source, 160), style="" if seen.text else "dim"),
        )
    console.print(table)


def observation_documents(observations: Sequence[Observation]) -> list[dict[str, Any]]:
    """The same as JSON objects; seconds are real ones."""
    return [
        asdict(seen) | {"state": seen.state.value, "at": seen.at.isoformat() if seen.at else None}
        for seen in observations
    ]


def _took(seen: Observation) -> Text:
    if seen.latency_s is None:
        return Text("—", style="dim")
    return Text(f"{'> ' if seen.timed_out else ''}{duration(seen.latency_s)}")
