import math

import pytest

from ci_tools.evidence.foreign.results import (
    HEAD_CHARS,
    TAIL_CHARS,
    ForeignAttempt,
    ForeignTest,
    Gathered,
    duration_of,
    joined,
    kept,
    name_of,
    seconds,
)
from ci_tools.model import Outcome


def test_a_short_text_is_kept_whole() -> None:
    """Nothing is left out of it."""
    assert kept("hello") == ("hello", 0)


def test_of_a_long_text_both_ends_are_kept() -> None:
    """The number of characters between them is known."""
    text, dropped = kept("a" * HEAD_CHARS + "b" * 500 + "c" * TAIL_CHARS)

    assert (text, dropped) == ("a" * HEAD_CHARS + "c" * TAIL_CHARS, 500)


def test_pieces_make_the_same_as_the_whole() -> None:
    """Where a text was cut while it arrived says nothing."""
    text = "".join(map(chr, range(65, 91))) * 3_000
    gathered = Gathered()

    for at in range(0, len(text), 777):
        gathered.add(text[at : at + 777])

    assert (gathered.text, gathered.dropped) == kept(text)


@pytest.mark.parametrize(
    ("text", "duration_s"),
    [
        ("1.5", 1.5),
        (" 2 ", 2.0),
        ("0,5", 0.5),
        ("1,234.5", 1234.5),
        ("2.065e-05", 2.065e-05),
        (".25", 0.25),
        ("3.", 3.0),
        ("", 0.0),
        ("<<computed>>", 0.0),
        ("nan", 0.0),
        ("inf", 0.0),
        ("-1", 0.0),
        ("1.2.3", 0.0),
        ("٣", 0.0),
        ("9" * 400, 0.0),
    ],
)
def test_durations_are_read_as_tools_write_them(text: str, duration_s: float) -> None:
    """Thousands and decimal commas; what is no duration took no known time."""
    assert seconds(text) == duration_s


@pytest.mark.parametrize(
    ("value", "duration_s"),
    [(1500, 1.5), (0.5, 0.0005), (True, 0.0), ("3", 0.0), (None, 0.0), (math.nan, 0.0), (-1, 0.0), (10**400, 0.0)],
)
def test_a_duration_of_json_is_a_number(value: object, duration_s: float) -> None:
    """In the unit that the format has; anything else took no known time."""
    assert duration_of(value, 0.001) == pytest.approx(duration_s)


def test_a_name_stands_on_one_line() -> None:
    """Line breaks and runs of blanks are one blank."""
    assert name_of(" a\n\tb  c ") == "a b c"


def test_a_name_has_an_end() -> None:
    """Two long names that differ at their end stay different."""
    first, second = name_of("x" * 5_000 + "1"), name_of("x" * 5_000 + "2")

    assert first != second
    assert len(first) < 1_020


@pytest.mark.parametrize(
    ("parts", "name"),
    [(("a", "b"), "a::b"), (("", "b", ""), "b"), (("a", "a", "b"), "a::b"), (("", ""), "(unnamed)")],
)
def test_a_node_id_says_nothing_twice(parts: tuple[str, ...], name: str) -> None:
    """Empty parts and repetitions are left out."""
    assert joined(*parts) == name


@pytest.mark.parametrize(
    ("attempts", "outcome"),
    [
        ((Outcome.FAILED, Outcome.PASSED), Outcome.PASSED),
        ((Outcome.ERRORED, Outcome.FAILED), Outcome.ERRORED),
        ((Outcome.SKIPPED,), Outcome.SKIPPED),
    ],
)
def test_a_file_calls_a_test_passed_that_passed_in_the_end(attempts: tuple[Outcome, ...], outcome: Outcome) -> None:
    """Otherwise the first attempt names it."""
    test = ForeignTest(suite="", node_id="t", attempts=tuple(ForeignAttempt(outcome=one) for one in attempts))

    assert test.outcome is outcome
