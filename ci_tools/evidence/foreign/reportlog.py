"""pytest-reportlog: one JSON object a line, several of which make one attempt at a test."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ci_tools.evidence.foreign.json_stream import encoding_of
from ci_tools.evidence.foreign.results import (
    Entry,
    ForeignAttempt,
    ForeignProblem,
    ForeignTest,
    MalformedResultsError,
    duration_of,
    kept,
    name_of,
)
from ci_tools.model import FAILURES, Outcome
from ci_tools.texts import first_line

_DECODER = json.JSONDecoder()
_LONGEST_LINE = 64 << 20
_ENDINGS = {2: "it was interrupted", 3: "an internal error", 4: "it was called wrongly", 5: "no test was collected"}
_SUBTESTS = ("SubTestReport", "SubtestReport")


@dataclass(slots=True)
class _Attempt:
    """The phases of one attempt, as far as they were told."""

    outcome: Outcome = Outcome.NOT_RUN
    duration_s: float = 0.0
    message: str = "started, never finished"
    exc_type: str = ""
    text: str = ""
    dropped: int = 0
    rerun: bool = False
    skipped_part: str = ""

    def frozen(self) -> ForeignAttempt:
        skipped = self.outcome is Outcome.PASSED and self.skipped_part
        return ForeignAttempt(
            outcome=Outcome.SKIPPED if skipped else self.outcome,
            duration_s=self.duration_s,
            message=self.skipped_part if skipped else self.message,
            exc_type=self.exc_type,
            text=self.text,
            dropped=self.dropped,
        )


@dataclass(slots=True)
class _Running:
    """A test that has begun: its attempts so far, the last one open."""

    attempts: list[_Attempt] = field(default_factory=lambda: [_Attempt()])

    def test(self, node_id: str) -> ForeignTest:
        return ForeignTest(
            suite="", node_id=name_of(node_id), attempts=tuple(attempt.frozen() for attempt in self.attempts)
        )


class _Session:
    """What has been read so far."""

    def __init__(self) -> None:
        self.running: dict[tuple[str, str], _Running] = {}
        """By node id and worker: xdist tells of several tests at once."""
        self.open = 0
        self.ever = False
        self.bad = 0

    def take(self, report: Mapping[str, Any]) -> Iterator[Entry]:
        kind = report.get("$report_type", report.get("_report_type"))
        if kind in ("TestReport", *_SUBTESTS) and isinstance(report.get("nodeid"), str):
            yield from self._phase(report, subtest="_subtest.context" in report or kind in _SUBTESTS)
        elif kind == "CollectReport":
            yield from self._collected(report)
        elif kind == "SessionStart" or "pytest_version" in report:
            self.open, self.ever = self.open + 1, True
        elif kind == "SessionFinish":
            self.open -= 1
            yield from self._finished(report.get("exitstatus"))

    def _phase(self, report: Mapping[str, Any], *, subtest: bool) -> Iterator[Entry]:
        key = (report["nodeid"], str(report.get("worker_id", "")))
        running = self.running.get(key)
        if running is None:
            running = self.running[key] = _Running()
        attempt = running.attempts[-1]
        if not subtest:
            attempt.duration_s += duration_of(report.get("duration"))
        _learn(attempt, report, subtest=subtest)
        if subtest or report.get("when") not in ("teardown", "???"):
            return
        if attempt.rerun:
            running.attempts.append(_Attempt())
            return
        test = self.running.pop(key).test(key[0])
        self.bad += any(attempt.outcome in FAILURES for attempt in test.attempts)
        yield test

    def _collected(self, report: Mapping[str, Any]) -> Iterator[Entry]:
        node_id = name_of(str(report.get("nodeid", ""))) or "the session"
        message, _, text, _ = _explained(report)
        if report.get("outcome") == "failed":
            self.bad += 1
            yield ForeignProblem(about=node_id, text=_last_line(text) or message or "no reason given")
        elif report.get("outcome") == "skipped":
            yield ForeignTest(
                suite="", node_id=node_id, attempts=(ForeignAttempt(outcome=Outcome.SKIPPED, message=message),)
            )

    def _finished(self, exit_status: object) -> Iterator[Entry]:
        if exit_status == 0 or (exit_status == 1 and self.bad):
            return
        why = _ENDINGS.get(exit_status, "") if isinstance(exit_status, int) else ""
        told = why or ("no test explains it" if exit_status == 1 else "which pytest does not define")
        yield ForeignProblem(about="the session", text=f"pytest ended with exit status {exit_status!r}: {told}"[:200])

    def ended(self) -> Iterator[Entry]:
        """What was still open when the file ended."""
        for (node_id, _), running in self.running.items():
            yield running.test(node_id)
        if self.open > 0 or not self.ever:
            told = "its end is missing: pytest was killed, is still running, or the file was cut off"
            yield ForeignProblem(about="the session", text=told if self.ever else "its beginning is missing")


def read_reportlog(chunks: Iterable[bytes]) -> Iterator[Entry]:
    """What the lines in *chunks* say, test by test.

    Raises:
        MalformedResultsError: a line is no JSON object; what the lines before it say, also of tests that had only
            begun, has been told.
    """
    session = _Session()
    try:
        for number, line in enumerate(_lines(chunks), 1):
            if line.strip():
                yield from session.take(_object(line, number))
    except MalformedResultsError:
        yield from session.ended()
        raise
    yield from session.ended()


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines, without a byte order mark; the last one also where it has no end."""
    rest, number, first = b"", 1, True
    for chunk in chunks:
        if first and chunk:
            first = False
            encoding = encoding_of(chunk)
            if not encoding.startswith("utf-8"):
                raise MalformedResultsError(f"it is {encoding}; JSON lines are UTF-8", line=1, column=1)
            chunk = chunk.removeprefix(b"\xef\xbb\xbf")  # noqa: PLW2901 - the mark is no part of it
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
        number += len(whole)
        if len(rest) > _LONGEST_LINE:
            raise MalformedResultsError(f"a line is longer than {_LONGEST_LINE >> 20} MB", line=number, column=1)
    if rest:
        yield rest


def _object(line: bytes, number: int) -> Mapping[str, Any]:
    try:
        document = _DECODER.decode(line.decode())
    except json.JSONDecodeError as error:
        raise MalformedResultsError(error.msg, line=number, column=error.colno) from error
    except UnicodeDecodeError as error:
        raise MalformedResultsError(f"no UTF-8: {error.reason}", line=number, column=error.start + 1) from error
    except (ValueError, RecursionError) as error:
        raise MalformedResultsError(f"cannot be read: {type(error).__name__}", line=number, column=1) from error
    if not isinstance(document, dict):
        raise MalformedResultsError("no JSON object", line=number, column=1)
    return document


def _learn(attempt: _Attempt, report: Mapping[str, Any], *, subtest: bool) -> None:
    outcome = _outcome(report)
    if outcome is Outcome.SKIPPED and subtest:
        attempt.skipped_part = attempt.skipped_part or f"a subtest was skipped: {_explained(report)[0]}"
        return
    # What went wrong first is the finding; a pass of a part is none of the whole.
    if outcome is None or attempt.outcome in FAILURES or (subtest and outcome is Outcome.PASSED):
        return
    attempt.outcome = outcome
    attempt.rerun = attempt.rerun or report.get("outcome") == "rerun"
    if outcome is Outcome.PASSED:
        attempt.message = ""
    else:
        attempt.message, attempt.exc_type, attempt.text, attempt.dropped = _explained(report)


def _outcome(report: Mapping[str, Any]) -> Outcome | None:
    """What one part says of the whole test; None if it says nothing (a set-up or teardown that went well)."""
    told, when = report.get("outcome"), report.get("when")
    if told == "skipped":
        return Outcome.SKIPPED
    if told in ("failed", "rerun"):
        return Outcome.FAILED if when == "call" else Outcome.ERRORED
    if told == "passed":
        return Outcome.PASSED if when == "call" else None
    return Outcome.NOT_RUN


def _explained(report: Mapping[str, Any]) -> tuple[str, str, str, int]:
    """The message, the type of the exception, the text of it all, and how much of that is left out."""
    told = report.get("longrepr")
    if report.get("outcome") == "skipped" and "wasxfail" in report:
        return f"expected to fail: {name_of(str(report['wasxfail']))}", "", "", 0
    if isinstance(told, str):
        return kept(first_line(told))[0], "", *kept(told)
    if isinstance(told, list):
        return kept(str(told[-1] if told else "").removeprefix("Skipped: "))[0], "", "", 0
    if not isinstance(told, Mapping):
        return f"its outcome is {name_of(str(report.get('outcome')))[:80]!r}, without a word of why", "", "", 0
    crash = told.get("reprcrash")
    message = str(crash.get("message", "")) if isinstance(crash, Mapping) else ""
    text, dropped = kept("\n".join(_traceback(told)))
    return kept(message)[0] or first_line(text), _type_in(message), text, dropped


def _type_in(message: str) -> str:
    word = message.partition(":")[0].strip()
    return word if word.replace(".", "").replace("_", "").isalnum() and len(word) <= 200 else ""  # noqa: PLR2004


def _traceback(told: Mapping[str, Any]) -> Iterator[str]:
    traceback = told.get("reprtraceback")
    entries = traceback.get("reprentries") if isinstance(traceback, Mapping) else None
    for entry in entries if isinstance(entries, list) else ():
        data = entry.get("data") if isinstance(entry, Mapping) else None
        lines = data.get("lines") if isinstance(data, Mapping) else None
        yield from (str(line) for line in lines) if isinstance(lines, list) else ()
        place = data.get("reprfileloc") if isinstance(data, Mapping) else None
        if isinstance(place, Mapping):
            yield f"{place.get('path')}:{place.get('lineno')}: {place.get('message')}"


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
