import re
from dataclasses import replace

import pytest

from ci_tools.errors import ExitCode
from ci_tools.report.actions import MAX_ANNOTATIONS, MAX_SUMMARY_BYTES, annotations, output_lines, outputs, summary
from ci_tools.report.incident_words import headline
from tests.unit.report.judgements import FAIL, INCONCLUSIVE, PASS
from tests.unit.report.test_incident_words import INCIDENT

COMMAND = re.compile(r"::(?:error|warning) title=[^:,\n\r]*::[^\n\r]*")


def test_an_incident_is_an_error() -> None:
    """With what to do next, and who has to know."""
    (told,) = annotations(FAIL, [INCIDENT])

    assert told.startswith(f"::error title={headline(INCIDENT).split(':')[0]}%3A")
    assert [word in told for word in ("next: ", "owner ")] == [True, True]


def test_a_failure_without_an_incident_tells_its_reasons() -> None:
    """One error each."""
    assert [one.split("::", 2)[2] for one in annotations(FAIL, [])] == list(FAIL.reasons)


def test_what_is_inconclusive_warns() -> None:
    """Nothing was seen to fail."""
    assert {one.partition(" ")[0] for one in annotations(INCONCLUSIVE, [])} == {"::warning"}


def test_a_pass_says_nothing() -> None:
    """There is nothing to look at."""
    assert annotations(PASS, []) == []


def test_more_annotations_than_github_keeps_are_counted() -> None:
    """The last one says how many are left out."""
    many = annotations(replace(FAIL, reasons=tuple(map(str, range(25)))), [])

    assert len(many) == MAX_ANNOTATIONS
    assert many[-1] == "::error title=and more::16 more; see the report"


def test_hostile_words_are_one_command_each(hostile: str) -> None:
    """Nothing from outside ends a title, begins another command, or breaks a line."""
    told = annotations(replace(FAIL, environment=hostile, reasons=(hostile, hostile)), [])

    assert [bool(COMMAND.fullmatch(one)) for one in told] == [True, True]


def test_a_percent_sign_is_no_escape() -> None:
    """``%0A`` in a reason would be a line break."""
    (told,) = annotations(replace(FAIL, reasons=("100%0A::error::x",)), [])

    assert "100%250A" in told


def test_a_short_report_is_the_summary() -> None:
    """Word for word."""
    assert summary("# all is well\n") == "# all is well\n"


@pytest.mark.parametrize("begin", ["", "<details><summary>x</summary>\n\n"])
def test_a_long_report_is_cut_and_says_so(begin: str) -> None:
    """At the end of a line, with what was folded unfolded: GitHub would drop all of it."""
    told = summary(begin + "ä row\n" * 300_000)

    assert len(told.encode()) <= MAX_SUMMARY_BYTES
    assert told.endswith("The whole report is in the artifact.\n")
    assert told.count("<details>") == told.count("</details>")
    assert "\nä row\n" in told


def test_other_jobs_learn_exit_code_verdict_policy_and_environment() -> None:
    """By these the gate decides."""
    assert outputs(FAIL, ExitCode.FAIL) == {"exit": "1", "verdict": "fail", "policy": "block", "environment": "here"}


def test_an_output_is_one_line() -> None:
    """A value must not be able to add an output of its own."""
    assert output_lines({"a": "x\nverdict=pass", "b": ""}) == "a=x verdict=pass\nb=\n"
