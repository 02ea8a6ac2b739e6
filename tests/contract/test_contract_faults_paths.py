"""Faults on the way to dependencies: names, routes, capacity; each on its real path, and gone when switched off."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import httpx

from tests.contract.checks import check_answered, check_refused
from tests.contract.client import User
from tests.contract.schemas import API_READY

Switched = Callable[..., AbstractContextManager[None]]


async def checks(api: httpx.AsyncClient) -> dict[str, Any]:
    """What the per-dependency probe measures now."""
    body = check_answered(await api.get("/api/health/ready", params={"force": "true"}), API_READY)
    found: dict[str, Any] = body["checks"]
    return found


async def behind(api: httpx.AsyncClient) -> dict[str, Any]:
    """What is told of every dependency, the language model too."""
    found: dict[str, Any] = check_answered(await api.get("/api/system/dependencies/status"), {})["dependencies"]
    return found


async def test_names_do_not_resolve_and_addresses_do(
    api: httpx.AsyncClient, auth: httpx.AsyncClient, switched: Switched
) -> None:
    """Fault name_resolution: -3 for every name, in both services, at once; Redis, an address, is reached."""
    with switched("name_resolution"):
        during = await behind(api)
        other = check_answered(await auth.get("/health/ready"), {}, 503)
    after = await behind(api)

    words = "[Errno -3] Temporary failure in name resolution"
    assert (during["postgresql"]["error"], during["llm"]["error"]) == (words, words)
    assert during["postgresql"]["response_time_ms"] < 400
    assert (during["redis"]["connected"], other["redis_status"]) == (True, "connected")
    assert other["checks"]["postgresql"]["error"] == words
    assert [after[name]["connected"] for name in ("postgresql", "redis", "llm")] == [True] * 3


async def test_private_addresses_are_dropped_and_public_ones_reached(
    api: httpx.AsyncClient, auth: httpx.AsyncClient, switched: Switched
) -> None:
    """Fault network_route: both private dependencies time out from both services, the language model answers."""
    with switched("network_route"):
        await behind(api)
        during = await behind(api)
        other = check_answered(await auth.get("/health/ready"), {}, 503)
    after = await behind(api)

    assert during["redis"]["error"] == "Timeout connecting to server"
    assert during["postgresql"]["error"] == "TimeoutError"
    assert during["llm"]["connected"] is True
    assert (other["redis_status"], other["database_status"]) == ("disconnected", "disconnected")
    assert [after[name]["connected"] for name in ("postgresql", "redis")] == [True] * 2


async def test_a_synchronous_client_delays_all_checks_alike(api: httpx.AsyncClient, switched: Switched) -> None:
    """Fault event_loop_blocked: PostgreSQL and Redis gain the same seconds, ClickHouse, started last, none."""
    with switched("event_loop_blocked:4", "clickhouse_down"):
        during = await checks(api)
    after = await checks(api)

    assert (during["postgresql"]["connected"], during["redis"]["connected"]) == (True, True)
    assert 400 <= during["redis"]["response_time_ms"] < 800
    assert abs(during["postgresql"]["response_time_ms"] - during["redis"]["response_time_ms"]) < 150
    assert during["clickhouse"]["response_time_ms"] < 200
    assert after["postgresql"]["response_time_ms"] < 300


async def test_a_leak_empties_the_pool(
    api: httpx.AsyncClient, auth: httpx.AsyncClient, switched: Switched, user: User
) -> None:
    """Fault pool_exhausted: well at first; soon SQLAlchemy's own text, after its timeout, while auth is served."""
    with switched("pool_exhausted"):
        first = await api.get("/api/threads", headers=user.bearer)
        for _ in range(2):
            await api.get("/api/threads", headers=user.bearer)
        refused = await api.get("/api/threads", headers=user.bearer)
        during = await checks(api)
        pool = check_answered(await api.get("/api/monitoring/pool-status", headers=user.bearer), {})
        other = check_answered(await auth.get("/health/ready"), {})
    after = await api.get("/api/threads", headers=user.bearer)

    words = "QueuePool limit of size 2 overflow 1 reached, connection timed out, timeout 0.50"
    assert first.status_code == 200
    assert words in check_refused(refused, 503)["details"]["error"]
    assert words in during["postgresql"]["error"]
    assert (pool["status"], pool["pool"]["in_use"], pool["pool"]["used_share"]) == ("warning", 3, 1.0)
    assert other["checks"]["postgresql"]["response_time_ms"] < 400
    assert after.status_code == 200
