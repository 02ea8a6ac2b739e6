"""The short Markdown report that a person reads first."""

from collections.abc import Iterable, Sequence

from ci_tools.diagnosis.incidents import Incident
from ci_tools.model import GateState, Outcome, Verdict
from ci_tools.report.incident_words import page
from ci_tools.report.inert import markdown
from ci_tools.report.wording import duration, evidence, figure_observed, figure_wanted, observed, since, tally, wanted
from ci_tools.verdict.changes import changed
from ci_tools.verdict.judgement import Judgement, TestResult

_SIGN = {Verdict.PASS: "✅", Verdict.FAIL: "❌", Verdict.INCONCLUSIVE: "❔"}
_GATE_SIGN = {GateState.HOLDS: "✅", GateState.FAILS: "❌", GateState.CANNOT_TELL: "❔"}
_MAX_TESTS = 20
_MAX_REASONS = 20
_WORST_FIRST = (Outcome.FAILED, Outcome.ERRORED, Outcome.BLOCKED, Outcome.NOT_RUN, Outcome.SKIPPED)
"""Every outcome that is no pass, so that a failure is not lost behind a hundred blocked tests."""


def report(judgement: Judgement, incidents: Sequence[Incident] = ()) -> str:
    """One page: the verdict, incidents and reasons, then gates, suites and the tests behind them."""
    sections = (
        _head(judgement),
        page(incidents),
        _reasons(judgement),
        _since(judgement),
        _gates(judgement),
        _suites(judgement),
        _figures(judgement),
        _tests(judgement),
        _left_out(judgement),
    )
    return "\n\n".join(section for section in sections if section) + "\n"


def _head(judgement: Judgement) -> str:
    deployed = judgement.deployment.revision if judgement.deployment else "unidentified deployment"
    facts = [
        f"environment **{markdown(judgement.environment)}**",
        f"plan **{markdown(judgement.plan_name)}** ({markdown(judgement.plan_reason)})",
        f"deployment **{markdown(deployed)}**",
    ]
    if judgement.started_at and judgement.finished_at:
        took = (judgement.finished_at - judgement.started_at).total_seconds()
        facts.append(f"{judgement.started_at:%Y-%m-%d %H:%M} UTC, {duration(took)}")
    if judgement.seed is not None:
        facts.append(f"order random:{judgement.seed}")
    if judgement.faults:
        facts.append(f"faults switched on: {markdown(', '.join(judgement.faults))}")
    title = (
        f"# {_SIGN[judgement.verdict]} {judgement.verdict.value.capitalize()}: campaign {markdown(judgement.campaign)}"
    )
    return f"{title}\n\n" + " · ".join(facts)


def _reasons(judgement: Judgement) -> str:
    if not judgement.reasons:
        return "Every gate holds, and every planned test is accounted for."
    shown = [f"- {markdown(reason, 400)}" for reason in judgement.reasons[:_MAX_REASONS]]
    if len(judgement.reasons) > _MAX_REASONS:
        shown.append(f"- … and {len(judgement.reasons) - _MAX_REASONS} more in `test_results.json`")
    return "## Why\n\n" + "\n".join(shown)


def _since(judgement: Judgement) -> str:
    if judgement.previous is None:
        return ""
    rows = [f"- {kind.value}: {markdown(node_id)}" for kind, ids in changed(judgement.tests).items() for node_id in ids]
    shown = rows[:_MAX_TESTS]
    if len(rows) > _MAX_TESTS:
        shown.append(f"- … and {len(rows) - _MAX_TESTS} more in `test_results.json`")
    return "\n".join(["## What changed", "", f"{markdown(since(judgement), 400).capitalize()}.", "", *shown]).rstrip()


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(head)]
    lines += [["---"] * len(lines[0]), *(list(row) for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _gates(judgement: Judgement) -> str:
    rows = [
        (
            _GATE_SIGN[gate.state],
            markdown(gate.gate.name),
            markdown(gate.gate.dependency),
            wanted(gate, judgement.time_scale),
            observed(gate),
            markdown(evidence(gate, judgement.time_scale), 160),
        )
        for gate in judgement.gates
    ]
    return "## Gates\n\n" + _table(("", "gate", "dependency", "wanted", "observed", "evidence"), rows) if rows else ""


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
    return "## Suites\n\n" + _table(("phase", "suite", "passed", "not passed", "at stake"), rows) if rows else ""


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
    return "## Figures\n\n" + _table(("figure", "wished for", "observed", "target"), rows) if rows else ""


def _tests(judgement: Judgement) -> str:
    bad = sorted((test for test in judgement.tests if test.outcome in _WORST_FIRST), key=_how_bad)
    if not bad:
        return ""
    more = f"\n- … and {len(bad) - _MAX_TESTS} more in `test_results.json`" if len(bad) > _MAX_TESTS else ""
    return "## Tests without a pass\n\n" + "\n".join(_test(test) for test in bad[:_MAX_TESTS]) + more


def _how_bad(test: TestResult) -> int:
    return _WORST_FIRST.index(test.outcome)


def _test(test: TestResult) -> str:
    outcome = test.outcome.value.replace("_", " ")
    return f"- {outcome}: {markdown(test.node_id)}" + (f": {markdown(test.reason, 240)}" if test.reason else "")


def _left_out(judgement: Judgement) -> str:
    if not judgement.left_out:
        return ""
    return "Left out, for they declare no suite yet: " + ", ".join(markdown(name) for name in judgement.left_out) + "."
