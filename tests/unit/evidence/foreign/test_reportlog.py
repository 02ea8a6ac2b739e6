import json
from typing import Any

import pytest

from ci_tools.evidence.foreign.reportlog import read_reportlog
from ci_tools.evidence.foreign.results import Entry, ForeignAttempt, MalformedResultsError
from ci_tools.model import Outcome
from tests.unit.evidence.foreign.readings import found_in, problems_of

START = {"pytest_version": "9.2.0", "$report_type": "SessionStart"}
CRASH = {
    "reprcrash": {"path": "/x/test_a.py", "lineno": 4, "message": "AssertionError: boom\nassert 1 == 2"},
    "reprtraceback": {
        "reprentries": [
            {
                "type": "ReprEntry",
                "data": {
                    "lines": [">   assert 1 == 2", "E   AssertionError: boom"],
                    "reprfileloc": {"path": "test_a.py", "lineno": 4, "message": "AssertionError"},
                },
            }
        ],
    },
}


def finish(status: int = 0) -> dict[str, Any]:
    """The last line of a session."""
    return {"exitstatus": status, "$report_type": "SessionFinish"}


def part(when: str, outcome: str = "passed", node_id: str = "a.py::t", **more: Any) -> dict[str, Any]:
    """The report of one part of a test."""
    told = {"outcome": outcome, "when": when, "longrepr": None, "duration": 0.5, "nodeid": node_id}
    return {**told, "$report_type": "TestReport", **more}


def lines(*reports: dict[str, Any]) -> bytes:
    """A file of these *reports*."""
    return b"".join(json.dumps(report).encode() + b"\n" for report in reports)


def read(*reports: dict[str, Any]) -> list[Entry]:
    """What a file of these *reports* says."""
    return list(read_reportlog([lines(*reports)]))


def attempts(*reports: dict[str, Any]) -> tuple[ForeignAttempt, ...]:
    """The attempts of the one test in a whole session of these *reports*."""
    (test,) = found_in(read(START, *reports, finish()))
    return test.attempts


def outcomes(*reports: dict[str, Any]) -> list[Outcome]:
    """How they ended."""
    return [attempt.outcome for attempt in attempts(*reports)]


def test_three_parts_are_one_test() -> None:
    """Its time is that of all of them."""
    entries = read(START, part("setup"), part("call"), part("teardown"), finish())

    (test,) = found_in(entries)
    assert (test.node_id, test.outcome, test.attempts[0].duration_s) == ("a.py::t", Outcome.PASSED, 1.5)
    assert problems_of(entries) == []


@pytest.mark.parametrize(
    ("reports", "outcome"),
    [
        ((part("setup", "failed"), part("teardown")), Outcome.ERRORED),
        ((part("setup"), part("call", "failed"), part("teardown")), Outcome.FAILED),
        ((part("setup"), part("call"), part("teardown", "failed")), Outcome.ERRORED),
        ((part("setup"), part("call", "failed"), part("teardown", "failed")), Outcome.FAILED),
        ((part("setup", "skipped"), part("teardown")), Outcome.SKIPPED),
        ((part("setup"), part("call", "skipped", wasxfail="known"), part("teardown")), Outcome.SKIPPED),
        ((part("setup"), part("call", wasxfail="known"), part("teardown")), Outcome.PASSED),
        ((part("setup"), part("teardown")), Outcome.NOT_RUN),
        ((part("setup"), part("call", "odd"), part("teardown")), Outcome.NOT_RUN),
        ((part("???", "failed", longrepr="worker 'gw0' crashed while running 'a.py::t'"),), Outcome.ERRORED),
    ],
)
def test_what_went_wrong_first_counts(reports: tuple[dict[str, Any], ...], outcome: Outcome) -> None:
    """Only a call that passed makes a pass, and only while nothing around it fails."""
    assert outcomes(*reports) == [outcome]


def test_a_failure_tells_what_happened() -> None:
    """Message, type and traceback of the report."""
    (attempt,) = attempts(part("setup"), part("call", "failed", longrepr=CRASH), part("teardown"))

    assert (attempt.message, attempt.exc_type) == ("AssertionError: boom\nassert 1 == 2", "AssertionError")
    assert attempt.text == ">   assert 1 == 2\nE   AssertionError: boom\ntest_a.py:4: AssertionError"


@pytest.mark.parametrize(
    ("longrepr", "message"),
    [
        ("contains 1 failed subtest", "contains 1 failed subtest"),
        (["/x/a.py", 5, "Skipped: no"], "no"),
        ([], ""),
        (None, "its outcome is 'failed', without a word of why"),
        ({"reprcrash": None, "reprtraceback": {"reprentries": [None, {"data": {"lines": 3}}]}}, ""),
        ({"reprcrash": {"message": "E" * 300}}, "E" * 300),
    ],
)
def test_every_form_of_an_explanation_is_read(longrepr: object, message: str) -> None:
    """There are several, and plugins may add more."""
    (attempt,) = attempts(part("setup"), part("call", "failed", longrepr=longrepr), part("teardown"))

    assert attempt.message == message


def test_reruns_are_attempts() -> None:
    """Each ends with its teardown; the first one failed."""
    assert outcomes(
        *(part("setup"), part("call", "rerun"), part("teardown")),
        *(part("setup"), part("call"), part("teardown")),
    ) == [Outcome.FAILED, Outcome.PASSED]


def test_a_failing_subtest_fails_its_test() -> None:
    """Also where the test itself says that it passed; its time is counted once."""
    context = {"_subtest.context": {"msg": "one", "kwargs": {}}, "$report_type": "SubTestReport"}
    (attempt,) = attempts(
        part("setup"), part("call", "failed", longrepr="sub", **context), part("call"), part("teardown")
    )

    assert (attempt.outcome, attempt.message, attempt.duration_s) == (Outcome.FAILED, "sub", 1.5)


def test_a_passing_subtest_makes_no_pass() -> None:
    """Only the test itself does."""
    context = {"_subtest.context": {}, "_report_type": "SubTestReport"}

    assert outcomes(part("setup"), part("call", **context), part("teardown")) == [Outcome.NOT_RUN]


def test_a_skipped_subtest_is_no_pass() -> None:
    """A part of the test has not looked."""
    context = {"_subtest.context": {}}
    (attempt,) = attempts(
        part("setup"),
        part("call", "skipped", longrepr=["a", 1, "Skipped: no"], **context),
        part("call"),
        part("teardown"),
    )

    assert (attempt.outcome, attempt.message) == (Outcome.SKIPPED, "a subtest was skipped: no")


def test_workers_tell_at_once() -> None:
    """Parts of tests come mixed under xdist; which worker tells keeps two runs of one test apart."""
    entries = read(
        START,
        *(part("setup", worker_id="gw0"), part("setup", worker_id="gw1"), part("setup", node_id="a.py::u")),
        *(part("call", "failed", worker_id="gw1"), part("call", worker_id="gw0"), part("call", node_id="a.py::u")),
        *(part("teardown", worker_id="gw0"), part("teardown", node_id="a.py::u"), part("teardown", worker_id="gw1")),
        finish(1),
    )

    assert [(test.node_id, test.outcome) for test in found_in(entries)] == [
        ("a.py::t", Outcome.PASSED),
        ("a.py::u", Outcome.PASSED),
        ("a.py::t", Outcome.FAILED),
    ]


def test_a_file_that_could_not_be_collected_is_a_problem() -> None:
    """What it says last is why."""
    broken = {"$report_type": "CollectReport", "nodeid": "b.py", "outcome": "failed", "longrepr": "x\nE  no module\n"}

    assert problems_of(read(START, broken, finish(2))) == [
        "E  no module",
        "pytest ended with exit status 2: it was interrupted",
    ]


def test_a_file_that_was_collected_and_lines_of_nothing_say_nothing() -> None:
    """Its tests speak for themselves."""
    collected = {"$report_type": "CollectReport", "nodeid": "b.py", "outcome": "passed", "longrepr": None}

    assert list(read_reportlog([lines(START), b"\n \n", lines(collected, finish())])) == []


def test_a_skipped_file_is_a_skipped_test() -> None:
    """Nobody knows how many tests it holds."""
    skipped = {
        "$report_type": "CollectReport",
        "nodeid": "b.py",
        "outcome": "skipped",
        "longrepr": ["b", 1, "Skipped: x"],
    }

    (test,) = found_in(read(START, skipped, finish()))

    assert (test.node_id, test.outcome, test.attempts[0].message) == ("b.py", Outcome.SKIPPED, "x")


def test_a_session_without_an_end_is_a_problem() -> None:
    """A test that had begun is told as that."""
    entries = read(START, part("setup"))

    (test,) = found_in(entries)
    assert (test.outcome, test.attempts[0].message) == (Outcome.NOT_RUN, "started, never finished")
    assert problems_of(entries) == ["its end is missing: pytest was killed, is still running, or the file was cut off"]


def test_a_session_without_a_beginning_is_a_problem() -> None:
    """What stood before may have failed."""
    assert problems_of(read(part("setup"), part("call"), part("teardown"), finish())) == ["its beginning is missing"]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (1, "pytest ended with exit status 1: no test explains it"),
        (3, "pytest ended with exit status 3: an internal error"),
        (5, "pytest ended with exit status 5: no test was collected"),
        (-9, "pytest ended with exit status -9: which pytest does not define"),
    ],
)
def test_an_exit_status_that_no_test_explains_is_a_problem(status: int, said: str) -> None:
    """A plugin may have refused the session."""
    assert problems_of(read(START, finish(status))) == [said]


def test_a_failing_test_explains_exit_status_1() -> None:
    """That is what it is for."""
    assert problems_of(read(START, part("setup", "failed"), part("teardown"), finish(1))) == []


def test_what_is_not_known_is_passed_over() -> None:
    """Warnings, and what plugins add."""
    assert read(START, {"$report_type": "WarningMessage", "category": "X"}, {"a": 1}, finish()) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"nodeid": "a', "line 2, column 12: Unterminated string starting at"),
        (b"[]", "line 2, column 1: no JSON object"),
        (b'{"a": "\xff"}', "line 2, column 8: no UTF-8: invalid start byte"),
        (b"[" * 100_000, "line 2, column 1: cannot be read: RecursionError"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "line 2, column 1: cannot be read: ValueError"),
    ],
)
def test_a_broken_line_says_where(line: bytes, said: str) -> None:
    """The line and the column, counted from 1."""
    with pytest.raises(MalformedResultsError) as caught:
        list(read_reportlog([lines(START), line]))

    assert str(caught.value) == said


def test_what_had_begun_before_a_broken_line_is_told() -> None:
    """A test is not forgotten because its file is broken."""
    told: list[Entry] = []

    with pytest.raises(MalformedResultsError):
        told.extend(iter(read_reportlog([lines(START, part("setup")), b"{\n"])))

    assert [test.node_id for test in found_in(told)] == ["a.py::t"]


def test_a_byte_order_mark_is_no_part_of_it() -> None:
    """Windows writes one."""
    assert list(read_reportlog([b"\xef\xbb\xbf" + lines(START, finish())])) == []


def test_utf_16_is_refused() -> None:
    """JSON lines are UTF-8."""
    with pytest.raises(MalformedResultsError, match="line 1, column 1: it is utf-16; JSON lines are UTF-8"):
        list(read_reportlog([lines(START).decode().encode("utf-16")]))


def test_bytes_may_come_one_by_one() -> None:
    """Where a piece ends says nothing."""
    content = lines(START, part("setup"), part("call"), part("teardown"), finish())

    assert list(read_reportlog([bytes([octet]) for octet in content])) == list(read_reportlog([content]))


def test_an_endless_line_is_refused() -> None:
    """One line has to be held whole, so it must have an end."""
    with pytest.raises(MalformedResultsError, match="line 2, column 1: a line is longer than 64 MB"):
        list(read_reportlog([lines(START), b"x" * (64 << 20), b"x"]))
