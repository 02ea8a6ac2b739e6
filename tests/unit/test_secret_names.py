import re
from pathlib import Path

import pytest

from ci_tools.secret_names import ALONE, ANYWHERE, HARMLESS_ENDINGS, is_secret_name

README = Path(__file__).parents[2] / "README.md"


@pytest.mark.parametrize("word", ANYWHERE)
def test_a_telling_word_counts_wherever_it_stands(word: str) -> None:
    """First, last or within, and in small letters."""
    assert all(map(is_secret_name, (f"X{word}X", f"x{word}".lower(), f"A{word}")))


@pytest.mark.parametrize("word", ALONE)
def test_a_short_word_counts_where_it_stands_alone(word: str) -> None:
    """Within another word it tells nothing."""
    assert is_secret_name(f"SHOP_{word}")
    assert is_secret_name(f"{word}_of_shop".lower())
    assert not is_secret_name(f"X{word}X")


@pytest.mark.parametrize("ending", HARMLESS_ENDINGS)
def test_where_a_secret_is_or_whose_is_no_secret(ending: str) -> None:
    """Names of files, places and ids stay readable."""
    assert not is_secret_name(f"SHOP_TOKEN{ending}")


def test_where_a_shell_stands_is_no_secret() -> None:
    """PWD is a password only with more around it."""
    assert not is_secret_name("PWD")
    assert is_secret_name("MYSQL_PWD")


def test_the_readme_names_the_same_words() -> None:
    """Whoever names a secret by it must find it masked."""
    part = README.read_text(encoding="utf-8").partition("<!-- names of secrets -->")[2].partition("<!-- end -->")[0]
    told = [tuple(re.findall(r"`(\w+)`", item)) for item in part.split("\n- ")[1:]]

    assert told == [ANYWHERE, ALONE, HARMLESS_ENDINGS]
