"""What a replay came to, for people."""

from collections.abc import Callable, Mapping

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tests.replay.document import OURS, Replay, Row
from tests.replay.scoring import Figures

_MEASURES: Mapping[str, Callable[[Figures], float]] = {
    "issues per cause  (1 is right)": lambda one: one.issues_per_cause,
    "issues that mix causes  (0 is right)": lambda one: one.wrong_merges,
    "notifications": lambda one: one.mails,
    "API calls": lambda one: one.calls,
}

_CAPTION = (
    "The others are simplified models of their rules. A notification is what GitHub mails to whoever watches: an issue "
    "is opened, commented on, closed or opened again; neither labels nor edits, nor what people do themselves. A call "
    "is one that GitHub counts: ours asks for free whether an issue has changed before it is written."
)


def print_tables(replay: Replay, console: Console) -> None:
    """The scenarios, how each tool filed them, and the promises."""
    for table in (_scenarios(replay), _compared(replay), _promised(replay)):
        console.print(table)
        console.print()


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    table.title_justify = table.caption_justify = "left"
    for column in columns:
        table.add_column(column)
    return table


def _scenarios(replay: Replay) -> Table:
    table = _table("what is replayed", "scenario", "what happens", "campaigns", "causes")
    for place in (2, 3):
        table.columns[place].justify = "right"
    for row in replay.rows:
        scenario = row.scenario
        table.add_row(scenario.name, scenario.about, str(len(scenario.campaigns)), str(scenario.causes))
    return table


def _compared(replay: Replay) -> Table:
    """A block of rows for each measure, so that a row compares the tools in one scenario."""
    tools = list(replay.rows[0].figures)
    table = _table("how it is filed", "", *tools)
    for column in table.columns[1:]:
        column.justify = "right"
    table.columns[1].style = "bold"
    table.caption = _CAPTION
    for name, measure in _MEASURES.items():
        table.add_row(Text(name, style="bold"))
        for row in replay.rows:
            table.add_row(f"  {row.scenario.name}", *_figures(row, tools, measure))
        table.add_section()
    return table


def _figures(row: Row, tools: list[str], measure: Callable[[Figures], float]) -> list[str]:
    return [f"{measure(row.figures[tool]):,g}" if tool in row.figures else "" for tool in tools]


def _promised(replay: Replay) -> Table:
    table = _table(f"what {OURS} promises", "promise", "wanted", "observed", "")
    for place in (1, 2):
        table.columns[place].justify = "right"
    for promise in replay.promises:
        word = Text("held", style="green") if promise.holds else Text("BROKEN", style="bold red")
        table.add_row(promise.says, promise.wanted, promise.observed, word)
    return table
