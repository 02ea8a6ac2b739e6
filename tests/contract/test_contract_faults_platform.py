"""Faults of capacity and of the platform: each on its real path, and gone when switched off."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest

from ci_tools.twin.handle import Twin
from tests.contract.checks import check_answered
from tests.contract.client import Deployed, User
from tests.contract.patience import eventually
from tests.contract.schemas import API_READY, THREAD

CONTENT = "Describe 10, 20, 30 and 40."
NO_INSTANCE = "The request was aborted because there was no available instance."
BROKEN_OFF = (
    "The request failed because either the HTTP response was malformed or connection to the instance had an error."
)
UNAVAILABLE = "The service is unavailable."
MOST_RUNS = 20
DESTINATIONS = ("redis", "postgresql")
Switched = Callable[..., AbstractContextManager[None]]


async def checks(api: httpx.AsyncClient) -> dict[str, Any]:
    """What the per-dependency probe measures now."""
    body = check_answered(await api.get("/api/health/ready", params={"force": "true"}), API_READY)
    found: dict[str, Any] = body["checks"]
    return found


async def execute(api: httpx.AsyncClient, user: User) -> httpx.Response:
    """The answer to one run of the data agent."""
    return await api.post("/api/agents/execute", headers=user.bearer, json={"type": "data", "message": CONTENT})


async def until_killed(api: httpx.AsyncClient, user: User) -> tuple[int, str]:
    """How many runs succeeded before one did not, and in what words."""
    for succeeded in range(MOST_RUNS):
        try:
            answer = await execute(api, user)
        except httpx.RemoteProtocolError as error:
            return succeeded, str(error)
        if answer.status_code != 200:
            return succeeded, answer.text
    return MOST_RUNS, ""


async def until_healthy(client: httpx.AsyncClient, within_s: float = 8.0) -> list[httpx.Response]:
    """Every answer of /health up to the first 200."""
    deadline = time.monotonic() + within_s
    answers = [await client.get("/health")]
    while answers[-1].status_code != 200 and time.monotonic() < deadline:
        answers.append(await client.get("/health"))
    return answers


async def test_a_bystander_leaves_no_connection(
    api: httpx.AsyncClient, auth: httpx.AsyncClient, switched: Switched, user: User
) -> None:
    """Fault connections_exhausted: PostgreSQL's own text from both services, at once; connections are there after."""

    async def is_refused() -> bool:
        return (await checks(api))["postgresql"]["connected"] is False

    with switched("connections_exhausted"):
        assert await eventually(is_refused, within_s=8.0)
        during = await checks(api)
        other = check_answered(await auth.get("/health/ready"), {}, 503)
        pool = check_answered(await api.get("/api/monitoring/pool-status", headers=user.bearer), {})
    after = await checks(api)

    words = "remaining connection slots are reserved for roles with the SUPERUSER attribute"
    assert during["postgresql"]["error"] == words
    assert during["postgresql"]["response_time_ms"] < 400
    assert other["checks"]["postgresql"]["error"] == words
    assert pool["pool"]["in_use"] < pool["pool"]["limit"]
    assert during["redis"]["connected"] is True
    assert after["postgresql"]["connected"] is True


async def test_a_narrow_passage_shows_under_load_only(api: httpx.AsyncClient, switched: Switched, user: User) -> None:
    """Fault connector_exhausted: quiet, all is well; under load several destinations are slow; it drains by itself."""

    async def is_well() -> bool:
        found = await checks(api)
        return all(found[name]["connected"] and found[name]["response_time_ms"] < 200 for name in DESTINATIONS)

    with switched("connector_exhausted"):
        quiet = [await is_well() for _ in range(5)][-1]
        load = [asyncio.ensure_future(execute(api, user)) for _ in range(40)]
        during = [await checks(api) for _ in range(5)]
        await asyncio.gather(*load)
        drained = await eventually(is_well, within_s=8.0)

    assert quiet
    assert [max(found[name]["response_time_ms"] for found in during) > 300 for name in DESTINATIONS] == [True, True]
    assert drained


async def test_the_first_requests_meet_no_instance(
    api: httpx.AsyncClient, auth: httpx.AsyncClient, switched: Switched, user: User
) -> None:
    """Fault cold_start: 500 in Cloud Run's words until an instance has started; then all works, auth all the time."""
    with switched("cold_start"):
        answers = await until_healthy(api)
        other = await auth.get("/health")
        warm = await api.get("/api/threads", headers=user.bearer)
    after = await api.get("/health")

    assert (answers[0].status_code, NO_INSTANCE in answers[0].text) == (500, True)
    assert {answer.status_code for answer in answers[:-1]} <= {500, 503}
    assert (answers[-1].status_code, other.status_code, after.status_code) == (200, 200, 200)
    check_answered(warm, {})


async def test_an_idle_service_has_no_instance_again(twin: Twin, api: httpx.AsyncClient, switched: Switched) -> None:
    """Fault cold_start: after 10 s without a request, scaled, the next request is the first again."""

    async def is_idle() -> bool:
        return bool(twin.status()["services"]["backend"]["state"] == "stopped")

    with switched("cold_start"):
        first = await until_healthy(api)
        idle = await eventually(is_idle, within_s=10.0)
        second = await api.get("/health")
    after = await api.get("/health")

    assert (first[-1].status_code, idle) == (200, True)
    assert (second.status_code, NO_INSTANCE in second.text) == (500, True)
    assert after.status_code == 200


async def test_a_certificate_lacks_one_host(deployed: Deployed, switched: Switched) -> None:
    """Fault tls_domain: OpenSSL refuses the frontend's name before any HTTP; other hosts are served; healed after."""
    with switched("tls_domain"):
        async with deployed.http("app") as frontend, deployed.http("api") as backend:
            with pytest.raises(httpx.ConnectError) as refused:
                await frontend.get("/api/health")
            other = await backend.get("/health")
    async with deployed.http("app") as frontend:
        after = await frontend.get("/api/health")

    assert "CERTIFICATE_VERIFY_FAILED" in str(refused.value)
    assert "Hostname mismatch, certificate is not valid for 'app.twin.localhost'" in str(refused.value)
    assert (other.status_code, after.status_code) == (200, 200)


async def test_a_leak_exceeds_the_memory_limit(
    api: httpx.AsyncClient, auth: httpx.AsyncClient, switched: Switched, user: User
) -> None:
    """Fault out_of_memory: runs succeed, then the instance is killed; the next knows why, and has the data."""
    thread = check_answered(await api.post("/api/threads", headers=user.bearer, json={"title": "kept"}), THREAD, 201)
    with switched("out_of_memory"):
        succeeded, ended = await until_killed(api, user)
        restarted = await until_healthy(api)
        recent = check_answered(await api.get("/api/monitoring/errors", headers=user.bearer), {})["data"]
        other = await auth.get("/health")
    after = await api.get(f"/api/threads/{thread['id']}", headers=user.bearer)

    platform = [entry["message"] for entry in recent if entry["source"] == "platform"]
    assert 1 <= succeeded < MOST_RUNS
    # The platform looks at intervals: the instance is killed in a run, between two, or while it answers.
    assert any(words in ended for words in (BROKEN_OFF, UNAVAILABLE, "peer closed connection"))
    assert (restarted[-1].status_code, other.status_code) == (200, 200)
    assert platform
    assert platform[0].startswith("Memory limit of 192 MiB exceeded with ")
    assert check_answered(after, THREAD)["title"] == "kept"
