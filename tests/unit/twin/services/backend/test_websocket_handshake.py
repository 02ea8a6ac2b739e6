import pytest

from ci_tools.twin.services.backend.websocket_handshake import offered_token
from ci_tools.twin.services.web import UnauthenticatedError


def test_the_token_is_read_from_the_subprotocol() -> None:
    """Base64url without padding, as browsers send it."""
    assert offered_token(["jwt-auth", "jwt.YS5iLmM"]) == "a.b.c"


def test_without_such_a_subprotocol_no_token_is_offered() -> None:
    """The header may still hold one."""
    assert offered_token(["jwt-auth"]) is None


@pytest.mark.parametrize("name", ["jwt.!!!", "jwt.A", "jwt.w7_"])
def test_a_token_that_is_not_base64url_of_ascii_is_refused(name: str) -> None:
    """The refusal does not repeat the token."""
    with pytest.raises(UnauthenticatedError, match="not base64url of a token"):
        offered_token([name])
