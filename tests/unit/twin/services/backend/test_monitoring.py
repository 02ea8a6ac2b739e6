import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from ci_tools.twin.behaviours import Behaviours
from ci_tools.twin.services.backend.context import Backend, open_backend
from ci_tools.twin.services.backend.monitoring import alerts
from ci_tools.twin.services.health import Board


@pytest.fixture
async def backend(settings_of: Callable[..., Any], tmp_path: Path) -> AsyncIterator[Backend]:
    """A backend that has not connected to anything."""
    opened = open_backend(settings_of("backend"), Behaviours(tmp_path / "settings.json"))
    yield opened
    await opened.close()


async def _refuses() -> None:
    raise ConnectionRefusedError("nobody listens")


async def test_nothing_wrong_is_no_alert(backend: Backend) -> None:
    """An idle backend alerts nobody."""
    assert alerts(backend, time.monotonic()) == []


async def test_a_failing_dependency_is_an_alert(backend: Backend) -> None:
    """What health saw failing is alerted in the words of its client."""
    backend.board = Board({"redis": _refuses}, timeout_s=5.0, cache_s=60.0)
    await backend.board.read()

    assert alerts(backend, time.monotonic()) == [
        {"name": "redis_unavailable", "severity": "critical", "message": "nobody listens"}
    ]


async def test_an_open_breaker_is_an_alert(backend: Backend) -> None:
    """A breaker that is open or half open is alerted, one with few failures is not."""
    for name, failures in (("redis", 3), ("llm", 2)):
        for _ in range(failures):
            backend.breakers[name].failed(now=100.0)

    assert [alert["name"] for alert in alerts(backend, now=100.1)] == ["redis_breaker_open"]
