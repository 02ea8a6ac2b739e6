import time
from collections.abc import Awaitable, Callable
from typing import Any

import jwt
import pytest

from ci_tools.errors import CredentialsMissingError
from ci_tools.model import BypassKey, DependencyState, NoAuth, Observation, ReadyToken, RegisterLogin
from ci_tools.questions import TokenProbe

Look = Callable[..., Awaitable[Observation]]

PROBE = TokenProbe(name="credentials", dependency="auth", timeout_s=2.0)
ENVIRON = {"E2E_OAUTH_SIMULATION_KEY": "bypass-key-of-nobody"}
DOOR = "/auth/e2e/test-auth"


def token(life_s: float) -> str:
    """Make a token an hour old, with *life_s* seconds to live."""
    now = time.time()
    return jwt.encode({"sub": "u-1", "iat": now - 3600, "exp": now + life_s}, "k" * 32)


def granted(life_s: float) -> dict[str, Any]:
    """Answer of the auth service that grants a token."""
    return {"access_token": token(life_s), "refresh_token": "r", "user": {"id": "u-1", "email": "e"}}


@pytest.fixture
def through_the_door(look: Look, site: Any) -> Callable[[], Awaitable[Observation]]:
    """Look while the auth service is *site*, asked with the bypass key."""

    async def once() -> Observation:
        return await look(PROBE, environ=ENVIRON, hosts={"auth": site.url}, auth=BypassKey())

    return once


async def test_a_fresh_token_is_up(through_the_door: Any, site: Any) -> None:
    """A granted token with life left is up, with the time it took to get."""
    site.set(DOOR, granted(900))

    seen = await through_the_door()

    assert (seen.state, seen.code, seen.source) == (DependencyState.UP, "200", "credentials by bypass_key")
    assert seen.latency_s is not None


async def test_a_token_that_is_over_is_down(through_the_door: Any, site: Any) -> None:
    """A granted token past its ``exp`` is down, with a code of its own."""
    site.set(DOOR, granted(-60))

    seen = await through_the_door()

    assert (seen.state, seen.code) == (DependencyState.DOWN, "expired")
    assert "signature has expired" in seen.text


@pytest.mark.parametrize("status", [401, 403])
async def test_refused_credentials_are_down_with_their_status(through_the_door: Any, site: Any, status: int) -> None:
    """A refusal is down with the refusing status."""
    site.set(DOOR, {"message": "wrong key"}, status=status)

    seen = await through_the_door()

    assert (seen.state, seen.code) == (DependencyState.DOWN, str(status))
    assert "wrong key" in seen.text


async def test_an_unconfigured_door_is_down_with_its_status(through_the_door: Any, site: Any) -> None:
    """Any other answer without a token is down with its status."""
    site.set(DOOR, {"message": "not configured"}, status=503)

    seen = await through_the_door()

    assert (seen.state, seen.code) == (DependencyState.DOWN, "503")


async def test_an_answer_without_a_token_is_down(through_the_door: Any, site: Any) -> None:
    """A 200 that grants nothing is down."""
    site.set(DOOR, {"status": "ok"})

    seen = await through_the_door()

    assert (seen.state, seen.code) == (DependencyState.DOWN, "200")


async def test_throttling_is_no_evidence(through_the_door: Any, site: Any) -> None:
    """A 429 says nothing of the auth service."""
    site.set(DOOR, {}, status=429)

    seen = await through_the_door()

    assert (seen.state, seen.code) == (DependencyState.UNKNOWN, "429")


async def test_an_unreachable_auth_service_is_down(look: Look, refusing_url: str) -> None:
    """An auth service that refuses connections is down with the errno's name."""
    seen = await look(PROBE, environ=ENVIRON, hosts={"auth": refusing_url}, auth=BypassKey())

    assert (seen.state, seen.code) == (DependencyState.DOWN, "ECONNREFUSED")


async def test_a_silent_auth_service_is_censored(look: Look, silent_url: str) -> None:
    """An auth service that answers nothing is down with a censored latency."""
    seen = await look(PROBE, environ=ENVIRON, hosts={"auth": silent_url}, auth=BypassKey(), time_scale=0.1)

    assert (seen.state, seen.timed_out) == (DependencyState.DOWN, True)
    assert seen.latency_s is not None
    assert seen.latency_s >= 0.2


async def test_registration_and_login_both_count(look: Look, site: Any) -> None:
    """The latency of credentials that take two requests is that of both."""
    site.set("/auth/register", granted(900), status=201)
    site.set("/auth/login", granted(900))

    seen = await look(PROBE, hosts={"auth": site.url}, auth=RegisterLogin())

    assert (seen.state, seen.code) == (DependencyState.UP, "200")
    assert [request.split()[1] for request in site.requests] == ["/auth/register", "/auth/login"]


async def test_a_ready_token_with_life_left_is_up(look: Look) -> None:
    """A ready token whose ``exp`` is ahead is up; nobody was asked, so there is no latency."""
    seen = await look(PROBE, environ={"TOKEN": token(900)}, auth=ReadyToken(token_env="TOKEN"))

    assert (seen.state, seen.latency_s, seen.code) == (DependencyState.UP, None, None)


async def test_a_ready_token_that_is_over_is_down(look: Look) -> None:
    """A ready token past its ``exp`` is down."""
    seen = await look(PROBE, environ={"TOKEN": token(-60)}, auth=ReadyToken(token_env="TOKEN"))

    assert (seen.state, seen.code) == (DependencyState.DOWN, "expired")


@pytest.mark.parametrize(("auth", "environ"), [(ReadyToken(token_env="TOKEN"), {"TOKEN": "opaque"}), (NoAuth(), {})])
async def test_where_nobody_was_asked_nothing_can_be_said(look: Look, auth: Any, environ: dict[str, str]) -> None:
    """An opaque ready token, or no auth at all, is no evidence."""
    seen = await look(PROBE, environ=environ, auth=auth)

    assert seen.state is DependencyState.UNKNOWN


async def test_a_missing_secret_is_a_configuration_error(look: Look, site: Any) -> None:
    """A secret that is not in the environment is no observation: nothing was asked."""
    with pytest.raises(CredentialsMissingError, match="E2E_OAUTH_SIMULATION_KEY is not set"):
        await look(PROBE, hosts={"auth": site.url}, auth=BypassKey())
