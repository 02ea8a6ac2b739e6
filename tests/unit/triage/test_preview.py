import pytest
from markdown_it import MarkdownIt

from ci_tools.triage.decide import decide
from ci_tools.triage.operations import (
    AdoptIssue,
    CloseIssue,
    Comment,
    CreateIssue,
    Operation,
    ReopenIssue,
    UpdateIssue,
)
from ci_tools.triage.preview import headline, page, preview
from tests.unit.report.hostile import HOSTILE
from tests.unit.triage.scenarios import AROUND, failing

CREATE = CreateIssue(title="t", body="b", labels=("P1",), nonce="n", reason="why")


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (CREATE, "create 't': why"),
        (UpdateIssue(number=7, body="b", labels=None, reason="why"), "update #7: why"),
        (ReopenIssue(number=7, body="b", labels=None, reason="why"), "reopen #7: why"),
        (CloseIssue(number=7, body="b", closed_as="completed", reason="why"), "close #7: why"),
        (CloseIssue(number=7, body="b", closed_as="duplicate", duplicate_of=3, reason="why"), "merge #7 into #3: why"),
        (Comment(number=7, body="b", nonce="n", reason="why"), "comment on #7: why"),
        (AdoptIssue(number=7, body="b", marker="m", add_labels=(), reason="why"), "keep our comment in #7: why"),
    ],
)
def test_an_operation_is_named_with_its_reason(operation: Operation, expected: str) -> None:
    """What will be done, to which issue, and why."""
    assert headline(operation) == expected


def test_an_empty_plan_says_so() -> None:
    """Nothing to do is said, not left to be guessed."""
    assert len(list(preview(()))) == 1
    assert next(preview(())).startswith("nothing to do")


def test_a_plan_shows_the_bodies_as_they_would_stand() -> None:
    """Every line of a body is there, indented as it is."""
    operations = decide((), failing(), AROUND)

    rows = list(preview(operations))

    assert rows[0] == f"1. {headline(operations[0])}"
    assert rows[1] == "   labels: e2e-campaign, P1, area: store, type: gate"
    assert "   |     assert 500 == 201" in rows
    assert len(rows) == len(operations[0].body.splitlines()) + 3


def test_labels_that_stay_are_not_shown() -> None:
    """Only what changes is told."""
    rows = list(preview([UpdateIssue(number=7, body="b", labels=None, reason="why")]))

    assert rows == ["1. update #7: why", "   | b", ""]


def test_another_title_and_added_labels_are_shown() -> None:
    """What changes beside the text is seen before it is done."""
    update = UpdateIssue(number=7, body="b", labels=None, title="a better name", reason="why")
    adopt = AdoptIssue(number=8, body="b", marker="m", add_labels=("e2e-campaign", "P1"), reason="why")

    rows = list(preview([update, adopt]))

    assert rows[1] == "   title: a better name"
    assert rows[5] == "   labels: e2e-campaign, P1"


@pytest.mark.parametrize("kind", HOSTILE)
def test_words_of_others_command_nothing(kind: str) -> None:
    """A body may hold what people wrote, and a plan is printed into a log that a runner reads."""
    text = HOSTILE[kind]
    rows = list(preview([UpdateIssue(number=7, body=text, labels=(text,), reason=text)]))

    assert [row for row in rows if row.lstrip().startswith("::") or "\x1b" in row or "##[" in row] == []
    assert [row for row in rows if "| ::" in row] == []


@pytest.mark.parametrize(("is_applied", "title"), [(True, "are told"), (False, "would be told")])
def test_a_page_says_whether_it_is_a_plan_only(title: str, *, is_applied: bool) -> None:
    """Who reads a summary does not know with which options it was made."""
    said = page((CREATE,), is_applied=is_applied)

    assert said.startswith(f"## What the issues {title}\n\n1. create 't'")
    assert "\n    1. create 't': why\n       labels: P1\n" in said


def test_a_page_of_nothing_says_so() -> None:
    """An empty summary would look like a lost one."""
    assert "nothing to do" in page((), is_applied=True)


@pytest.mark.parametrize("kind", HOSTILE)
def test_on_a_page_words_of_others_are_words(kind: str) -> None:
    """A list of lines, and all else is code: no heading but ours, no link, no markup."""
    text = HOSTILE[kind]
    operations = [UpdateIssue(number=7, body=text, labels=(text,), title=text, reason=text)]

    tokens = MarkdownIt("commonmark").parse(page(operations, is_applied=False))

    inline = {child.type for token in tokens for child in token.children or []}
    assert inline <= {"text", "text_special"}
    assert [token.content for token in tokens if token.type == "html_block"] == [
        "<details><summary>word for word</summary>\n",
        "</details>\n",
    ]
    assert [token.type for token in tokens].count("heading_open") == 1
    assert [token.type for token in tokens].count("code_block") == 1
