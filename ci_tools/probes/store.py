"""PostgreSQL or Redis asked directly, where somebody has configured an address for that."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from ci_tools.errors import UsageError
from ci_tools.model import DependencyState
from ci_tools.probes.clients import Clients
from ci_tools.probes.sighting import Seen, Sighting
from ci_tools.questions import StoreProbe

Ask = Callable[[str], Awaitable[str]]


async def ask_directly(probe: StoreProbe, clients: Clients) -> list[Seen]:
    """*Up* with what it says of its own use. Nothing at all where *dsn_env* is not set.

    Raises:
        UsageError: the address has another scheme, or the client library is not installed.
    """
    address = clients.variable(probe.dsn_env)
    if not address:
        return []
    ask = _asking(address, probe)
    return [Seen(probe.dependency, await _asked(ask, address, probe, clients), f"the address in {probe.dsn_env}")]


async def _asked(ask: Ask, address: str, probe: StoreProbe, clients: Clients) -> Sighting:
    patience_s = clients.environment.scaled(probe.timeout_s)
    began_s = time.perf_counter()
    try:
        async with asyncio.timeout(patience_s):
            text = await ask(address)
    except TimeoutError:
        text = f"no answer within {patience_s:g} s"
        return Sighting(state=DependencyState.DOWN, latency_s=patience_s, timed_out=True, text=text)
    except UsageError:
        raise  # a client library that is not installed here says nothing of the store
    except Exception as error:  # noqa: BLE001 - whatever a client library raises is what it saw
        code = getattr(error, "sqlstate", None) or type(error).__name__
        return Sighting(state=DependencyState.DOWN, code=str(code), text=str(error))
    return Sighting(state=DependencyState.UP, latency_s=time.perf_counter() - began_s, text=text)


def _asking(address: str, probe: StoreProbe) -> Ask:
    try:
        scheme = urlsplit(address).scheme
    except ValueError as error:
        raise UsageError(
            f"the address in {probe.dsn_env} is no URL: {error}; probe {probe.name!r} takes "
            "postgresql://USER:PASSWORD@HOST:PORT/NAME or redis://HOST:PORT"
        ) from error
    if scheme in ("postgresql", "postgres"):
        return _ask_postgresql
    if scheme in ("redis", "rediss"):
        return _ask_redis
    raise UsageError(
        f"the address in {probe.dsn_env} has scheme {scheme!r}; probe {probe.name!r} knows postgresql and redis"
    )


async def _ask_postgresql(address: str) -> str:
    try:
        import asyncpg  # noqa: PLC0415 - only who asks directly needs it
    except ImportError as error:
        raise UsageError("asking PostgreSQL directly needs asyncpg; install ci-tools[twin]") from error
    connection = await asyncpg.connect(address)
    try:
        used = await connection.fetchval("SELECT sum(numbackends) FROM pg_stat_database")
        most = await connection.fetchval("SHOW max_connections")
    finally:
        await connection.close()
    return f"{used} of {most} connections in use"


async def _ask_redis(address: str) -> str:
    try:
        import redis.asyncio  # noqa: PLC0415 - only who asks directly needs it
    except ImportError as error:
        raise UsageError("asking Redis directly needs redis; install ci-tools[twin]") from error
    client = redis.asyncio.Redis.from_url(address)
    try:
        await client.ping()
        memory = await client.info("clients")
    finally:
        await client.aclose()
    return f"{memory.get('connected_clients')} of {memory.get('maxclients')} clients connected"
