from ci_tools.twin.services.auth.accounts import fresh_session, simulated_user_id


def test_the_same_address_is_the_same_account() -> None:
    """Simulated sign-in gives an address the same account each time, and another one another."""
    first, again, other = (simulated_user_id(f"{name}@e2e.example.com") for name in ("a", "a", "b"))

    assert first == again
    assert first != other


def test_every_session_is_another() -> None:
    """Neither session nor refresh token repeats."""
    first, second = fresh_session(), fresh_session()

    assert first.session_id != second.session_id
    assert first.refresh_id != second.refresh_id
