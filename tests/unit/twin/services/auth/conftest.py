"""A client of an auth service that nobody answers: what works without PostgreSQL and Redis."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ci_tools.twin.behaviours import Behaviours
from ci_tools.twin.services.auth.app import create_app


@pytest.fixture
def auth_of(
    settings_of: Callable[..., Any], client_of: Callable[..., Any], tmp_path: Path, cache: Any
) -> Callable[..., AbstractAsyncContextManager[Any]]:
    """A client of an auth service in an environment with these changes; its cache is in memory."""

    @asynccontextmanager
    async def open_client(*, environment: str = "twin", **changed: str | None) -> AsyncIterator[Any]:
        settings = settings_of("auth", changed)
        identity = settings.identity.model_copy(update={"environment": environment})
        settings = settings.model_copy(update={"identity": identity})
        document = tmp_path / "settings.json"
        document.write_text(settings.model_dump_json(), encoding="utf-8")
        app = create_app(settings, Behaviours(document))
        app.state.auth.identity.cache = cache
        async with client_of(app) as client:
            yield client
        await app.state.auth.close()

    return open_client
