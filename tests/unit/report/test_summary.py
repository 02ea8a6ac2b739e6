from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from ci_tools.model import Change, NodeId
from ci_tools.report.summary import print_summary
from ci_tools.verdict.judgement import Judgement
from tests.unit.report.judgements import COMPARED, FAIL, INCONCLUSIVE, PASS, SCENARIOS
from tests.unit.report.test_incident_words import INCIDENT
from tests.unit.report.test_markdown import spoiled


def printed(judgement: Judgement, width: int = 160, kept_in: str = "campaigns/20260302-101500-abc123") -> str:
    """What a CI log shows."""
    console = Console(file=StringIO(), width=width, force_terminal=False, highlight=False)
    print_summary(judgement, console, kept_in=kept_in)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_summary_of_a_scenario(scenario: str, golden: Path) -> None:
    """The summary of each scenario is the one that people agreed on."""
    shown = "".join(f"{row.rstrip()}\n" for row in printed(SCENARIOS[scenario]).splitlines())

    assert shown == (golden / f"{scenario}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [40, 80, 160])
def test_no_line_of_a_summary_is_a_workflow_command(hostile: str, width: int) -> None:
    """However its cells are broken, no line commands the runner."""
    shown = printed(spoiled(hostile), width)

    assert [row for row in shown.splitlines() if row.strip().startswith("::") or "##[" in row] == []


def test_no_terminal_obeys_a_summary(hostile: str) -> None:
    """Text from outside moves no cursor and sets no colour or title."""
    shown = printed(spoiled(hostile))

    assert {char for char in shown if ord(char) < 32 or 127 <= ord(char) < 160} <= {"\n"}


def test_rich_markup_in_a_name_is_text() -> None:
    """Brackets of a test's parameters are shown, not taken for a style."""
    assert "[bold]oops[/bold]" in printed(spoiled("[bold]oops[/bold]"))


def test_the_verdict_comes_last_but_for_the_evidence() -> None:
    """What a person looks for stands at the end."""
    *_, verdict, evidence = printed(FAIL).splitlines()

    assert verdict.startswith("FAIL  here, plan full, shop-00042")
    assert evidence == "evidence: campaigns/20260302-101500-abc123"


def test_the_place_of_the_evidence_can_be_copied() -> None:
    """A long path is not broken over lines."""
    path = "/very/long/" + "folder/" * 40

    assert f"evidence: {path}\n" in printed(PASS, kept_in=path)


def test_an_incident_says_what_to_do_first() -> None:
    """Then since when, who has to know, and how much it takes along."""
    console = Console(file=StringIO(), width=160, force_terminal=False, highlight=False)

    print_summary(FAIL, console, kept_in="out", incidents=[INCIDENT])

    assert isinstance(console.file, StringIO)
    assert (
        "cache-1: it is not running (confirmed)\n    next: start it again: start it\n"
        "    since 2025-09-16 12:00:01 UTC, last seen 12:01:01; owner @cache-team\n"
        "    1 test fails, 2 tests are held back, 1 gate cannot tell\n"
    ) in console.file.getvalue()


def test_suites_that_are_whole_are_counted() -> None:
    """Only those that are not have a row."""
    assert "nobody can buy" not in printed(PASS)
    assert "1 suite: 3 of 3 tests passed" in printed(PASS)


def test_many_reasons_are_cut_and_counted() -> None:
    """Twenty reasons are read, the rest is named by number."""
    shown = printed(replace(INCONCLUSIVE, reasons=tuple(f"reason {number}" for number in range(25))))

    assert "reason 19" in shown
    assert "reason 20" not in shown
    assert "… and 5 more in test_results.json" in shown


def test_a_campaign_without_events_in_time_has_no_duration() -> None:
    """How long it took is not told where nobody knows; nothing left out is not told either."""
    shown = printed(replace(PASS, started_at=None, finished_at=None, left_out=(), deployment=None))

    assert "PASS  here, plan full, unidentified deployment\n" in shown
    assert "left out" not in shown


def test_many_changes_are_cut_and_counted() -> None:
    """As many are named as there are reasons, the rest is a number."""
    (changed,) = [test for test in COMPARED.tests if test.change is Change.NEWLY_FAILING]
    many = tuple(replace(changed, node_id=NodeId(f"tests/test_orders.py::test_{number:02}")) for number in range(25))

    shown = printed(replace(COMPARED, tests=many))

    assert "newly failing: tests/test_orders.py::test_19" in shown
    assert "test_20" not in shown
    assert "… and 5 more in test_results.json" in shown
