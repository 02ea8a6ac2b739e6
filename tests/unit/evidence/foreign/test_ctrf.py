import json
from typing import Any

import pytest

from ci_tools.evidence.foreign.ctrf import read_ctrf
from ci_tools.evidence.foreign.results import Entry, ForeignTest, MalformedResultsError
from ci_tools.model import Outcome
from tests.unit.evidence.foreign.readings import found_in, problems_of


def report(*tests: object, **summary: object) -> bytes:
    """A report of *tests* with this *summary*; without one, with the number of tests."""
    return json.dumps(
        {
            "reportFormat": "CTRF",
            "results": {
                "tool": {"name": "x"},
                "summary": {"tests": len(tests), **summary},
                "tests": tests,
                "extra": [1],
            },
        }
    ).encode()


def read(*tests: object, **summary: object) -> list[Entry]:
    """What such a report says."""
    return list(read_ctrf([report(*tests, **summary)]))


def only(**test: Any) -> ForeignTest:
    """The one test of a report."""
    (found,) = found_in(read({"name": "t", "status": "passed", **test}))
    return found


def test_a_test_tells_of_itself() -> None:
    """File, suite, name and time in milliseconds."""
    test = only(suite="s", filePath="a.ts", duration=1500)

    assert (test.suite, test.node_id, test.outcome) == ("s", "a.ts::s::t", Outcome.PASSED)
    assert test.attempts[0].duration_s == 1.5


def test_a_suite_can_be_a_path() -> None:
    """Newer reports list the groups."""
    assert only(suite=["a", "b"]).suite == "a / b"


def test_a_failure_tells_what_happened() -> None:
    """Message and trace."""
    attempt = only(status="failed", message="m", trace="at x").attempts[0]

    assert (attempt.outcome, attempt.message, attempt.text) == (Outcome.FAILED, "m", "at x")


@pytest.mark.parametrize(
    ("status", "outcome", "message"),
    [
        ("skipped", Outcome.SKIPPED, ""),
        ("pending", Outcome.NOT_RUN, "its status is 'pending'"),
        ("other", Outcome.NOT_RUN, "its status is 'other'"),
        ("odd", Outcome.NOT_RUN, "its status is 'odd'"),
        (None, Outcome.NOT_RUN, "its status is ''"),
    ],
)
def test_only_passed_is_a_pass(status: object, outcome: Outcome, message: str) -> None:
    """A status that nobody defines is none either."""
    attempt = only(status=status).attempts[0]

    assert (attempt.outcome, attempt.message) == (outcome, message)


def test_listed_attempts_come_first() -> None:
    """The test's own outcome is the last one's."""
    test = only(flaky=True, retries=1, retryAttempts=[{"attempt": 1, "status": "failed", "message": "first"}])

    assert [(one.outcome, one.message) for one in test.attempts] == [(Outcome.FAILED, "first"), (Outcome.PASSED, "")]


def test_the_last_attempt_may_be_listed_too() -> None:
    """What passed was followed by no re-run: it is the test's own outcome, told twice."""
    test = only(retries=1, retryAttempts=[{"status": "failed"}, {"status": "passed"}])

    assert [one.outcome for one in test.attempts] == [Outcome.FAILED, Outcome.PASSED]


@pytest.mark.parametrize("told", [{"flaky": True}, {"retries": 2}, {"retries": 1, "retryAttempts": "none"}])
def test_a_rerun_without_its_failure_has_failed_first(told: dict[str, object]) -> None:
    """Nobody re-runs what passed."""
    test = only(**told)

    assert [one.outcome for one in test.attempts] == [Outcome.FAILED, Outcome.PASSED]
    assert test.attempts[0].message == "the report says that it was re-run, and keeps nothing of what failed before"


def test_a_failure_needs_no_failure_before() -> None:
    """A test that failed to the end has failed first, whatever is kept."""
    assert [one.outcome for one in only(status="failed", retries=2).attempts] == [Outcome.FAILED]


@pytest.mark.parametrize(
    ("summary", "said"),
    [
        ({"tests": 3}, "the summary states 3 tests, 1 are there: 2 are missing"),
        ({"failed": 1}, "the summary states 1 failures and errors, 0 are there: nothing explains it"),
        ({"pending": 1, "other": 1}, "the summary states 2 skipped tests, 0 are there: nothing explains it"),
        ({"tests": "1"}, "there is no summary that states how many tests there were"),
        ({"tests": True}, "there is no summary that states how many tests there were"),
    ],
)
def test_a_summary_that_the_tests_do_not_explain_is_a_problem(summary: dict[str, object], said: str) -> None:
    """What is missing is named."""
    assert problems_of(read({"name": "t", "status": "passed"}, **summary)) == [said]


def test_a_summary_may_come_after_the_tests() -> None:
    """An object has no order."""
    content = b'{"results": {"tests": [{"name": "t", "status": "passed"}], "summary": {"tests": 2}}}'

    assert problems_of(list(read_ctrf([content]))) == ["the summary states 2 tests, 1 are there: 1 are missing"]


def test_an_entry_that_is_no_test_is_a_problem() -> None:
    """Something stood there."""
    assert problems_of(read("t")) == ["an entry of the tests is no object: t"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{}", ['there is no object "results", where CTRF keeps its tests']),
        (b'{"results": []}', ['there is no object "results", where CTRF keeps its tests']),
        (b'{"results": {"tests": 3}}', ["there is no summary that states how many tests there were"]),
        (b'{"results": {"summary": 3}}', ["there is no summary that states how many tests there were"]),
    ],
)
def test_a_document_of_another_shape_is_a_problem(content: bytes, said: list[str]) -> None:
    """It is JSON, but says nothing of tests."""
    assert problems_of(list(read_ctrf([content]))) == said


def test_what_came_before_the_break_has_been_told() -> None:
    """A report that is cut off has lost only what is behind."""
    entries = read_ctrf([b'{"results": {"tests": [{"name": "t", "status": "passed"}, {"na'])

    assert found_in([next(entries)])[0].node_id == "t"
    with pytest.raises(MalformedResultsError):
        next(entries)
