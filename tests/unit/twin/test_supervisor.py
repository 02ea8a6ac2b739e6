"""A whole twin inside the test's own process."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ci_tools.errors import UsageError
from ci_tools.twin.faults import parse_fault
from ci_tools.twin.settings import ServiceSettings
from ci_tools.twin.supervisor import Supervisor


@pytest.fixture(scope="module")
async def folder() -> AsyncIterator[Path]:
    """A folder with a path short enough for UNIX sockets."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="t") as path:
        yield Path(path)


@pytest.fixture(scope="module")
async def supervisor(folder: Path) -> AsyncIterator[Supervisor]:
    """A healthy twin."""
    running = Supervisor(folder, time_scale=0.1)
    await running.start()
    yield running
    await running.stop()


def document(folder: Path, name: str) -> ServiceSettings:
    """What the service *name* is told."""
    return ServiceSettings.read(folder / f"{name}.json")


async def test_faults_combine_and_switching_off_restores(supervisor: Supervisor, folder: Path) -> None:
    """Two faults hold at once; each can be switched off alone, and then all is as it was."""
    before = document(folder, "auth")
    await supervisor.switch(parse_fault("jwt_expired"), on=True)
    await supervisor.switch(parse_fault("redis_down"), on=True)
    both = supervisor.status()
    expired = document(folder, "auth").durations.access_token_s
    await supervisor.switch(parse_fault("jwt_expired"), on=False)
    await supervisor.switch(parse_fault("redis_down"), on=False)
    healthy = supervisor.status()

    assert both["faults"] == ["jwt_expired", "redis_down"]
    assert both["proxies"]["redis"] == "refuse"
    assert both["services"]["auth"]["state"] == "healthy"
    assert expired == -60.0
    assert healthy["faults"] == []
    assert set(healthy["proxies"].values()) == {"pass"}
    assert document(folder, "auth") == before


async def test_a_behaviour_fault_restarts_nothing(supervisor: Supervisor, folder: Path) -> None:
    """A scoped behaviour is in the backend's document at once."""
    await supervisor.switch(parse_fault("agent_silent@session=s1"), on=True)
    during = document(folder, "backend").behaviours
    await supervisor.switch(parse_fault("agent_silent@session=s1"), on=False)

    assert [(each.point, each.session) for each in during] == [("websocket.route", "s1")]
    assert document(folder, "backend").behaviours == ()


async def test_switching_twice_is_switching_once(supervisor: Supervisor) -> None:
    """A fault that is on stays on once."""
    await supervisor.switch(parse_fault("redis_down"), on=True)
    await supervisor.switch(parse_fault("redis_down"), on=True)
    twice = supervisor.status()["faults"]
    await supervisor.switch(parse_fault("redis_down"), on=False)

    assert twice == ["redis_down"]


async def test_another_number_replaces_the_first(supervisor: Supervisor) -> None:
    """A fault is on with one number, the last that was given, and off whatever its number was."""
    await supervisor.switch(parse_fault("event_loop_blocked:1"), on=True)
    await supervisor.switch(parse_fault("event_loop_blocked:2"), on=True)
    second = supervisor.status()["faults"]
    await supervisor.switch(parse_fault("event_loop_blocked"), on=False)

    assert second == ["event_loop_blocked:2"]
    assert supervisor.status()["faults"] == []


async def test_a_fault_that_cannot_be_on_too_changes_nothing(supervisor: Supervisor) -> None:
    """It is refused, and the one that is on stays on."""
    await supervisor.switch(parse_fault("redis_down"), on=True)
    with pytest.raises(UsageError, match="cannot be on together"):
        await supervisor.switch(parse_fault("network_route"), on=True)
    during = supervisor.status()
    await supervisor.switch(parse_fault("redis_down"), on=False)

    assert during["faults"] == ["redis_down"]
    assert (during["proxies"]["redis"], during["proxies"]["postgresql"]) == ("refuse", "pass")


async def test_an_unknown_question_is_refused(supervisor: Supervisor) -> None:
    """The answer says what may be asked."""
    with pytest.raises(UsageError, match="allowed: status, catalogue, switch"):
        await supervisor._answer({"ask": "everything"})


async def test_the_catalogue_can_be_asked_for(supervisor: Supervisor) -> None:
    """A running twin says which faults it knows."""
    assert "redis_down" in str(await supervisor._answer({"ask": "catalogue"}))
