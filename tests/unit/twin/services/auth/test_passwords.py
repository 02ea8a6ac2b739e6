import pytest

from ci_tools.twin.services.auth.passwords import NOBODY, digest, matches


def test_the_right_password_matches() -> None:
    """A password matches its own digest."""
    assert matches("correct horse", digest("correct horse"))


@pytest.mark.parametrize("wrong", ["correct hors", "correct horse ", "", "Correct horse"])
def test_another_password_does_not(wrong: str) -> None:
    """Nothing but the whole password matches."""
    assert not matches(wrong, digest("correct horse"))


def test_equal_passwords_have_different_digests() -> None:
    """Each digest has its own salt."""
    assert digest("correct horse") != digest("correct horse")


def test_a_digest_does_not_contain_its_password() -> None:
    """What is stored does not tell the password."""
    assert "correct horse" not in digest("correct horse")


def test_nobody_has_no_password() -> None:
    """An account that does not exist matches nothing."""
    assert not matches("", None)


def test_an_unknown_account_costs_as_much_as_a_known_one() -> None:
    """Whether an account exists cannot be told from how long a refusal takes: the work is the same."""
    assert NOBODY.split("$")[:2] == digest("correct horse").split("$")[:2]
