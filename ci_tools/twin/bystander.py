"""Another program on the twin's PostgreSQL, which takes every connection there is and gives none back."""

import asyncio
from pathlib import Path
from typing import Any

from ci_tools.errors import TwinError, UsageError
from ci_tools.twin.postgresql import PostgreSql

APPLICATION = "nightly-export"
_VICTIMS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ANY($1)"
_SERVICES = ["backend", "auth"]
_AT_ONCE = 8
_MOST_ROUNDS = 20
_CONNECT_S = 10.0
_BETWEEN_LOOKS_S = 0.02
_MOST_LOOKS = 250


class Bystander:
    """Holds nothing, or all that the server allows; it never holds more than that, and ends with the twin."""

    def __init__(self, postgresql: PostgreSql) -> None:
        self._postgresql = postgresql
        self._held: list[Any] = []

    @property
    def held(self) -> int:
        """How many connections it has."""
        return len(self._held)

    async def switch(self, *, greedy: bool) -> None:
        """It has every connection that is not reserved, the services' own too; or none, and they can connect again."""
        if greedy and not self._held:
            await self._take_all()
        elif not greedy and self._held:
            await self.give_back()

    async def give_back(self) -> None:
        """Nothing is held, and the server has noticed."""
        held, self._held = self._held, []
        await asyncio.gather(*(connection.close(timeout=_CONNECT_S) for connection in held), return_exceptions=True)
        for _ in range(_MOST_LOOKS):
            if connection := await self._connected():
                await connection.close()
                return
            await asyncio.sleep(_BETWEEN_LOOKS_S)

    def refuse_to_be_greedy_elsewhere(self) -> None:
        """The server is the twin's own.

        Raises:
            UsageError: It is a person's, whom taking all connections would lock out.
        """
        if self._postgresql.child is None:
            raise UsageError(
                "the server of TWIN_POSTGRES_DSN is your own, and a fault that takes all its connections would lock "
                "you out; unset TWIN_POSTGRES_DSN to use this fault"
            )

    async def _take_all(self) -> None:
        for _ in range(_MOST_ROUNDS):
            await self._take_what_is_free()
            # The services' pools keep theirs: only recycled ones, as every pool has them, meet the limit.
            if not (self._held and await self._held[0].fetch(_VICTIMS, _SERVICES)):
                return
        raise TwinError(f"PostgreSQL's connections were not taken within {_MOST_ROUNDS} rounds; look at its log")

    async def _take_what_is_free(self) -> None:
        while True:
            taken = await asyncio.gather(*(self._connected() for _ in range(_AT_ONCE)))
            self._held += [connection for connection in taken if connection is not None]
            if None in taken:
                return

    async def _connected(self) -> Any:
        """A connection, or None where the server has none left."""
        import asyncpg  # noqa: PLC0415  an optional extra, and slow to import

        address = self._postgresql.address
        assert isinstance(address, Path)
        try:
            return await asyncpg.connect(
                host=str(address.parent),
                user=self._postgresql.user,
                password=self._postgresql.password,
                database=self._postgresql.database,
                timeout=_CONNECT_S,
                server_settings={"application_name": APPLICATION},
            )
        except asyncpg.TooManyConnectionsError:
            return None
        except (OSError, asyncpg.PostgresError) as error:
            raise TwinError(f"PostgreSQL did not answer its own bystander: {error}; look at its log") from error
