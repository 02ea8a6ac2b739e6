import time
import unicodedata

import pytest
from markdown_it import MarkdownIt

from ci_tools.report.inert import cell, line, log, markdown

GITHUB = MarkdownIt("commonmark").enable(["table", "strikethrough"])
ZERO_WIDTH = "\u200b"


def test_a_line_is_one_line_of_printable_characters(hostile: str) -> None:
    """No control, no direction mark, no newline, no half character reaches a terminal."""
    shown = line(hostile).replace(ZERO_WIDTH, "")

    assert [char for char in shown if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}] == []
    assert len(shown) <= 200
    shown.encode("utf-8")


def test_a_line_holds_no_workflow_command(hostile: str) -> None:
    """A line and its words are no commands to the runner."""
    shown = line(hostile)

    assert [word for word in shown.split() if word.startswith("::")] == []
    assert "##[" not in shown


def test_a_cell_holds_no_workflow_command(hostile: str) -> None:
    """Wherever a table breaks it, no part of a cell is a command to the runner."""
    shown = cell(hostile)

    assert "::" not in shown
    assert "##[" not in shown


def test_a_log_holds_no_workflow_command(hostile: str) -> None:
    """Nor anything that a terminal obeys, however many lines it has."""
    shown = log(f"Traceback:\n    {hostile}\nend")

    assert [row for row in shown.splitlines() if row.lstrip().startswith("::") or "##[" in row] == []
    assert [char for char in shown.replace("\n", "").replace(ZERO_WIDTH, "") if not char.isprintable()] == []


def test_a_log_keeps_its_lines() -> None:
    """A traceback stays one, and what points at a column points there."""
    assert log("error:\n  12 | a  =  b\n     |       ^") == "error:\n  12 | a  =  b\n     |       ^"


def test_a_node_id_can_be_copied_from_a_line() -> None:
    """The name of a test stays the name that pytest takes."""
    assert line("failed: tests/test_a.py::TestB::test_c[::1]") == "failed: tests/test_a.py::TestB::test_c[::1]"


def test_a_line_keeps_what_people_read() -> None:
    """Ordinary text comes through as it is."""
    assert line("  GET /health: 503\n  instead of 200, é 日本  ") == "GET /health: 503 instead of 200, é 日本"


def test_nothing_stays_nothing() -> None:
    """No text is no text, also in Markdown."""
    assert (line(""), markdown("")) == ("", "")


def test_colours_leave_no_remnant() -> None:
    """A sequence goes as a whole, not only its first byte."""
    assert line("\x1b[1;31mred\x1b[0m \x1b]8;;https://x.example\x07link\x1b]8;;\x1b\\") == "red link"


def test_a_command_hidden_behind_invisible_marks_is_found() -> None:
    """What becomes a command only once the marks are gone is broken as well."""
    assert line(":\u200d:error::x") == f":{ZERO_WIDTH}:error::x"


@pytest.mark.parametrize(("text", "shown"), [("abcde", "abcde"), ("abcdef", "abcd…")])
def test_a_line_is_cut_visibly(text: str, shown: str) -> None:
    """A reader sees that something is missing."""
    assert line(text, 5) == shown


def test_what_was_not_even_read_is_shown_as_cut() -> None:
    """Words behind a flood of colours are not silently lost."""
    assert line("\x1b[0m" * 10_000 + "important").endswith("…")


@pytest.mark.parametrize("flood", ["x", "\x1b[1;", "\x1b]", "::", "##[", "@", "\u202e", "word "])
def test_a_flood_is_made_inert_in_no_time(flood: str) -> None:
    """A megabyte costs what a page costs."""
    began = time.process_time()
    markdown(flood * (1_000_000 // len(flood)))

    assert time.process_time() - began < 0.5


def test_markdown_shows_the_text_and_nothing_else(hostile: str) -> None:
    """Rendered, a text is a paragraph of words: no link, image, HTML, code, emphasis, heading or table."""
    tokens = GITHUB.parse("- " + markdown(hostile, 400))

    blocks = {token.type for token in tokens} - {"inline"}
    inline = {child.type for token in tokens for child in token.children or []}
    assert blocks <= {
        "bullet_list_open",
        "bullet_list_close",
        "list_item_open",
        "list_item_close",
        "paragraph_open",
        "paragraph_close",
    }
    assert inline <= {"text", "text_special"}


def test_markdown_stays_in_its_cell(hostile: str) -> None:
    """A table's row keeps its columns."""
    page = f"| a | b |\n| --- | --- |\n| {markdown(hostile, 400)} | second |\n"

    tokens = GITHUB.parse(page)

    assert [token.type for token in tokens].count("td_open") == 2


def test_markdown_renders_back_to_the_line() -> None:
    """Escapes are invisible to the reader: every character of the text is there."""
    text = "\\ ` * _ { } [ ] ( ) < > # + ! | ~ & @ $ : - . , ' \" / = ; ? % ^"

    rendered = "".join(child.content for child in GITHUB.parseInline(markdown(text))[0].children or [])

    assert rendered.replace(ZERO_WIDTH, "") == text


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("@octocat", f"@{ZERO_WIDTH}octocat"),
        ("#12", f"#{ZERO_WIDTH}12"),
        ("acme/shop#12", f"acme/shop#{ZERO_WIDTH}12"),
        ("GH-12", f"GH{ZERO_WIDTH}-12"),
        ("www.evil.example", f"www{ZERO_WIDTH}.evil.example"),
    ],
)
def test_what_github_links_after_rendering_is_broken(text: str, rendered: str) -> None:
    """Mentions and references are found in the rendered text, where a backslash helps no more."""
    shown = "".join(child.content for child in GITHUB.parseInline(markdown(text))[0].children or [])

    assert shown == rendered


def test_a_node_id_can_be_copied_from_a_page() -> None:
    """Rendered, the name of a test is the name that pytest takes."""
    node_id = "tests/test_orders.py::TestPay::test_card[euro-1]"

    rendered = "".join(child.content for child in GITHUB.parseInline(markdown(node_id))[0].children or [])

    assert rendered == node_id
