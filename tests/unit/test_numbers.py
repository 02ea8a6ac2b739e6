import math

import pytest

from ci_tools.numbers import finite


@pytest.mark.parametrize(
    ("value", "number"),
    [
        *((0, 0.0), (-1.5, -1.5), (10**300, 1e300)),
        *((True, None), ("3", None), (None, None), ([1], None)),
        *((math.nan, None), (-math.inf, None), (10**400, None), (-(10**400), None)),
    ],
)
def test_a_number_is_one_that_can_be_reckoned_with(value: object, number: float | None) -> None:
    """Truth values, texts, and what is beyond every float are no numbers."""
    assert finite(value) == number
