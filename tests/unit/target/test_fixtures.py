from typing import Any

import pytest

from ci_tools.model import Environment
from ci_tools.target.evidence import EVIDENCE_KEY
from ci_tools.target.fixtures import Eventually, auth, backend, eventually, evidence, frontend, patience_s, websocket
from ci_tools.target.http import HttpClient
from ci_tools.target.service import Service

__all__ = ["auth", "backend", "eventually", "evidence", "frontend", "patience_s", "websocket"]


@pytest.fixture
def environment(client: HttpClient) -> Environment:
    """The environment of the client."""
    return client.environment


async def test_evidence_stands_where_the_campaign_finds_it(
    request: pytest.FixtureRequest, backend: Service, server: Any
) -> None:
    """What a service of this test exchanged is on the test's own stash."""
    await backend.get("/health")

    told = request.node.stash[EVIDENCE_KEY].as_dict()
    assert [exchange["url"] for exchange in told["exchanges"]] == [f"http://one.test:{server.port}/health"]


async def test_services_speak_to_their_host_as_nobody(
    backend: Service, auth: Service, frontend: Service, server: Any
) -> None:
    """Each service is bound to the host of its name, without a token."""
    await auth.get("/auth/me")

    assert [service.host for service in (backend, auth, frontend)] == ["backend", "auth", "frontend"]
    assert "authorization" not in server.asked[0].headers


async def test_websocket_that_is_refused_is_told(websocket: Any) -> None:
    """Opening a socket where none is served fails; nobody sends no token."""
    with pytest.raises(Exception, match="handshake"):
        async with websocket(None):
            pytest.fail("no socket was opened")


async def test_eventually_gives_what_the_probe_saw(eventually: Eventually) -> None:
    """The first true answer of the probe is returned."""
    answers = iter([0, "", "seen", "later"])

    async def probe() -> object:
        return next(answers)

    assert await eventually(probe, within_s=5, what="something is seen") == "seen"


async def test_eventually_names_what_did_not_happen(eventually: Eventually) -> None:
    """A consequence that does not come in time fails the test by name."""

    async def probe() -> bool:
        return False

    with pytest.raises(pytest.fail.Exception, match=r"not within 0\.1 s: the thread is gone"):
        await eventually(probe, within_s=0.1, what="the thread is gone")
