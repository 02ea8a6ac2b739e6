import math

import pytest

from ci_tools.twin.agents.expression import evaluate
from ci_tools.twin.agents.failures import ToolParametersError


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3", 7.0),
        ("(1 + 2) * 3", 9.0),
        ("-2 ^ 2", -4.0),
        ("2 ** -1", 0.5),
        ("7 // 2 + 7 % 2", 4.0),
        ("sqrt(16) + max(1, 2, 3) - abs(-1)", 6.0),
        ("2 * pi", 2 * math.pi),
    ],
)
def test_arithmetic_has_its_usual_value(expression: str, value: float) -> None:
    """Operators bind as in mathematics."""
    assert evaluate(expression) == value


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("cos", "name is not allowed"),
        ("__import__('os')", "call is not allowed"),
        ("(1).real", "attribute is not allowed"),
        ("[1][0]", "subscript is not allowed"),
        ("True + 1", "constant is not allowed"),
        ("'a' * 3", "constant is not allowed"),
        ("1 +", "is not arithmetic"),
        ("1 / 0", "has no value: float division by zero"),
        ("log(-1)", "has no value"),
        ("2 ^ 5000", "exponent 5000 is out of range"),
        ("10 ^ 400", "has no value"),
        ("1e308 * 10", "is not finite"),
        ("(-8) ^ 0.5", "is not a real number"),
        ("sqrt()", "sqrt takes 1 argument"),
        ("max(1)", "max takes 2 argument"),
        ("1 + " * 120 + "1", "more than 200 parts"),
        ("1" * 501, "at most 500 are evaluated"),
        ("-" * 499 + "1", "(is not arithmetic|more than 200 parts)"),
    ],
)
def test_what_is_not_finite_arithmetic_is_refused_in_words(expression: str, message: str) -> None:
    """Nothing but bounded arithmetic is evaluated, and the refusal says why."""
    with pytest.raises(ToolParametersError, match=message):
        evaluate(expression)
