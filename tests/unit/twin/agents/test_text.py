import pytest

from ci_tools.twin.agents import text


def test_keywords_are_the_most_frequent_words_that_carry_meaning() -> None:
    """Keywords leave out function words; ties keep the order of appearance."""
    found = text.keywords("The cost of compute: compute and storage cost, compute!")

    assert found == ["compute", "cost", "storage"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("1,200 and 3.5", [1200.0, 3.5]),
        ("1,2,3", [1.0, 2.0, 3.0]),
        ("10, 20, 30", [10.0, 20.0, 30.0]),
        ("$120K at -4", [120_000.0, -4.0]),
        ("v2 and x86 and 4x", []),
        ("2e3", [2000.0]),
    ],
)
def test_numbers_are_read_as_people_write_them(body: str, expected: list[float]) -> None:
    """Thousands separators, scales and signs count; digits inside words do not."""
    assert text.numbers(body) == expected


def test_named_amounts_carry_the_words_before_them() -> None:
    """An amount is known by the one or two words before it."""
    found = text.named_amounts("compute 1200, gpu storage: $300 and network costs 50")

    assert found == {"compute": 1200.0, "gpu storage": 300.0, "network": 50.0}


def test_entities_are_found_once_and_in_order() -> None:
    """Money, percentages, dates, addresses and quotations are told apart."""
    found = text.entities('Pay $5k by 2025-09-16, not 20% more: see https://example.com/a "the plan" $5k')

    assert found == text.Entities(
        money=(5000.0,),
        percentages=(20.0,),
        dates=("2025-09-16",),
        urls=("https://example.com/a",),
        quoted=("the plan",),
    )


def test_sentences_end_at_marks_and_lines() -> None:
    """A full stop inside a number ends nothing."""
    assert text.sentences("Costs 3.5 units. Why?\nTell me") == ["Costs 3.5 units.", "Why?", "Tell me"]


@pytest.mark.parametrize(
    ("parts", "expected"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_a_list_reads_as_a_sentence(parts: list[str], expected: str) -> None:
    """Parts are joined by commas and a last and."""
    assert text.listed(parts) == expected


def test_a_long_text_is_cut_with_an_ellipsis() -> None:
    """The cut text is never longer than asked."""
    assert text.shortened("abcdef", 4) == "abc…"
