"""What is folded away in an issue: whys, suspects, tests with requests, gates with timings, excerpts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from ci_tools.diagnosis.incidents import Incident
from ci_tools.escalation.urgency import Urgency
from ci_tools.report.inert import details, markdown
from ci_tools.report.wording import counted, observed, speed, wanted
from ci_tools.triage.fitting import Section
from ci_tools.triage.inertness import block
from ci_tools.triage.subjects import Subject
from ci_tools.triage.suspects import Suspect, Suspicion
from ci_tools.verdict.judgement import GateResult, Judgement, TestResult

_MAX_ROWS = 20
_MAX_TESTS = 15
_MAX_REQUESTS = 4
_MAX_SUSPECTS = 15
_EXCERPT_LINES = 12
_EXCERPTS = 3
GATES_HEAD = "| gate | wanted | observed | evidence |\n| --- | --- | --- | --- |"


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a page needs beside its incident."""

    judgement: Judgement
    owner: str = ""
    """Who has to know and why, inert."""
    run_url: str = ""
    artifact_days: int = 90
    green_campaigns: int = 2
    dashboards: Mapping[str, str] = field(default_factory=dict)
    explained: Mapping[str, str] = field(default_factory=dict)
    suspicion: Suspicion = field(default_factory=Suspicion)
    """Commits that may have brought it."""


def folded(subject: Subject, context: Context, urgency: Urgency) -> list[Section]:
    """The folded sections, each with its rank; empty ones among them."""
    judgement, incident = context.judgement, subject.incident
    suspected = context.suspicion
    tests, gates = len(subject.tests), (*subject.gates, *subject.undecided)
    return [
        Section(
            _fold(f"{counted(len(suspected.suspects), 'suspect')} among the commits", _suspects(suspected)),
            5,
            "suspects",
        ),
        Section(_fold("Five whys", _whys(incident)), 6, "five whys"),
        Section(_fold("When it becomes more urgent", _escalation(urgency)), 7, "escalation"),
        Section(_fold(f"{counted(tests, 'failing test')} with requests", _tests(subject.tests)), 8, "failing tests"),
        Section(_fold(f"{counted(len(gates), 'gate')} with timings", _gates(gates, judgement)), 9, "gates"),
        Section(_fold("What follows from it", _follows(incident)), 10, "what follows from it"),
        Section(_fold("Suites", _suites(subject)), 11, "suites"),
        Section(_fold("Excerpts", _excerpts(subject.tests)), 12, "excerpts"),
        Section(_fold("How to look for yourself", _how(context)), 13, "how to look"),
    ]


def _fold(title: str, text: str) -> str:
    return details(title, text) if text else ""


def _suspects(suspected: Suspicion) -> str:
    rows = [_suspect(one) for one in suspected.suspects[:_MAX_SUSPECTS]]
    more = _more(suspected.suspects, _MAX_SUSPECTS)
    known = f"Deployed since {markdown(suspected.since, 100)}, when it was last well, the likeliest first"
    unknown = "When it was last well is not known; of the last commits up to the bad deployment these change it"
    return f"{known if suspected.since else unknown}:\n\n" + "\n".join(rows) + more if rows else ""


def _suspect(one: Suspect) -> str:
    return f"- {markdown(one.commit.sha[:12])} {markdown(one.commit.subject, 160)}: {markdown(one.why, 200)}"


def _whys(incident: Incident | None) -> str:
    rows = [
        f"{number}. {markdown(why.question)} {markdown(why.answer, 500)} ({'observed' if why.observed else 'inferred'})"
        for number, why in enumerate(incident.whys if incident else (), 1)
    ]
    return "\n".join(rows)


def _escalation(urgency: Urgency) -> str:
    rows = [
        f"- {one.severity}: {markdown(one.says)}{f', {markdown(one.proof, 300)}' if one.proof else ''}"
        f" — {'reached' if one.holds else 'not reached'}"
        for one in urgency.told
    ]
    return "\n".join(rows)


def _tests(tests: Sequence[TestResult]) -> str:
    return "\n".join(map(_test, tests[:_MAX_TESTS])) + _more(tests, _MAX_TESTS) if tests else ""


def _test(test: TestResult) -> str:
    reason = test.reason or test.exc_type or "no message"
    asked = list(islice(requests_of(test), _MAX_REQUESTS))
    requests = f"\n  - requests: {', '.join(asked)}" if asked else ""
    return f"- {markdown(test.node_id)}: {markdown(reason, 300)}{requests}"


def requests_of(test: TestResult) -> Iterable[str]:
    """The requests of *test*, the last first: the one that failed it is among them."""
    exchanges = test.evidence.get("exchanges", ())
    for exchange in reversed(exchanges if isinstance(exchanges, tuple | list) else ()):
        if isinstance(exchange, Mapping):
            status, number = str(exchange.get("status")), str(exchange.get("request_id"))
            yield f"{markdown(number, 60)} ({markdown(str(exchange.get('url')), 120)} → {markdown(status, 10)})"


def _gates(gates: Sequence[GateResult], judgement: Judgement) -> str:
    rows = [gate_row(gate, judgement) for gate in gates[:_MAX_ROWS]]
    return f"{GATES_HEAD}\n" + "\n".join(rows) + _more(gates, _MAX_ROWS) if rows else ""


def gate_row(gate: GateResult, judgement: Judgement) -> str:
    """A gate in a table, with how fast it answered."""
    pace = f"; {speed(gate)}" if gate.latency else ""
    return (
        f"| {markdown(gate.gate.name, 100)} | {wanted(gate, judgement.time_scale)} | {observed(gate)} "
        f"| {markdown(gate.detail or gate.missing, 240)}{pace} |"
    )


def _follows(incident: Incident | None) -> str:
    if incident is None:
        return ""
    rows = [f"- {markdown(one.dependency, 100)} fails: {markdown(one.says, 300)}" for one in incident.consequences]
    named = {one.dependency for one in incident.consequences}
    links = [one for one in incident.cascade if one.upper not in named]
    rows += [
        f"- {markdown(one.upper, 100)} is {markdown(one.effect)}, through {markdown(one.lower, 100)}" for one in links
    ]
    return "\n".join(rows[:_MAX_ROWS]) + _more(rows, _MAX_ROWS) if rows else ""


def _suites(subject: Subject) -> str:
    rows = [
        f"- {markdown(suite.name, 100)}: {suite.passed} of {suite.planned} passed; {markdown(suite.value)}"
        for suite in subject.suites
    ]
    return "\n".join(rows[:_MAX_ROWS]) + _more(rows, _MAX_ROWS) if rows else ""


def _excerpts(tests: Sequence[TestResult]) -> str:
    shown = [test for test in tests if test.excerpt][:_EXCERPTS]
    return "\n\n".join(f"{markdown(test.node_id)}\n\n{block(test.excerpt, _EXCERPT_LINES)}" for test in shown)


def _more(items: Sequence[object], shown: int) -> str:
    return f"\n\n… and {len(items) - shown} more" if len(items) > shown else ""


def _how(context: Context) -> str:
    campaign = markdown(context.judgement.campaign, 100)
    return (
        f"The artifact of campaign {campaign} holds its journal: every request, every answer.\n\n"
        "    ci-tools explain DIR\n    ci-tools judge DIR\n    ci-tools triage DIR"
    )
