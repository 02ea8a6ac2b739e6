import time
from typing import Any

import jwt

from ci_tools.model import BypassKey, DependencyState
from ci_tools.questions import SessionProbe

PROBE = SessionProbe(
    name="session", dependency="auth", host="auth", accepted_by="there", accepted_path="/profile", timeout_s=5.0
)
ENVIRON = {"E2E_OAUTH_SIMULATION_KEY": "bypass-key-of-nobody"}
GRANTED = {
    "access_token": jwt.encode({"sub": "u", "iat": time.time(), "exp": time.time() + 3600}, "k" * 32),
    "refresh_token": "r-1",
    "user": {"id": "u"},
}


async def used(survey: Any, site: Any) -> list[tuple[DependencyState, str | None]]:
    """State and code of each step, with both services at *site*."""
    seen = await survey(PROBE, site.url, ENVIRON, hosts={"auth": site.url}, auth=BypassKey())
    return [(one.state, one.code) for one in seen]


async def test_a_token_that_is_taken_and_renewed_once_is_well(survey: Any, site: Any) -> None:
    """The used refresh token is refused, as it has to be; here the site grants every one, which is said."""
    site.set("/auth/e2e/test-auth", GRANTED)
    site.set("/profile", {"id": "u"})
    site.set("/auth/refresh", GRANTED)

    assert await used(survey, site) == [
        (DependencyState.UP, "accepted"),
        (DependencyState.UP, "refreshed"),
        (DependencyState.DEGRADED, "refresh_reused"),
    ]


async def test_a_token_that_another_service_refuses_is_told_with_its_words(survey: Any, site: Any) -> None:
    """They tell a wrong signature from a token that is over."""
    site.set("/auth/e2e/test-auth", GRANTED)
    site.set("/profile", {"message": "Signature verification failed"}, status=401)

    seen = await survey(PROBE, site.url, ENVIRON, hosts={"auth": site.url}, auth=BypassKey())

    assert [(one.state, one.code) for one in seen] == [(DependencyState.DOWN, "token_refused")]
    assert "Signature verification failed" in seen[0].text


async def test_a_refresh_token_that_is_refused_at_first_use_is_down(survey: Any, site: Any) -> None:
    """Nobody would stay signed in."""
    site.set("/auth/e2e/test-auth", GRANTED)
    site.set("/profile", {"id": "u"})
    site.set("/auth/refresh", {"message": "no"}, status=401)

    assert await used(survey, site) == [(DependencyState.UP, "accepted"), (DependencyState.DOWN, "refresh")]


async def test_without_a_token_nothing_is_said_of_sessions(survey: Any, site: Any) -> None:
    """The token has a probe of its own."""
    site.set("/auth/e2e/test-auth", {"message": "no"}, status=503)

    assert [state for state, _ in await used(survey, site)] == [DependencyState.UNKNOWN]


async def test_a_service_in_trouble_says_nothing_of_tokens(survey: Any, site: Any) -> None:
    """Neither taken nor refused."""
    site.set("/auth/e2e/test-auth", GRANTED)
    site.set("/profile", {"message": "database"}, status=503)

    assert [state for state, _ in await used(survey, site)] == [DependencyState.UNKNOWN]
