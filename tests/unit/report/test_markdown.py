from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from ci_tools.model import Deployment, NodeId, Outcome
from ci_tools.report.markdown import report
from ci_tools.verdict.judgement import Judgement, TestResult
from tests.unit.report.judgements import FAIL, INCONCLUSIVE, PASS, SCENARIOS
from tests.unit.report.test_incident_words import INCIDENT

GITHUB = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def spoiled(text: str) -> Judgement:
    """A failure in which everything from outside is *text*."""
    (suite,) = FAIL.suites
    return replace(
        FAIL,
        reasons=(text, text),
        campaign=text,
        plan_name=text,
        plan_reason=text,
        environment=text,
        faults=(text,),
        left_out=(text,),
        deployment=Deployment(revision=text, sha=text),
        suites=(replace(suite, name=text, value=text),),
        gates=tuple(
            replace(gate, gate=replace(gate.gate, name=text, dependency=text), missing=text, detail=text)
            for gate in FAIL.gates
        ),
        tests=tuple(replace(test, node_id=NodeId(text), reason=text, excerpt=text) for test in FAIL.tests),
    )


def many(outcome: Outcome, count: int) -> tuple[TestResult, ...]:
    """*count* tests with that outcome."""
    return tuple(
        replace(FAIL.tests[2], node_id=NodeId(f"tests/test_many.py::test_{number}"), outcome=outcome)
        for number in range(count)
    )


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_page_of_a_scenario(scenario: str, golden: Path) -> None:
    """The report of each scenario is the page that people agreed on."""
    assert report(SCENARIOS[scenario]) == (golden / f"{scenario}.md").read_text(encoding="utf-8")


def test_hostile_text_changes_nothing_but_the_words(hostile: str) -> None:
    """Whatever names and messages hold, the page keeps its headings, tables and lists, and gains nothing."""
    skeleton = [token.type for token in GITHUB.parse(report(spoiled("word")))]

    tokens = GITHUB.parse(report(spoiled(hostile)))

    assert [token.type for token in tokens] == skeleton
    assert {child.type for token in tokens for child in token.children or []} <= {
        "text",
        "text_special",
        "softbreak",
        "strong_open",
        "strong_close",
    }


def test_hostile_text_is_no_workflow_command(hostile: str) -> None:
    """A page that is printed into a CI log commands nothing."""
    page = report(spoiled(hostile))

    assert [row for row in page.splitlines() if row.strip().startswith("::") or "##[" in row] == []


def test_a_page_stays_a_page() -> None:
    """A megabyte in every field still fits into a job summary."""
    assert len(report(spoiled("x" * 1_000_000))) < 10_000


def test_failed_tests_are_listed_by_file() -> None:
    """The name of a file is long, and the same for all of its tests."""
    page = report(replace(FAIL, tests=many(Outcome.FAILED, 2)))

    assert (
        "## 2 tests failed\n\n- tests/test\\_many.py\n"
        "  - failed: test\\_0: expected 201, got 500\n  - failed: test\\_1: expected 201, got 500\n"
    ) in page


def test_many_failed_tests_are_cut_and_counted() -> None:
    """Twenty are read, the rest is named by number."""
    page = report(replace(FAIL, tests=many(Outcome.FAILED, 25)))

    assert "test\\_19" in page
    assert "test\\_20" not in page
    assert "- … and 5 more in `test_results.json`" in page


def test_tests_without_a_result_are_told_once_for_each_reason() -> None:
    """A failure is not lost behind a hundred blocked tests."""
    page = report(replace(FAIL, tests=many(Outcome.BLOCKED, 100) + many(Outcome.FAILED, 1)))

    assert "## 1 test failed\n" in page
    assert (
        "<details><summary>100 tests without a result</summary>\n\n"
        "- 100 blocked: expected 201, got 500\n  - 100 in tests/test\\_many.py\n\n</details>"
    ) in page


def test_many_files_of_one_reason_are_cut_and_counted() -> None:
    """Ten are named."""
    blocked = many(Outcome.BLOCKED, 12)
    apart = tuple(replace(test, node_id=NodeId(f"t{number}.py::t")) for number, test in enumerate(blocked))

    page = report(replace(FAIL, tests=apart))

    assert "- 12 blocked: expected 201, got 500\n  - 1 in t0.py\n" in page
    assert "  - 1 in t9.py\n  - … and 2 files more\n" in page


def test_what_is_open_is_unfolded_where_nothing_failed() -> None:
    """Then it is what the page is about."""
    assert "<details open><summary>1 gate cannot tell</summary>" in report(INCONCLUSIVE)
    assert "<details open><summary>1 test without a result</summary>" in report(INCONCLUSIVE)
    assert "<details open>" not in report(FAIL)


def test_only_the_first_line_of_a_message_is_told() -> None:
    """What pytest says below it is the same at length."""
    test = replace(FAIL.tests[0], outcome=Outcome.FAILED, reason="\nassert 1 == 2\n  where 1 = len(orders)")

    assert "assert 1 == 2\n" in report(replace(FAIL, tests=(test,)))


def test_the_reason_of_a_gate_stands_in_its_row_alone() -> None:
    """Nothing is said twice; a reason that no gate says has a list of its own."""
    page = report(replace(FAIL, reasons=(*FAIL.reasons, "interrupted: SIGTERM was received")))

    assert page.count("Redis is gone") == 1
    assert "## Why\n\n- interrupted\\: SIGTERM was received\n\n" in page


def test_the_title_names_what_is_broken() -> None:
    """By the incidents, where there are any; a pass has nothing to name."""
    assert report(FAIL).startswith("# ❌ Fail: shop\n")
    assert report(FAIL, [INCIDENT]).startswith("# ❌ Fail: cache\n")
    assert report(PASS).startswith("# ✅ Pass\n")


def test_tests_that_passed_are_not_listed() -> None:
    """A page without trouble has no list of tests."""
    assert "::" not in report(PASS).replace("\\", "")


def test_many_reasons_are_cut_and_counted() -> None:
    """Twenty reasons are read, the rest is named by number."""
    judgement = replace(FAIL, reasons=tuple(f"reason {number}" for number in range(25)))

    page = report(judgement)

    assert "reason 19" in page
    assert "reason 20" not in page
    assert "and 5 more in `test_results.json`" in page


def test_switched_faults_are_told() -> None:
    """Nobody takes a fault that was switched on for an outage."""
    assert "faults switched on: redis\\_down, slow" in report(replace(FAIL, faults=("redis_down", "slow")))


def test_a_plan_without_gates_and_suites_has_no_empty_tables() -> None:
    """An empty table is noise."""
    page = report(replace(INCONCLUSIVE, gates=(), suites=(), tests=(), kpis=(), left_out=()))

    assert "| " not in page
    assert "Left out" not in page


def test_an_unfinished_journal_has_no_duration() -> None:
    """How long it took is not told where nobody knows."""
    page = report(replace(INCONCLUSIVE, started_at=None, finished_at=None))

    assert " UTC" not in page


def test_a_random_order_can_be_run_again() -> None:
    """Its seed stands beside the plan; the usual order needs none."""
    assert " · order random:7 · campaign " in report(replace(PASS, seed=7))
    assert "order random" not in report(PASS)
