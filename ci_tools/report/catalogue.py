"""The twin's faults as a person looks them up."""

from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ci_tools.report.inert import cell

_COLUMNS = ("name", "dependency", "cause", "summary")


def print_faults(faults: Sequence[Mapping[str, str]], console: Console) -> None:
    """Print each with what it hits, the cause that it stands for and what it does, and how to switch one on."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", show_edge=False)
    for column in _COLUMNS:
        table.add_column(column, overflow="fold")
    for fault in faults:
        table.add_row(*(Text(cell(fault[column])) for column in _COLUMNS))
    console.print(table)
    console.print(Text("from the start: ci-tools campaign --fault NAME; in a served twin: ci-tools faults --on NAME"))
