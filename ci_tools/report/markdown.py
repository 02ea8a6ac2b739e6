"""The short Markdown report that a person reads first."""

from collections import Counter
from collections.abc import Iterable, Sequence

from ci_tools.diagnosis.incidents import Incident
from ci_tools.model import FAILURES, GateState, KpiState, Outcome, Verdict
from ci_tools.report.incident_words import page
from ci_tools.report.inert import details, markdown
from ci_tools.report.wording import (
    counted,
    duration,
    evidence,
    figure_observed,
    figure_wanted,
    observed,
    since,
    subject,
    suites_in_short,
    tally,
    wanted,
)
from ci_tools.texts import first_line
from ci_tools.verdict.changes import changed
from ci_tools.verdict.judgement import Judgement, TestResult

_SIGN = {Verdict.PASS: "✅", Verdict.FAIL: "❌", Verdict.INCONCLUSIVE: "❓"}
_GATE_SIGN = {GateState.HOLDS: "✅", GateState.FAILS: "❌", GateState.CANNOT_TELL: "❓"}
_MAX_TESTS = 20
_MAX_REASONS = 20
_MAX_FILES = 10
_WITHOUT_RESULT = (Outcome.BLOCKED, Outcome.NOT_RUN, Outcome.SKIPPED)


def report(judgement: Judgement, incidents: Sequence[Incident] = ()) -> str:
    """One page: what is broken and what to do first; then what shows it; what holds is folded, at the end."""
    sections = (
        _head(judgement, incidents),
        page(incidents),
        _reasons(judgement),
        _failing(judgement),
        _since(judgement),
        _failed(judgement),
        _untold(judgement),
        _without_result(judgement),
        _suites(judgement),
        _figures(judgement),
        _holding(judgement),
        _left_out(judgement),
    )
    return "\n\n".join(section for section in sections if section) + "\n"


def _head(judgement: Judgement, incidents: Sequence[Incident]) -> str:
    about = subject(judgement, incidents)
    title = f"# {_SIGN[judgement.verdict]} {judgement.verdict.value.capitalize()}"
    deployed = judgement.deployment.revision if judgement.deployment else "unidentified deployment"
    facts = [
        f"**{markdown(judgement.environment)}**",
        f"**{markdown(deployed)}**",
        f"plan {markdown(judgement.plan_name)} ({markdown(judgement.plan_reason)})",
    ]
    if judgement.faults:
        facts.insert(0, f"**faults switched on: {markdown(', '.join(judgement.faults))}**")
    if judgement.started_at and judgement.finished_at:
        took = (judgement.finished_at - judgement.started_at).total_seconds()
        facts.append(f"{judgement.started_at:%Y-%m-%d %H:%M} UTC, {duration(took)}")
    if judgement.seed is not None:
        facts.append(f"order random:{judgement.seed}")
    facts.append(f"campaign {markdown(judgement.campaign)}")
    return (f"{title}: {markdown(about)}" if about else title) + "\n\n" + " · ".join(facts)


def _reasons(judgement: Judgement) -> str:
    """What no gate says by itself: the reasons of gates stand in their table."""
    of_gates = {gate.reason for gate in judgement.gates}
    others = [reason for reason in judgement.reasons if reason not in of_gates]
    if not judgement.reasons:
        return "Every gate holds, and every planned test is accounted for."
    rows = [f"- {markdown(reason, 400)}" for reason in others]
    return "## Why\n\n" + _cut(rows, _MAX_REASONS) if rows else ""


def _cut(rows: Sequence[str], most: int) -> str:
    more = [f"- … and {len(rows) - most} more in `test_results.json`"] if len(rows) > most else []
    return "\n".join([*rows[:most], *more])


def _since(judgement: Judgement) -> str:
    if judgement.previous is None:
        return ""
    rows = [f"- {kind.value}: {markdown(node_id)}" for kind, ids in changed(judgement.tests).items() for node_id in ids]
    told = f"## What changed\n\n{markdown(since(judgement), 400).capitalize()}."
    return f"{told}\n\n{_cut(rows, _MAX_TESTS)}" if rows else told


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(head)]
    lines += [["---"] * len(lines[0]), *(list(row) for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _failing(judgement: Judgement) -> str:
    table = _gates(judgement, GateState.FAILS)
    return f"## Gates that fail\n\n{table}" if table else ""


def _untold(judgement: Judgement) -> str:
    table = _gates(judgement, GateState.CANNOT_TELL)
    # Nothing failed: then these are what the page is about.
    opened = all(gate.state is not GateState.FAILS for gate in judgement.gates)
    return details(f"{_how_many(judgement, GateState.CANNOT_TELL)} cannot tell", table, opened=opened) if table else ""


def _holding(judgement: Judgement) -> str:
    table = _gates(judgement, GateState.HOLDS)
    return details(f"{_how_many(judgement, GateState.HOLDS)} held", table) if table else ""


def _how_many(judgement: Judgement, state: GateState) -> str:
    return counted(sum(gate.state is state for gate in judgement.gates), "gate")


def _gates(judgement: Judgement, state: GateState) -> str:
    """Those in that *state*; empty without any."""
    time_scale = judgement.time_scale
    rows = [
        (
            _GATE_SIGN[gate.state],
            markdown(gate.gate.name),
            markdown(gate.gate.dependency),
            _together(wanted(gate, time_scale)),
            _together(observed(gate)),
            markdown(evidence(gate, time_scale), 160),
        )
        for gate in judgement.gates
        if gate.state is state
    ]
    return _table(("", "gate", "dependency", "wanted", "observed", "evidence"), rows) if rows else ""


def _together(figure: str) -> str:
    """With the space before its unit unbroken, so that a narrow column does not part them."""
    return figure.replace(" %", "\u00a0%").replace("≥ ", "≥\u00a0").replace(" ms", "\u00a0ms")


def _suites(judgement: Judgement) -> str:
    rows = [
        (
            str(suite.phase),
            markdown(suite.name),
            f"{suite.passed}/{suite.planned}",
            tally(suite) or "—",
            markdown(suite.value, 100),
        )
        for suite in judgement.suites
    ]
    table = _table(("phase", "suite", "passed", "not passed", "at stake"), rows)
    return details(suites_in_short(judgement.suites), table) if rows else ""


def _figures(judgement: Judgement) -> str:
    rows = [
        (
            markdown(result.kpi.about, 100),
            figure_wanted(result, judgement.time_scale),
            figure_observed(result),
            result.state.value,
        )
        for result in judgement.kpis
    ]
    counts = Counter(result.state for result in judgement.kpis)
    title = ", ".join(f"{counts[state]} {state.value}" for state in KpiState if counts[state])
    table = _table(("figure", "wished for", "observed", "target"), rows)
    return details(f"{counted(len(rows), 'figure')}: {title}", table) if rows else ""


def _failed(judgement: Judgement) -> str:
    """By file, whose name is long and the same for all of them."""
    bad = [test for test in judgement.tests if test.outcome in FAILURES]
    by_file: dict[str, list[TestResult]] = {}
    for test in bad[:_MAX_TESTS]:
        by_file.setdefault(_file_of(test), []).append(test)
    rows = [
        row for path, tests in by_file.items() for row in (f"- {markdown(path)}", *(_nested(test) for test in tests))
    ]
    more = [f"- … and {len(bad) - _MAX_TESTS} more in `test_results.json`"] if len(bad) > _MAX_TESTS else []
    return f"## {counted(len(bad), 'test')} failed\n\n" + "\n".join(rows + more) if bad else ""


def _without_result(judgement: Judgement) -> str:
    """What neither passed nor failed, by reason: an outage gives many files the same one."""
    bad = [test for test in judgement.tests if test.outcome in _WITHOUT_RESULT]
    alike: dict[tuple[Outcome, str], list[str]] = {}
    for test in bad:
        alike.setdefault((test.outcome, first_line(test.reason)), []).append(_file_of(test))
    rows = [_alike(outcome, why, files) for (outcome, why), files in alike.items()]
    title = f"{counted(len(bad), 'test')} without a result"
    opened = all(test.outcome not in FAILURES for test in judgement.tests)
    return details(title, _cut(rows, _MAX_REASONS), opened=opened) if bad else ""


def _alike(outcome: Outcome, why: str, files: Sequence[str]) -> str:
    head = f"- {len(files)} {outcome.value.replace('_', ' ')}" + (f": {markdown(why, 160)}" if why else "")
    rows = [f"  - {count} in {markdown(path)}" for path, count in Counter(files).items()]
    more = [f"  - … and {counted(len(rows) - _MAX_FILES, 'file')} more"] if len(rows) > _MAX_FILES else []
    return "\n".join([head, *rows[:_MAX_FILES], *more])


def _file_of(test: TestResult) -> str:
    return test.node_id.partition("::")[0] or test.node_id


def _nested(test: TestResult) -> str:
    name = test.node_id.partition("::")[2] or test.node_id
    why = first_line(test.reason)  # what pytest says below it shows the same in full
    return f"  - {test.outcome.value}: {markdown(name)}" + (f": {markdown(why, 160)}" if why else "")


def _left_out(judgement: Judgement) -> str:
    if not judgement.left_out:
        return ""
    return "Left out, for they declare no suite yet: " + ", ".join(markdown(name) for name in judgement.left_out) + "."
