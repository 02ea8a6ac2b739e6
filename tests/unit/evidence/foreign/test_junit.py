import tracemalloc
from collections.abc import Iterator

import pytest

from ci_tools.evidence.foreign.junit import read_junit
from ci_tools.evidence.foreign.results import (
    HEAD_CHARS,
    TAIL_CHARS,
    Entry,
    ForeignTest,
    MalformedResultsError,
)
from ci_tools.model import Outcome
from tests.unit.evidence.foreign.readings import found_in, problems_of

BILLION_LAUGHS = """\
<?xml version="1.0"?>
<!DOCTYPE lolz [
  <!ENTITY lol "lol">
  <!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">
]>
<testsuite><testcase name="&lol2;"/></testsuite>
"""
FETCHING = '<!DOCTYPE testsuite SYSTEM "http://127.0.0.1:9/never.dtd">\n<testsuite/>'


def read(text: str | bytes) -> list[Entry]:
    """Everything that the document *text* says."""
    return list(read_junit([text.encode() if isinstance(text, str) else text]))


def only(text: str | bytes) -> ForeignTest:
    """The one test of a document."""
    (test,) = found_in(read(text))
    return test


def broken(text: str | bytes) -> MalformedResultsError:
    """Why the document *text* cannot be read."""
    with pytest.raises(MalformedResultsError) as caught:
        read(text)
    return caught.value


def test_a_test_without_a_result_has_passed() -> None:
    """An element with nothing in it is a pass, with its place, name and time."""
    test = only('<testsuite name="s"><testcase classname="a.B" name="works" time="1.5"/></testsuite>')

    assert (test.suite, test.node_id, test.outcome) == ("s", "a.B::works", Outcome.PASSED)
    assert test.attempts[0].duration_s == 1.5


@pytest.mark.parametrize(
    ("result", "outcome"),
    [("failure", Outcome.FAILED), ("error", Outcome.ERRORED), ("skipped", Outcome.SKIPPED)],
)
def test_a_result_decides(result: str, outcome: Outcome) -> None:
    """Each of the three results is an outcome."""
    assert only(f'<testsuite><testcase name="t"><{result}/></testcase></testsuite>').outcome is outcome


def test_a_failure_tells_what_happened() -> None:
    """Message, type and text of a failure are kept."""
    test = only('<testcase name="t"><failure message="no" type="E"><![CDATA[a < b\nat x]]></failure></testcase>')

    assert (test.attempts[0].message, test.attempts[0].exc_type) == ("no", "E")
    assert test.attempts[0].text == "a < b\nat x"


def test_a_failure_without_a_message_is_told_by_its_text() -> None:
    """The first line that says something stands for it."""
    assert only('<testcase name="t"><failure>\n\n  boom\n at y</failure></testcase>').attempts[0].message == "boom"


def test_of_several_results_the_gravest_counts() -> None:
    """A failure is graver than an error, an error than being skipped; no text is lost."""
    test = only(
        '<testcase name="t"><skipped/><error message="e">one</error><failure message="f">two</failure></testcase>'
    )

    assert (test.outcome, test.attempts[0].message) == (Outcome.FAILED, "f")
    assert "--- error ---\none" in test.attempts[0].text


def test_several_failures_are_one_attempt() -> None:
    """Two failures in one test are no re-run."""
    test = only('<testcase name="t"><failure>one</failure><failure>two</failure></testcase>')

    assert len(test.attempts) == 1
    assert test.attempts[0].text == "one\n--- failure ---\ntwo"


def test_reruns_after_a_failure_are_later_attempts() -> None:
    """The first failure comes first, as it happened."""
    test = only(
        '<testcase name="t"><failure message="1"/><rerunFailure message="2"/><rerunError message="3"/></testcase>'
    )

    assert [(one.outcome, one.message) for one in test.attempts] == [
        (Outcome.FAILED, "1"),
        (Outcome.FAILED, "2"),
        (Outcome.ERRORED, "3"),
    ]
    assert test.outcome is Outcome.FAILED


def test_flaky_failures_came_before_the_pass() -> None:
    """A test that passed in the end has failed first; its file calls it passed."""
    test = only(
        '<testcase name="t"><flakyFailure message="1"><stackTrace>at z</stackTrace></flakyFailure>'
        '<flakyError message="2"/></testcase>'
    )

    assert [one.outcome for one in test.attempts] == [Outcome.FAILED, Outcome.ERRORED, Outcome.PASSED]
    assert test.attempts[0].text == "at z"
    assert test.outcome is Outcome.PASSED


def test_a_rerun_without_a_failure_is_none_that_passed_first() -> None:
    """A re-run follows a failure, so the attempt that passed was the last."""
    test = only('<testcase name="t"><rerunFailure message="2"/></testcase>')

    assert [one.outcome for one in test.attempts] == [Outcome.FAILED, Outcome.PASSED]


def test_output_is_kept_of_what_failed() -> None:
    """What a failing test wrote helps to see why; its heading says what it is."""
    test = only('<testcase name="t"><failure>why</failure><system-out>hello</system-out></testcase>')

    assert test.attempts[0].text == "why\n--- system-out ---\nhello"


def test_output_of_what_passed_is_not_kept() -> None:
    """Nobody asks what a passing test wrote."""
    assert only('<testcase name="t"><system-out>hello</system-out></testcase>').attempts[0].text == ""


@pytest.mark.parametrize(
    ("attributes", "outcome"),
    [
        ('status="disabled"', Outcome.NOT_RUN),
        ('status="notrun" result="suppressed"', Outcome.NOT_RUN),
        ('status="run" result="skipped"', Outcome.SKIPPED),
        ('status="failed"', Outcome.FAILED),
        ('status="error"', Outcome.ERRORED),
        ('status="run" result="completed"', Outcome.PASSED),
        ('status="5"', Outcome.PASSED),
    ],
)
def test_an_attribute_can_say_that_it_is_no_pass(attributes: str, outcome: Outcome) -> None:
    """What did not run has no result in it either, and is no pass."""
    assert only(f'<testcase name="t" {attributes}/>').outcome is outcome


@pytest.mark.parametrize(
    ("attributes", "node_id"),
    [
        ('file="a.py" classname="C" name="t"', "a.py::C::t"),
        ('name="t"', "outer / inner::t"),
        ('classname="same" name="same"', "same"),
        ('classname="C"', "C"),
        ('classname="" name=""', "outer / inner"),
        ('classname="C" name="a&#10;b"', "C::a b"),
    ],
)
def test_a_test_is_named_by_what_it_says_of_itself(attributes: str, node_id: str) -> None:
    """File, class and name; without a class the groups it stands in."""
    nested = f'<testsuites name="outer"><testsuite name="inner"><testcase {attributes}/></testsuite></testsuites>'

    assert only(nested).node_id == node_id


def test_a_test_anywhere_counts() -> None:
    """Below the root, in groups within groups, between other elements."""
    entries = read(
        '<testsuites><testcase name="a"/><testsuite><testsuite><testcase name="b"/></testsuite>'
        '<other><testcase name="c"/></other></testsuite></testsuites>'
    )

    assert [test.node_id for test in found_in(entries)] == ["a", "b", "c"]


def test_a_group_that_lacks_tests_is_a_problem() -> None:
    """The number that is missing is named, with the line."""
    assert problems_of(read('<testsuites>\n<testsuite tests="10"><testcase name="a"/></testsuite></testsuites>')) == [
        "the testsuite at line 2 states 10 tests, 1 are there: 9 are missing"
    ]


def test_what_an_inner_group_lacks_is_told_once() -> None:
    """The outer number holds the inner one."""
    entries = read('<testsuites tests="5"><testsuite tests="4"><testcase name="a"/></testsuite></testsuites>')

    assert problems_of(entries) == [
        "the testsuite at line 1 states 4 tests, 1 are there: 3 are missing",
        "the testsuites at line 1 states 5 tests, 1 are there: 1 are missing",
    ]


def test_a_failure_of_a_group_is_a_problem() -> None:
    """What failed outside of every test keeps a pass away."""
    entries = read('<testsuite><error type="E" message="no set-up"/><testcase name="a"/></testsuite>')

    assert problems_of(entries) == ["<error> outside of any test: E no set-up"]


def test_what_is_skipped_outside_of_any_test_says_nothing() -> None:
    """Nobody knows what it would have been; the tests of the group are there all the same."""
    entries = read('<testsuite><skipped message="not on Mondays"/><testcase name="a"/></testsuite>')

    assert problems_of(entries) == []
    assert [test.node_id for test in found_in(entries)] == ["a"]


def test_pytest_counts_a_test_with_a_failing_teardown_twice() -> None:
    """Its number is explained by that: nothing is missing."""
    entries = read(
        '<testsuite name="pytest" tests="2" errors="1">'
        '<testcase name="a"><error message="failed on teardown with &quot;E&quot;"/></testcase></testsuite>'
    )

    assert problems_of(entries) == []


@pytest.mark.parametrize("prefix", ["", "j:"])
def test_namespaces_are_looked_through(prefix: str) -> None:
    """A default namespace and a prefix change nothing."""
    name = "xmlns" if not prefix else "xmlns:j"

    assert (
        only(
            f'<{prefix}testsuite {name}="urn:x"><{prefix}testcase name="t"><{prefix}failure/></{prefix}testcase>'
            f"</{prefix}testsuite>"
        ).outcome
        is Outcome.FAILED
    )


@pytest.mark.parametrize(
    "document",
    [
        '<testcase name="é"/>'.encode("utf-8-sig"),
        '<?xml version="1.0" encoding="UTF-16"?><testcase name="é"/>'.encode("utf-16"),
        '<?xml version="1.0" encoding="windows-1252"?><testcase name="é"/>'.encode("cp1252"),
    ],
)
def test_encodings_are_understood(document: bytes) -> None:
    """A byte order mark, UTF-16 and a declared one."""
    assert only(document).node_id == "é"


def test_bytes_may_come_one_by_one() -> None:
    """Where a piece ends says nothing."""
    text = '<testsuite><testcase name="é"><failure message="m">é&amp;é</failure></testcase></testsuite>'.encode()

    (test,) = found_in(list(read_junit([bytes([octet]) for octet in text])))

    assert test.attempts[0].text == "é&é"


def test_no_tests_are_no_entries() -> None:
    """An empty group is well-formed; what it means is for others to say."""
    assert read('<testsuites><testsuite name="x" tests="0"/></testsuites>') == []


@pytest.mark.parametrize("document", [BILLION_LAUGHS, FETCHING, "<!DOCTYPE testsuite><testsuite/>"])
def test_a_document_type_is_refused(document: str) -> None:
    """No entity is expanded and nothing is fetched; the text says what to do."""
    assert "write the file without DOCTYPE" in str(broken(document))


def test_an_entity_that_nobody_declared_is_an_error() -> None:
    """There is nothing to take it from."""
    assert str(broken("<testsuite>&xxe;</testsuite>")) == "line 1, column 12: undefined entity"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("", "line 1, column 1: the file is empty"),
        ("<testsuite>\n <testcase", "line 2, column 2: unclosed token"),
        ("<testsuite>\n</testsuites>", "line 2, column 3: mismatched tag"),
        ("<testsuite>\n<![CDATA[x", "line 2, column 11: unclosed CDATA section"),
        ("<testsuite>\n a \x1b[31m", "line 2, column 4: not well-formed (invalid token)"),
        ("<testsuite>&#0;</testsuite>", "line 1, column 12: reference to invalid character number"),
        ("<!-- x -->\n<?xml version='1.0'?>\n<a/>", "line 2, column 1: XML or text declaration not at start of entity"),
        ('<testsuite a="<x>"/>', "line 1, column 15: not well-formed (invalid token)"),
    ],
)
def test_a_broken_document_says_where(document: str, said: str) -> None:
    """Line and column, counted from 1, and what is wrong there."""
    assert str(broken(document)) == said


def test_what_came_before_the_break_has_been_told() -> None:
    """A file that is cut off has lost only what is behind."""
    entries = read_junit([b'<testsuite><testcase name="a"/><testcase name="b"'])

    assert next(entries) == only('<testcase name="a"/>')
    with pytest.raises(MalformedResultsError):
        next(entries)


def test_deep_nesting_is_refused() -> None:
    """Nobody nests like that but to be a burden."""
    assert "nested deeper than 200" in str(broken("<testsuite>" * 300))


def test_an_endless_tag_is_refused() -> None:
    """One tag has to be held whole, so it must have an end."""
    endless = [b'<testsuite><testcase name="', *([b"x" * 65536] * 200)]

    with pytest.raises(MalformedResultsError, match="a tag is longer than 8 MB"):
        list(read_junit(endless))


def long_output(pieces: int) -> Iterator[bytes]:
    """A failing test that wrote *pieces* times 64 KB."""
    yield b'<testsuite><testcase name="t"><failure>first</failure><system-out>'
    yield from (b"y" * 65535 + b"\n" for _ in range(pieces))
    yield b"last</system-out></testcase></testsuite>"


def test_of_a_long_text_the_beginning_and_the_end_are_kept() -> None:
    """How much is left out is known."""
    (test,) = found_in(list(read_junit(long_output(16))))
    attempt = test.attempts[0]

    assert (attempt.text[:5], attempt.text[-4:]) == ("first", "last")
    assert len(attempt.text) == HEAD_CHARS + TAIL_CHARS
    assert len(attempt.text) + attempt.dropped == len("first\n--- system-out ---\n") + 16 * 65536 + len("last")


def test_a_long_text_takes_no_memory() -> None:
    """16 MB of output leave less than 2 MB."""
    tracemalloc.start()
    try:
        list(read_junit(long_output(256)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 2 << 20
