from collections.abc import Callable
from pathlib import Path
from typing import Any

from ci_tools.twin.behaviours import Behaviours
from ci_tools.twin.services.frontend.app import create_app


async def test_the_page_leads_to_the_sign_in(
    settings_of: Callable[..., Any], client_of: Callable[..., Any], tmp_path: Path
) -> None:
    """The page is HTML and links to the auth service as users see it."""
    app = create_app(settings_of("frontend"), Behaviours(tmp_path / "settings.json"))
    async with client_of(app) as client:
        answer = await client.get("/")

    assert answer.headers["content-type"].startswith("text/html")
    assert 'href="https://auth.twin.localhost:1/auth/login?provider=google"' in answer.text


async def test_health_tells_the_build(
    settings_of: Callable[..., Any], client_of: Callable[..., Any], tmp_path: Path
) -> None:
    """The health of the frontend has the fields of the contract."""
    app = create_app(settings_of("frontend"), Behaviours(tmp_path / "settings.json"))
    async with client_of(app) as client:
        told = (await client.get("/api/health")).json()

    assert {"status", "service", "version", "environment", "uptime", "memory"} <= set(told)
    assert (told["status"], told["service"], told["version"]) == ("healthy", "frontend", "1.2.3")
