import pytest

from ci_tools.diagnosis.knowledge import Sign
from ci_tools.diagnosis.literals import required
from ci_tools.knowledge_file import knowledge

SIGNS = [sign for cause in knowledge().cause for sign in cause.signs]
EXPRESSIONS = [text for sign in SIGNS for text in (sign.text, sign.unless, sign.exc_type) if text]


@pytest.mark.parametrize(
    ("expression", "literals"),
    [
        ("refused", ("refused",)),
        ("REFUSED|Gone away", ("refused", "gone away")),
        ("refused?", ("refuse",)),
        ("refused*", ("refuse",)),
        ("refused{0,2}", ("refuse",)),
        ("refused+ly", ("refused",)),
        (r"error (111|61) connecting to", (" connecting to",)),
        (r"in [abc]+ (sixteen|seventeen)", ("sixteen", "seventeen")),
        (r"(a|b(c|d))refused", ("refused",)),
        (r"was [)|(] refused", (" refused",)),
        (r"was \| refused", (" refused",)),
        (r"\brefused\b", ("refused",)),
        (r"(?-i:[A-Z]+_KEY) refused", (" refused",)),
        ("refused|(gone|lost)", ("refused", "gone", "lost")),
        ("(gone|lost)?refused", ("refused",)),
        ("(?:gone|(lost|away))", ("gone", "lost", "away")),
        ("(?!gone)refused(?=lost)", ("refused",)),
        ("(?-i:GONE_[A-Z]+)", ("gone_",)),
        ("(?P<a>refused)", ()),
        ("refused|ab", ()),
        ("refused|(gone|ab)", ()),
        ("(gone|lost)*", ()),
        (".", ()),
        ("", ()),
    ],
)
def test_what_an_expression_cannot_do_without(expression: str, literals: tuple[str, ...]) -> None:
    """Every alternative has its own literal, or there is none for the whole."""
    assert required(expression) == literals


def test_most_expressions_of_the_knowledge_base_have_some() -> None:
    """Else nothing is gained."""
    assert sum(bool(required(expression)) for expression in EXPRESSIONS) > 0.9 * len(EXPRESSIONS)


@pytest.mark.parametrize("text", ["was REFUSED", "it is Gone Away"])
def test_a_sign_with_literals_still_matches(text: str) -> None:
    """Looking first changes nothing but the time it takes."""
    sign = Sign(says="s", text="Refused|gone away")

    assert sign.text is not None
    assert any(literal in text.lower() for literal in required(sign.text))
