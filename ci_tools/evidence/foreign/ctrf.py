"""CTRF: one JSON document with a summary and a list of tests."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ci_tools.evidence.foreign.headers import Group, Stated
from ci_tools.evidence.foreign.json_stream import JsonStream
from ci_tools.evidence.foreign.results import (
    Entry,
    ForeignAttempt,
    ForeignProblem,
    ForeignTest,
    duration_of,
    joined,
    kept,
    name_of,
)
from ci_tools.model import FAILURES, Outcome
from ci_tools.texts import first_line

_STATUS = {"passed": Outcome.PASSED, "failed": Outcome.FAILED, "skipped": Outcome.SKIPPED, "pending": Outcome.NOT_RUN}
_MS = 0.001
_MOST_ATTEMPTS = 100


def read_ctrf(chunks: Iterable[bytes]) -> Iterator[Entry]:
    """What the document in *chunks* says, test by test, and at its end whether the summary agrees.

    Raises:
        MalformedResultsError: it is no JSON, or ends too early.
    """
    stream = JsonStream(chunks)
    found = False
    for name in stream.members():
        if name == "results" and stream.opens("{"):
            found = True
            yield from _results(stream)
        else:
            stream.value()
    stream.ended()
    if not found:
        yield ForeignProblem(about="results", text='there is no object "results", where CTRF keeps its tests')


def _results(stream: JsonStream) -> Iterator[Entry]:
    group = Group(name="summary", stated=Stated(), where="the summary")
    for name in stream.members():
        if name == "tests" and stream.opens("["):
            for item in stream.items():
                yield _counted(item, group)
        elif name == "summary":
            group.stated = _stated(stream.value())
        else:
            stream.value()
    if group.stated.tests is None:
        yield ForeignProblem(about="summary", text="there is no summary that states how many tests there were")
    yield from group.problems()


def _counted(item: object, group: Group) -> Entry:
    if not isinstance(item, Mapping):
        group.found.count(Outcome.NOT_RUN)
        return ForeignProblem(
            about="tests", text=f"an entry of the tests is no object: {name_of(str(item))[:80]}", missing=1
        )
    test = _test(item)
    group.found.count(test.outcome)
    return test


def _stated(summary: object) -> Stated:
    if not isinstance(summary, Mapping):
        return Stated()
    numbers = {name: _number(summary.get(name)) for name in ("tests", "failed", "skipped", "pending", "other")}
    idle = [number for name in ("skipped", "pending", "other") if (number := numbers[name]) is not None]
    return Stated(tests=numbers["tests"], bad=numbers["failed"], skipped=sum(idle) if idle else None)


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _test(item: Mapping[str, Any]) -> ForeignTest:
    suite = item.get("suite")
    path = " / ".join(map(str, suite)) if isinstance(suite, list) else _text(suite)
    return ForeignTest(
        suite=name_of(path),
        node_id=joined(_text(item.get("filePath")), path, _text(item.get("name"))),
        attempts=_attempts(item),
    )


def _attempts(item: Mapping[str, Any]) -> tuple[ForeignAttempt, ...]:
    """The earlier ones where the report keeps them; a re-run of which it keeps nothing followed a failure."""
    own = _attempt(item)
    listed = item.get("retryAttempts")
    earlier = (
        [_attempt(one) for one in listed[:_MOST_ATTEMPTS] if isinstance(one, Mapping)]
        if isinstance(listed, list)
        else []
    )
    retried = item.get("flaky") is True or (_number(item.get("retries")) or 0) > 0
    if retried and own.outcome not in FAILURES and not any(attempt.outcome in FAILURES for attempt in earlier):
        told = "the report says that it was re-run, and keeps nothing of what failed before"
        return (ForeignAttempt(outcome=Outcome.FAILED, message=told), own)
    # Some tools list the last attempt too; what did not fail was followed by no re-run.
    return (*(attempt for attempt in earlier if attempt.outcome in FAILURES), own)


def _attempt(item: Mapping[str, Any]) -> ForeignAttempt:
    status = _text(item.get("status"))
    outcome = _STATUS.get(status, Outcome.NOT_RUN)
    text, dropped = kept(_text(item.get("trace")))
    unclear = "" if outcome is not Outcome.NOT_RUN else f"its status is {name_of(status)[:80]!r}"
    return ForeignAttempt(
        outcome=outcome,
        duration_s=duration_of(item.get("duration"), _MS),
        message=kept(_text(item.get("message")))[0] or unclear or (first_line(text) if outcome in FAILURES else ""),
        text=text,
        dropped=dropped,
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
