"""One host of the deployed system, asked as one user and on behalf of one test."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Unpack

from ci_tools.model import Environment
from ci_tools.target.evidence import Evidence
from ci_tools.target.http import Answer, Ask, HttpClient
from ci_tools.target.stream import ServerEvent, server_sent_events

Bearer = Callable[[], Awaitable[str | None]]
"""A token that is valid now; asked again before every request."""


class Service:
    """Asks *host* with *bearer*'s identity; everything it does is in *evidence*."""

    def __init__(
        self,
        client: HttpClient,
        host: str,
        *,
        bearer: Bearer | None = None,
        evidence: Evidence | None = None,
        patience_s: float | None = None,
    ) -> None:
        """*patience_s* (unscaled) is for requests that do not say their own; None: the environment's general one."""
        self.client = client
        self.host = host
        self._bearer = bearer
        self._evidence = evidence
        self._patience_s = patience_s

    @property
    def environment(self) -> Environment:
        """The environment that *host* belongs to."""
        return self.client.environment

    def acting_as(self, bearer: Bearer | None) -> "Service":
        """The same host, asked with another identity; None asks as nobody."""
        return Service(self.client, self.host, bearer=bearer, evidence=self._evidence, patience_s=self._patience_s)

    async def request(self, method: str, path: str, **ask: Unpack[Ask]) -> Answer:
        """Ask once; a *bearer* given here wins over the service's own."""
        return await self.client.request(self.host, method, path, **await self._completed(ask))

    async def get(self, path: str, **ask: Unpack[Ask]) -> Answer:
        """GET *path*."""
        return await self.request("GET", path, **ask)

    async def post(self, path: str, **ask: Unpack[Ask]) -> Answer:
        """POST to *path*."""
        return await self.request("POST", path, **ask)

    async def put(self, path: str, **ask: Unpack[Ask]) -> Answer:
        """PUT to *path*."""
        return await self.request("PUT", path, **ask)

    async def patch(self, path: str, **ask: Unpack[Ask]) -> Answer:
        """PATCH *path*."""
        return await self.request("PATCH", path, **ask)

    async def delete(self, path: str, **ask: Unpack[Ask]) -> Answer:
        """DELETE *path*."""
        return await self.request("DELETE", path, **ask)

    async def options(self, path: str, **ask: Unpack[Ask]) -> Answer:
        """OPTIONS of *path*."""
        return await self.request("OPTIONS", path, **ask)

    @asynccontextmanager
    async def events(self, path: str, **ask: Unpack[Ask]) -> AsyncIterator[AsyncIterator[ServerEvent]]:
        """POST to *path* and read the answer as server-sent events with JSON data."""
        async with self.client.stream(self.host, "POST", path, **await self._completed(ask)) as response:
            yield server_sent_events(response)

    async def _completed(self, ask: Ask) -> Ask:
        completed: Ask = {"evidence": self._evidence, **ask}
        if self._patience_s is not None:
            completed.setdefault("timeout_s", self._patience_s)
        if "bearer" not in ask and self._bearer is not None:
            completed["bearer"] = await self._bearer()
        return completed
