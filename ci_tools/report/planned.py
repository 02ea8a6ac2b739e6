"""A plan as a person reads it before anything runs."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ci_tools.model import Phase, Plan, Shard
from ci_tools.report.inert import cell, line
from ci_tools.report.wording import counted, duration

_WIDE = 1_000


def print_plan(plan: Plan, shards: Sequence[Shard], console: Console) -> None:
    """Print what runs, where and why, and into how many parts it is divided."""
    console.print(Text(line(f"plan {plan.name} on {plan.environment}", _WIDE), style="bold"), soft_wrap=True)
    console.print(Text(f"  {line(plan.reason, _WIDE)}", style="dim"), soft_wrap=True)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", show_edge=False)
    for column in ("phase", "budget", "suite", "tests", "requires", "at stake"):
        table.add_column(column, overflow="fold")
    for phase in plan.phases:
        _add(table, phase, plan.time_scale)
    console.print(table)
    console.print(Text(_in_all(plan)), soft_wrap=True)
    if len(shards) > 1:
        at_once = max(shard.at_once for shard in shards)
        console.print(
            Text(
                f"{len(shards)} shards, {at_once} at once, these with 1/{at_once} each of what the edge's limits allow"
            ),
            soft_wrap=True,
        )


def _in_all(plan: Plan) -> str:
    suites = [suite for phase in plan.phases for suite in phase.suites]
    tests = sum(suite.expected or 0 for suite in suites)
    least = "at least " if any(suite.expected is None for suite in suites) else ""
    budget_s = plan.time_scale * sum(phase.budget_s for phase in plan.phases)
    return f"{counted(len(suites), 'suite')}, {least}{counted(tests, 'test')}, within {duration(budget_s)}"


def _add(table: Table, phase: Phase, time_scale: float) -> None:
    for number, suite in enumerate(phase.suites):
        first = number == 0
        table.add_row(
            Text(cell(f"{phase.number} {phase.name}")) if first else "",
            duration(phase.budget_s * time_scale) if first else "",
            Text(cell(suite.name)),
            "?" if suite.expected is None else str(suite.expected),
            Text(cell(", ".join(suite.requires)), style="dim"),
            Text(cell(suite.value, 80), style="dim"),
        )
