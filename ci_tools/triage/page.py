"""The words of an issue: title, body, comments. Everything from outside is inert, and the size is bounded."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from ci_tools.report.inert import line, markdown
from ci_tools.report.wording import observed, speed, wanted
from ci_tools.triage.failures import Failure
from ci_tools.triage.state import Sighting, State
from ci_tools.verdict.judgement import GateResult, Judgement, TestResult

MAX_BODY_BYTES = 60_000
"""GitHub refuses more than 65,536 characters; as bytes this holds for every alphabet."""
_RESERVED_BYTES = 2_000
"""For what is said when the failure has recovered, and for the state, which may be longer by then."""
_MAX_TITLE = 200
_MAX_ROWS = 20
_MAX_TESTS = 15
_MAX_REQUESTS = 4
_EXCERPT_LINES = 12
_EXCERPTS = 3
_ACTIVE = re.compile(r"[@#]")
_ZERO_WIDTH = "\u200b"


@dataclass(frozen=True, slots=True)
class _Section:
    text: str
    rank: int
    """The highest is dropped first when there is no room; 0 stays."""
    name: str = ""


def title(failure: Failure, judgement: Judgement) -> str:
    """What fails and where; it is no identity and never changed again."""
    gates = ", ".join(gate.gate.name for gate in failure.gates)
    words = line(f"{judgement.environment}: {failure.dependency} fails ({gates})", _MAX_TITLE)
    return _ACTIVE.sub(rf"\g<0>{_ZERO_WIDTH}", words.replace("`", "'"))


def body(failure: Failure, judgement: Judgement, state: State, *, why: str, run_url: str, room_bytes: int) -> str:
    """What the issue shows, at most *room_bytes* long: sections are dropped, the least important first."""
    sections = [
        _Section(_head(failure, judgement, state, why), 0),
        _Section(_gates("Failing gates", failure.gates, judgement), 1, "gates"),
        _Section(_gates("Undecided gates of the same dependency", failure.undecided, judgement), 4, "undecided gates"),
        _Section(_stakes(failure), 2, "what is at stake"),
        _Section(_tests(failure.tests), 3, "failing tests"),
        _Section(_excerpts(failure.tests), 7, "excerpts"),
        _Section(_masked(failure), 5, "what is masked"),
        _Section(_unexplained(failure), 6, "what is undecided for other reasons"),
        _Section(_how_to_look(judgement, run_url), 0),
    ]
    return _fitted([section for section in sections if section.text], room_bytes - _RESERVED_BYTES)


def _fitted(sections: list[_Section], room_bytes: int) -> str:
    dropped: list[str] = []
    while True:
        note = f"\n\nLeft out for size, and kept in the artifact: {', '.join(dropped)}." if dropped else ""
        page = "\n\n".join(section.text for section in sections) + note
        least = max(sections, key=lambda section: section.rank)
        if _size_bytes(page) <= room_bytes or not least.rank:
            return page
        sections = [section for section in sections if section is not least]
        dropped.append(least.name)


def fitting(bodies: Iterable[str]) -> str:
    """The first of *bodies* that an issue takes, or the last."""
    chosen = ""
    for chosen in bodies:
        if _size_bytes(chosen) <= MAX_BODY_BYTES:
            break
    return chosen


def _size_bytes(text: str) -> int:
    return len(text.encode(errors="replace"))


def _head(failure: Failure, judgement: Judgement, state: State, why: str) -> str:
    deployment = judgement.deployment
    sha = f" ({markdown(deployment.sha, 40)})" if deployment and deployment.sha else ""
    deployed = f"{markdown(deployment.revision, 100)}{sha}" if deployment else "unidentified"
    times = "1 campaign" if state.n_bad == 1 else f"{state.n_bad} campaigns"
    facts = [
        f"**{state.severity}**: {why}",
        f"seen in {times}, since {_when(state.first_bad)}",
        f"deployment {deployed}, campaign {markdown(judgement.campaign, 100)}",
        *([f"last good: {_when(state.last_good)}"] if state.last_good else []),
        *([f"faults switched on on purpose: {markdown(', '.join(judgement.faults))}"] if judgement.faults else []),
    ]
    name, where = markdown(failure.dependency, 100), markdown(judgement.environment, 100)
    return f"**{name}** fails on **{where}**.\n\n" + "\n".join(f"- {fact}" for fact in facts)


def _when(seen: Sighting) -> str:
    at = f"{seen.at:%Y-%m-%d %H:%M} UTC" if seen.at else "an unknown time"
    revision = f" on {markdown(seen.revision, 100)}" if seen.revision else ""
    return f"{at}{revision} (campaign {markdown(seen.campaign, 100)})"


def _gates(heading: str, gates: Sequence[GateResult], judgement: Judgement) -> str:
    rows = [
        f"| {markdown(gate.gate.name, 100)} | {wanted(gate, judgement.time_scale)} | {observed(gate)} "
        f"| {markdown(gate.detail or gate.missing, 240)}{_pace(gate)} |"
        for gate in gates[:_MAX_ROWS]
    ]
    table = ["| gate | wanted | observed | evidence |", "| --- | --- | --- | --- |", *rows]
    return f"### {heading}\n\n" + "\n".join(table) + _more(gates, _MAX_ROWS) if gates else ""


def _pace(gate: GateResult) -> str:
    return f"; {speed(gate)}" if gate.latency else ""


def _stakes(failure: Failure) -> str:
    valued = [suite for suite in failure.suites if suite.value]
    rows = [
        f"- {markdown(suite.value, 200)} (suite {markdown(suite.name, 100)}: {suite.passed} of {suite.planned} passed)"
        for suite in valued[:_MAX_ROWS]
    ]
    return "### At stake\n\n" + "\n".join(rows) + _more(valued, _MAX_ROWS) if rows else ""


def _tests(tests: Sequence[TestResult]) -> str:
    rows = [_test(test) for test in tests[:_MAX_TESTS]]
    return "### Failing tests\n\n" + "\n".join(rows) + _more(tests, _MAX_TESTS) if rows else ""


def _test(test: TestResult) -> str:
    reason = test.reason or test.exc_type or "no message"
    asked = list(islice(_requests(test), _MAX_REQUESTS))
    requests = f"\n  - requests: {', '.join(asked)}" if asked else ""
    return f"- {markdown(test.node_id)}: {markdown(reason, 300)}{requests}"


def _requests(test: TestResult) -> Iterable[str]:
    """The requests of *test*, the last first: the one that failed it is among them."""
    exchanges = test.evidence.get("exchanges", ())
    for exchange in reversed(exchanges if isinstance(exchanges, tuple | list) else ()):
        if isinstance(exchange, dict):
            status, number = str(exchange.get("status")), str(exchange.get("request_id"))
            yield f"{markdown(number, 60)} ({markdown(str(exchange.get('url')), 120)} → {markdown(status, 10)})"


def _excerpts(tests: Sequence[TestResult]) -> str:
    shown = [test for test in tests if test.excerpt][:_EXCERPTS]
    blocks = [f"{markdown(test.node_id)}\n\n{_indented(test.excerpt)}" for test in shown]
    return "### Excerpts\n\n" + "\n\n".join(blocks) if blocks else ""


def _indented(text: str) -> str:
    """The last lines of *text* as an indented block, in which Markdown acts on nothing and nothing marks a section."""
    rows = [shown.replace("<!", f"<{_ZERO_WIDTH}!") for row in text[-20_000:].splitlines() if (shown := line(row))]
    return "\n".join(f"    {row}" for row in rows[-_EXCERPT_LINES:])


def _masked(failure: Failure) -> str:
    if not failure.masked:
        return ""
    return "### Masked by this failure\n\nNothing is known of these until it is gone:\n\n" + _listed(failure.masked)


def _unexplained(failure: Failure) -> str:
    return "### Undecided for other reasons\n\n" + _listed(failure.unexplained) if failure.unexplained else ""


def _listed(gates: Sequence[GateResult]) -> str:
    rows = [
        f"- {markdown(gate.gate.dependency, 100)}: {markdown(gate.gate.name, 100)}: {markdown(gate.missing)}"
        for gate in gates[:_MAX_ROWS]
    ]
    return "\n".join(rows) + _more(gates, _MAX_ROWS)


def _more(items: Sequence[object], shown: int) -> str:
    return f"\n\n… and {len(items) - shown} more" if len(items) > shown else ""


def _how_to_look(judgement: Judgement, run_url: str) -> str:
    steps = [
        *([f"- run: <{run_url}>; its artifact holds the journal and every answer in full"] if run_url else []),
        f"- judge the journal of campaign {markdown(judgement.campaign, 100)} again: `ci-tools judge DIR`",
        "- this closes by itself once a passing campaign has executed the same gates",
    ]
    return "### How to look\n\n" + "\n".join(steps)


def escalated(before: str, after: str, why: str, seen: Sighting) -> str:
    """The comment on a failure that has become more urgent."""
    return f"Escalated from {before} to **{after}**: {why}. Seen {_when(seen)}."


def regressed(seen: Sighting, last_good: Sighting | None) -> str:
    """The comment on a failure that has come back."""
    good = f" It was good {_when(last_good)}." if last_good else ""
    return f"Regressed: it fails again, {_when(seen)}.{good}"


def recovered(seen: Sighting, state: State) -> str:
    """What is said when the same gates hold in a passing campaign."""
    gates = ", ".join(markdown(name, 100) for name in state.gates[:_MAX_ROWS])
    return f"Recovered: the gates that failed ({gates}) hold in a passing campaign, {_when(seen)}."
