from ci_tools.model import Outcome
from ci_tools.report.ingested import ingested_line


def test_a_file_is_told_in_one_line() -> None:
    """Its format, and how many entries ended how, in the order of outcomes."""
    counts = {Outcome.FAILED: 1, Outcome.PASSED: 2, Outcome.NOT_RUN: 3}

    assert ingested_line("a.xml", "JUnit XML", counts) == "a.xml: JUnit XML: 6 tests, 2 passed, 1 failed, 3 not run"


def test_a_file_without_tests_says_so() -> None:
    """Also one of no format that is read; its name moves no cursor."""
    assert ingested_line("a\x1b[2J.xml", None, {}) == "a.xml: no test results: 0 tests, none"
