from dataclasses import replace

import pytest

from ci_tools.model import Verdict
from ci_tools.report.untold import unaccounted, without_incident
from tests.unit.report.hostile import HOSTILE
from tests.unit.report.judgements import FAIL, PASS


def test_a_pass_has_nothing_to_add() -> None:
    """Nothing that was asked failed."""
    assert without_incident(PASS, "out") == "no incident: nothing that was asked failed"
    assert unaccounted(PASS, "") == ""


def test_a_failure_that_no_incident_explains_keeps_its_reasons() -> None:
    """Each in a line."""
    told = without_incident(FAIL, "out").splitlines()

    assert told[0] == "no incident, yet the verdict is fail, because of:"
    assert len(told) == 2 + len(FAIL.reasons)


def test_however_many_reasons_there_are_a_page_tells_them() -> None:
    """The others are counted."""
    many = replace(PASS, verdict=Verdict.INCONCLUSIVE, reasons=tuple(f"reason {number}" for number in range(1000)))
    told = without_incident(many, "out").splitlines()

    assert len(told) == 23
    assert told[-2:] == ["  … and 980 more in test_results.json", "all of it: ci-tools judge out"]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_reasons_stay_a_line_each(text: str) -> None:
    """No terminal and no runner obeys them."""
    hostile = replace(PASS, verdict=Verdict.INCONCLUSIVE, reasons=(text,))
    told = without_incident(hostile, text)

    assert len(told.splitlines()) == 3
    assert "\x1b" not in told


def test_what_is_said_already_is_not_said_again() -> None:
    """Of files that could not be collected, and tests without evidence."""
    suite = replace(PASS.suites[0], problems=("a.py could not be collected: E", "b.py could not be collected: F"))
    told = unaccounted(replace(PASS, suites=(suite,)), "… a.py could not be collected: E …")

    assert told.splitlines() == ["not accounted for:", "  - b.py could not be collected: F"]
