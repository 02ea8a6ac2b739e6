"""The auth service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from ci_tools.twin.behaviours import Behaviours
from ci_tools.twin.services.application import application
from ci_tools.twin.services.auth import entry, health, oauth, tokeninfo
from ci_tools.twin.services.auth.context import open_auth
from ci_tools.twin.services.configuration import require
from ci_tools.twin.services.storage import HANDLERS
from ci_tools.twin.settings import ServiceSettings


def create_app(settings: ServiceSettings, behaviours: Behaviours) -> Starlette:
    """The auth service of *settings*.

    Raises:
        SystemExit: Status 3: the configuration does not suffice to start.
    """
    require(settings)
    auth = open_auth(settings, behaviours)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await auth.close()

    routes = [*entry.routes, *tokeninfo.routes, *oauth.routes, *health.routes]
    app = application(routes, settings, lifespan=lifespan, handlers=HANDLERS)
    app.state.auth = auth
    app.state.identity = auth.identity
    return app
