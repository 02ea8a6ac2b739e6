from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from ci_tools.twin.behaviours import Behaviours
from ci_tools.twin.services.backend.app import create_app


@pytest.fixture
async def starting(
    settings_of: Callable[..., Any], client_of: Callable[..., Any], tmp_path: Path
) -> AsyncIterator[Any]:
    """A client of a backend whose start does not go on: nobody runs its lifespan."""
    settings, document = settings_of("backend"), tmp_path / "settings.json"
    document.write_text(settings.model_dump_json(), encoding="utf-8")
    app = create_app(settings, Behaviours(document))
    async with client_of(app) as client:
        yield client
    await app.state.backend.close()


async def test_a_starting_backend_says_its_phase(starting: Any) -> None:
    """Health of a backend that starts is 503 and names the phase."""
    answer = await starting.get("/health")
    told = answer.json()

    assert (answer.status_code, told["status"], told["startup_in_progress"]) == (503, "unhealthy", True)
    assert (told["details"]["phase"], told["details"]["error"]) == ("INIT", None)


async def test_a_starting_backend_lives(starting: Any) -> None:
    """Liveness does not wait for the start."""
    assert (await starting.get("/health/live")).status_code == 200


@pytest.mark.parametrize("path", ["/health/ready", "/health/startup", "/api/health/ready?force=true"])
async def test_a_starting_backend_is_not_ready(starting: Any, path: str) -> None:
    """No readiness is claimed before the start is complete."""
    assert (await starting.get(path)).status_code == 503


async def test_a_starting_backend_serves_nothing_else(starting: Any) -> None:
    """Other endpoints are 503 in the envelope, with a time to come back."""
    answer = await starting.get("/api/threads")

    assert (answer.status_code, answer.json()["error_code"]) == (503, "SERVICE_STARTING")
    assert answer.headers["retry-after"] == "1"


async def test_a_started_backend_is_healthy(starting: Any) -> None:
    """After the start, health is 200 with the build's version."""
    starting._transport.app.state.backend.startup.complete = True
    told = (await starting.get("/health")).json()

    assert (told["status"], told["version"]) == ("healthy", "1.2.3")


async def test_what_is_configured_is_told_without_values(starting: Any, env: dict[str, str]) -> None:
    """The facts of the configuration are public and contain no value."""
    starting._transport.app.state.backend.startup.complete = True
    answer = await starting.get("/api/config/validate")

    assert {"name", "present", "length_ok", "has_whitespace", "is_placeholder"} == set(answer.json()["variables"][0])
    assert [value for value in env.values() if value in answer.text] == []


async def test_a_backend_says_which_build_it_is(starting: Any) -> None:
    """Sha, revision and environment are told."""
    starting._transport.app.state.backend.startup.complete = True
    told = (await starting.get("/api/system/info")).json()

    assert (told["sha"], told["revision"], told["environment"]) == ("a" * 40, "twin-1", "twin")


def test_a_backend_without_secret_does_not_start(settings_of: Callable[..., Any], tmp_path: Path) -> None:
    """Without a signing secret there is no backend: the process ends with 3."""
    with pytest.raises(SystemExit) as stopped:
        create_app(settings_of("backend", {"JWT_SECRET_STAGING": None}), Behaviours(tmp_path / "s.json"))

    assert stopped.value.code == 3
