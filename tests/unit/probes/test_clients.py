import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from ci_tools.model import BypassKey
from ci_tools.probes.clients import NoCredentialsError

ENVIRON = {"E2E_OAUTH_SIMULATION_KEY": "bypass-key-of-nobody"}
DOOR = "/auth/e2e/test-auth"


def granted() -> dict[str, Any]:
    """Answer of the auth service that grants a fresh token."""
    now = time.time()
    token = jwt.encode({"sub": "u-1", "iat": now, "exp": now + 900}, "k" * 32)
    return {"access_token": token, "user": {"id": "u-1", "email": "e"}}


async def test_one_client_serves_one_patience(clients: Callable[..., Any]) -> None:
    """Probes of equal patience share a client, and its connections."""
    async with clients({}) as opened:
        assert opened.patient(5.0) is opened.patient(5.0)
        assert opened.patient(5.0) is not opened.patient(6.0)


async def test_a_clients_patience_is_the_probes(clients: Callable[..., Any]) -> None:
    """A client waits as long as its probe says, whatever the environment's patience is."""
    async with clients({}) as opened:
        timeouts = opened.patient(5.0).environment.timeouts

    assert (timeouts.connect_s, timeouts.general_s) == (5.0, 5.0)


async def test_all_clients_belong_to_one_session(clients: Callable[..., Any]) -> None:
    """Every client carries the same ``X-Test-Session``."""
    async with clients({}) as opened:
        assert opened.patient(5.0).session == opened.patient(6.0).session


async def test_the_session_is_the_campaigns(clients: Callable[..., Any]) -> None:
    """A session that a campaign handed over is carried."""
    async with clients({}, {"CAMPAIGN_TEST_SESSION": "c-17"}) as opened:
        assert opened.patient(5.0).session == "c-17"


async def test_authenticated_probes_share_one_user(clients: Callable[..., Any], site: Any) -> None:
    """Credentials are asked for once."""
    site.set(DOOR, granted())

    async with clients({"auth": site.url}, ENVIRON, auth=BypassKey()) as opened:
        first, second = await opened.bearer(2.0), await opened.bearer(2.0)

    assert first == second
    assert len(site.requests) == 1


async def test_credentials_are_asked_for_again_after_a_failure(clients: Callable[..., Any], site: Any) -> None:
    """A failure of the auth service does not outlast it."""
    site.set(DOOR, {}, status=503)

    async with clients({"auth": site.url}, ENVIRON, auth=BypassKey()) as opened:
        with pytest.raises(NoCredentialsError, match="answered 503"):
            await opened.bearer(2.0)
        site.set(DOOR, granted())
        bearer = await opened.bearer(2.0)

    assert bearer


async def test_the_redactor_knows_the_environments_secrets(clients: Callable[..., Any]) -> None:
    """The secret that the auth strategy names is masked, however it is called."""
    environ = {"DOOR_OPENER": "a-value-like-any"}

    async with clients({}, environ, auth=BypassKey(key_env="DOOR_OPENER")) as opened:
        masked = opened.redactor.text("it is a-value-like-any.")

    assert masked == "it is [redacted]."
