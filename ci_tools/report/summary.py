"""The summary that a campaign ends with on a terminal or in a CI log."""

from collections.abc import Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from ci_tools.diagnosis.hypotheses import Certainty
from ci_tools.diagnosis.incidents import Incident
from ci_tools.model import Change, GateState, KpiState, Verdict
from ci_tools.report.incident_words import headline, impact, next_step, owners
from ci_tools.report.incident_words import since as since_when
from ci_tools.report.inert import cell, line
from ci_tools.report.wording import (
    duration,
    evidence,
    figure_observed,
    figure_wanted,
    observed,
    since,
    suites_in_short,
    tally,
    wanted,
)
from ci_tools.verdict.changes import changed
from ci_tools.verdict.judgement import Judgement

_STYLE = {Verdict.PASS: "bold green", Verdict.FAIL: "bold red", Verdict.INCONCLUSIVE: "bold yellow"}
_MAX_REASONS = 20
_GATE_STYLE = {GateState.HOLDS: "green", GateState.FAILS: "red", GateState.CANNOT_TELL: "yellow"}

_CERTAINTY_STYLE = {Certainty.CONFIRMED: "bold red", Certainty.SUSPECTED: "red", Certainty.UNKNOWN: "yellow"}
_CHANGE_STYLE = {Change.NEWLY_FAILING: "red", Change.STILL_FAILING: "yellow", Change.FIXED: "green"}
_FIGURE_STYLE = {KpiState.MET: "green", KpiState.MISSED: "red", KpiState.UNKNOWN: "yellow"}


def print_summary(judgement: Judgement, console: Console, *, kept_in: str, incidents: Sequence[Incident] = ()) -> None:
    """Print gates, suites, reasons, incidents and the verdict, the verdict last: it is what a person looks for."""
    figures = [_figures(judgement), Text("")] if judgement.kpis else []
    console.print(Group(_gates(judgement), Text(""), _suites(judgement), Text(""), *figures))
    for text in _verdict(judgement, _incidents(incidents, kept_in)):
        # Unwrapped: hostile text must not be able to place itself at the start of a line.
        console.print(text, soft_wrap=True)
    console.print(Text(f"evidence: {kept_in}", style="dim"), soft_wrap=True)


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", show_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _gates(judgement: Judgement) -> RenderableType:
    table = _table("gate", "dependency", "wanted", "observed", "state", "evidence")
    for gate in judgement.gates:
        table.add_row(
            Text(cell(gate.gate.name)),
            Text(cell(gate.gate.dependency)),
            Text(wanted(gate, judgement.time_scale)),
            Text(observed(gate)),
            Text(gate.state.value, style=_GATE_STYLE[gate.state]),
            # What does not hold is told below, in a line of its own.
            Text(cell(evidence(gate, judgement.time_scale), 120) if gate.state is GateState.HOLDS else ""),
        )
    return table


def _suites(judgement: Judgement) -> RenderableType:
    """Only those that are not whole: of the others it is enough to know how many there are."""
    short = Text(suites_in_short(judgement.suites))
    broken = [suite for suite in judgement.suites if suite.passed < suite.planned or not suite.planned]
    if not broken:
        return short
    table = _table("phase", "suite", "passed", "not passed", "at stake")
    for suite in broken:
        table.add_row(
            str(suite.phase),
            Text(cell(suite.name)),
            f"{suite.passed}/{suite.planned}",
            Text(tally(suite), style="red"),
            Text(cell(suite.value, 80), style="dim"),
        )
    return Group(table, short)


def _figures(judgement: Judgement) -> RenderableType:
    table = _table("figure", "wished for", "observed", "target")
    for result in judgement.kpis:
        table.add_row(
            Text(cell(result.kpi.about, 80)),
            Text(figure_wanted(result, judgement.time_scale)),
            Text(figure_observed(result)),
            Text(result.state.value, style=_FIGURE_STYLE[result.state]),
        )
    return table


def _incidents(incidents: Sequence[Incident], kept_in: str) -> list[Text]:
    lines = [text for incident in incidents for text in _incident(incident)]
    told = Text(f"    why, and what else it is not: ci-tools explain {kept_in}", style="dim")
    return [*lines, told] if lines else []


def _incident(incident: Incident) -> list[Text]:
    return [
        Text(line(headline(incident), 240), style=_CERTAINTY_STYLE[incident.certainty]),
        Text(f"    next: {line(next_step(incident), 240)}"),
        Text(f"    since {since_when(incident)}; owner {line(owners(incident))}"),
        Text(f"    {impact(incident)}"),
    ]


def _verdict(judgement: Judgement, incidents: Sequence[Text]) -> list[Text]:
    lines = [Text(f"  {line(reason, 240)}") for reason in judgement.reasons[:_MAX_REASONS]]
    if len(judgement.reasons) > _MAX_REASONS:
        lines.append(Text(f"  … and {len(judgement.reasons) - _MAX_REASONS} more in test_results.json", style="dim"))
    if judgement.previous:
        lines.append(Text(f"  {line(since(judgement), 240)}", style="bold"))
        rows = [(kind, node_id) for kind, ids in changed(judgement.tests).items() for node_id in ids]
        lines += [
            Text(f"    {kind.value}: {line(node_id, 240)}", style=_CHANGE_STYLE[kind])
            for kind, node_id in rows[:_MAX_REASONS]
        ]
        if len(rows) > _MAX_REASONS:
            lines.append(Text(f"    … and {len(rows) - _MAX_REASONS} more in test_results.json", style="dim"))
    if judgement.left_out:
        left_out = line(", ".join(judgement.left_out))
        lines.append(Text(f"  left out, for they declare no suite yet: {left_out}", style="dim"))
    deployed = line(judgement.deployment.revision, 80) if judgement.deployment else "unidentified deployment"
    took = ""
    if judgement.started_at and judgement.finished_at:
        took = f" in {duration((judgement.finished_at - judgement.started_at).total_seconds())}"
    verdict = Text(judgement.verdict.value.upper(), style=_STYLE[judgement.verdict])
    where = f"{line(judgement.environment)}, plan {line(judgement.plan_name)}"
    verdict.append(f"  {where}, {deployed}{took}", style="default")
    return [*lines, Text(""), *incidents, *([Text("")] if incidents else []), verdict]
