"""What stands in the environment of whoever speaks with GitHub."""

import pytest

from ci_tools.errors import UsageError
from ci_tools.github.access import token_in


def test_a_line_break_around_a_token_is_no_part_of_it() -> None:
    """Secrets are often stored with one behind them."""
    assert token_in({"GITHUB_TOKEN": "ghs_0123\n"}, "nothing is read", "issues: write") == "ghs_0123"


@pytest.mark.parametrize("token", ["ghs_0123\nX: y", "ghs_0123 4567", "ghs_0123\u20ac"])
def test_what_could_not_stand_in_a_header_is_no_token(token: str) -> None:
    """It is told before anything is sent, and not shown."""
    with pytest.raises(UsageError, match=r"GITHUB_TOKEN is no token.*issues: write") as caught:
        token_in({"GITHUB_TOKEN": token}, "nothing is read", "issues: write")
    assert "ghs_" not in str(caught.value)
