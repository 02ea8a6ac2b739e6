import time
from string import ascii_lowercase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_tools.evidence.fragments import Fragments

SECRET = "correct-horse-battery"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("key correct-horse...", "key *..."),
        ("key correct-horse…", "key *…"),
        ("key correct-", "key *"),
        ("key correct-horse  \nnext", "key *  \nnext"),
        ("key correct-horse\r\nnext", "key *\r\nnext"),
        ("...horse-battery is wrong", "...* is wrong"),
        ("…-battery", "…*"),
        ("key:\n  -battery", "key:\n  *"),
        ("rse-battery was sent", "* was sent"),
        ("correct-horse\n-battery", "*\n*"),
        ("correct-correct-horse…", "correct-*…"),
    ],
)
def test_a_fragment_at_a_cut_is_masked(text: str, masked: str) -> None:
    """Eight characters from either end suffice, at an ellipsis, at a line's end or at the text's own."""
    assert Fragments([SECRET]).masked(text, "*") == masked


@pytest.mark.parametrize(
    "text",
    [
        "correct...",
        "…battery",
        "correct-horses are here",
        "a horse-battery, then",
        "a correct-horse-pattery…",
        "the horse-batt…",
        "",
    ],
)
def test_words_that_a_secret_shares_stay(text: str) -> None:
    """Fewer characters, other places and the middle of a secret are no fragment."""
    assert Fragments([SECRET]).masked(text, "*") == text


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("postgresql://netra:pass@db", "the driver is postgresql://"),
        ("/run/credentials/of/bot.json", "in /run/credentials/"),
        ("----------key----------", "----------"),
        ("hunter2x", "hunter2x"),
    ],
)
def test_what_everyone_knows_is_no_fragment(secret: str, text: str) -> None:
    """Schemes, folders and rules stay readable; a value of eight characters has no parts."""
    assert Fragments([secret]).masked(text, "*") == text


def test_the_rest_of_a_url_is_secret() -> None:
    """After its scheme, a URL with a password is like any other secret."""
    fragments = Fragments(["postgresql://netra:hunter2@db:5432/x"])

    assert fragments.masked("postgresql://netra:hunt…", "*") == "postgresql://*…"


def test_secrets_of_one_beginning_are_told_apart() -> None:
    """The longest fragment that any of them explains is masked."""
    fragments = Fragments(["correct-horse-battery", "correct-house-key"])

    assert fragments.masked("correct-hous… correct-hors…", "*") == "*… *…"


def test_without_secrets_nothing_changes() -> None:
    """Who knows nothing masks nothing."""
    assert Fragments([]).masked("anything...", "*") == "anything..."


@given(
    secret=st.text(ascii_lowercase, min_size=16, max_size=60).filter(
        lambda text: len(set(text[:8])) > 3 and len(set(text[-8:])) > 3
    ),
    size=st.integers(8, 15),
)
@settings(derandomize=True, deadline=None)
def test_any_fragment_of_any_secret_is_masked(secret: str, size: int) -> None:
    """Whatever the secret and wherever it was cut, neither end of it stays."""
    text = f"A {secret[:size]}... and …{secret[-size:]} Z"

    assert Fragments([secret]).masked(text, "*") == "A *... and …* Z"


@pytest.mark.parametrize("unit", ["abcdefgh", "abcd", "abcdefgh...", "…abcdefgh", "\n", "h\nabcdefg"])
def test_hostile_text_costs_bounded_time(unit: str) -> None:
    """Many beginnings of a long secret take no longer than their number."""
    fragments = Fragments(["abcdefgh" * 1_000, "abcd" * 500, *(f"abcdefgh{number}" for number in range(9))])
    text = unit * (100_000 // len(unit))

    started = time.process_time()
    fragments.masked(text, "*")

    assert time.process_time() - started < 3
