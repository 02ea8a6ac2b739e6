import re

import pytest

from ci_tools.texts import MENTION, first_line


@pytest.mark.parametrize(("text", "line"), [("\n \n x \ny", "x"), (" \n", ""), ("", ""), ("one", "one")])
def test_the_first_line_is_the_first_that_says_something(text: str, line: str) -> None:
    """Empty lines and the spaces around it say nothing."""
    assert first_line(text) == line


@pytest.mark.parametrize("word", ["@octocat", "@a-b", "@acme/shop_team", "@acme/team.one"])
def test_who_can_be_told_is_mentioned(word: str) -> None:
    """A user, or a team of an organisation."""
    assert re.fullmatch(MENTION, word)


@pytest.mark.parametrize("word", ["octocat", "@", "@-a", "@a/", "@a/b/c", "@a b", "me@acme.example"])
def test_another_word_is_no_mention(word: str) -> None:
    """Nobody would be told by it."""
    assert not re.fullmatch(MENTION, word)
