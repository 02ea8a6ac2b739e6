import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from tests.contract.checks import check_answered, check_conforms, check_listed, check_refused
from tests.contract.client import Deployed, SignIn, User
from tests.contract.forgery import claims_of
from tests.contract.runs import ended
from tests.contract.schemas import API_READY, FRAME, HEALTH, MESSAGE, READY, RUN_STARTED, THREAD, WELCOME

CONTENT = "Describe 10, 20, 30 and 40."
SESSION = {"X-Test-Session": "contract-session"}
Switched = Callable[..., AbstractContextManager[None]]


async def checks(api: httpx.AsyncClient) -> dict[str, Any]:
    """What the per-dependency probe measures now."""
    body = check_answered(await api.get("/api/health/ready", params={"force": "true"}), API_READY)
    found: dict[str, Any] = body["checks"]
    return {**found, "status": body["status"]}


async def execute(api: httpx.AsyncClient, user: User, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """The answer of the data agent."""
    answer = await api.post(
        "/api/agents/execute", headers={**user.bearer, **(headers or {})}, json={"type": "data", "message": CONTENT}
    )
    executed: dict[str, Any] = check_answered(answer, {})
    return executed


@pytest.mark.parametrize(
    ("fault", "words"),
    [("redis_down", "Error 111 connecting to"), ("redis_blackhole", "Timeout")],
)
async def test_redis_failure_shows_in_the_probe(
    api: httpx.AsyncClient, switched: Switched, fault: str, words: str
) -> None:
    """The probe tells Redis as not connected in its client's own words, and PostgreSQL as unharmed and fast."""
    before = await checks(api)
    with switched(fault):
        during = await checks(api)
    after = await checks(api)

    assert (before["redis"]["connected"], after["redis"]["connected"]) == (True, True)
    assert during["redis"]["connected"] is False
    assert words in during["redis"]["error"]
    assert during["status"] == "degraded"
    assert during["postgresql"]["connected"] is True
    assert during["postgresql"]["response_time_ms"] < 400


async def test_redis_down_is_told_by_readiness_not_by_liveness(api: httpx.AsyncClient, switched: Switched) -> None:
    """Fault redis_down: /health stays healthy, /health/ready is 503 with redis_db failed; both recover."""
    with switched("redis_down"):
        alive = await api.get("/health")
        ready = await api.get("/health/ready")
    after = await api.get("/health/ready")

    check_answered(alive, HEALTH)
    assert ready.status_code == 503
    assert ready.json()["redis_db"] == "failed"
    assert check_answered(after, READY)["redis_db"] == "connected"


async def test_dropped_packets_are_told_as_a_path(api: httpx.AsyncClient, switched: Switched) -> None:
    """Fault redis_blackhole: readiness suspects the path, and the check takes the connect timeout."""
    with switched("redis_blackhole"):
        ready = await api.get("/health/ready")
        during = await checks(api)

    assert ready.json()["redis_db"] == "vpc_connectivity_degraded"
    assert 400 <= during["redis"]["response_time_ms"] < 1500


async def test_redis_down_stops_what_needs_it(
    api: httpx.AsyncClient, auth: httpx.AsyncClient, switched: Switched, user: User
) -> None:
    """Fault redis_down: a run and a logout are 503 naming Redis; threads still work; all recover."""
    with switched("redis_down"):
        run = await api.post("/api/agent/v2/execute", headers=user.bearer, json={"message": CONTENT})
        logout = await auth.post("/auth/logout", headers=user.bearer)
        threads = await api.get("/api/threads", headers=user.bearer)
    after = await execute(api, user)

    assert check_refused(run, 503)["details"]["dependency"] == "redis"
    assert check_refused(logout, 503)["details"]["dependency"] == "redis"
    assert threads.status_code == 200
    assert after["status"] == "success"


async def test_the_cache_keeps_an_old_answer(api: httpx.AsyncClient, switched: Switched) -> None:
    """Without force the probe may be 30 s old, scaled: it still tells what was before the fault."""
    await checks(api)
    await api.get("/api/health/ready")
    with switched("redis_down"):
        cached = check_answered(await api.get("/api/health/ready"), API_READY)
        forced = await checks(api)

    assert cached["checks"]["redis"]["connected"] is True
    assert forced["redis"]["connected"] is False


async def test_database_down_shows_on_every_path(
    api: httpx.AsyncClient, auth: httpx.AsyncClient, switched: Switched, user: User
) -> None:
    """Fault database_down: probe, readiness, auth health and threads tell it in genuine words; all recover."""
    with switched("database_down"):
        during = await checks(api)
        ready = await api.get("/health/ready")
        signed = await auth.get("/health/ready")
        threads = await api.get("/api/threads", headers=user.bearer)
    after = await checks(api)
    healed = await api.get("/api/threads", headers=user.bearer)

    assert during["postgresql"]["connected"] is False
    assert "111" in during["postgresql"]["error"] or "refused" in during["postgresql"]["error"].lower()
    assert during["redis"]["connected"] is True
    assert ready.status_code == 503
    assert ready.json()["core_db"] != "connected"
    assert signed.json()["database_status"] != "connected"
    assert check_refused(threads, 503)["details"]["dependency"] == "postgresql"
    assert after["postgresql"]["connected"] is True
    assert healed.status_code == 200


async def test_database_slow_is_measured(api: httpx.AsyncClient, switched: Switched) -> None:
    """Fault database_slow: connected, no error, but above the limit of 3 s, scaled; fast again after."""
    with switched("database_slow"):
        during = await checks(api)
    after = await checks(api)

    assert during["postgresql"]["connected"] is True
    assert during["postgresql"]["error"] is None
    assert during["postgresql"]["response_time_ms"] > 300
    assert during["redis"]["response_time_ms"] < 200
    assert after["postgresql"]["response_time_ms"] < 300


async def test_database_faults_leak_no_secret(
    api: httpx.AsyncClient, switched: Switched, user: User, deployed: Deployed
) -> None:
    """What is told of a failed database has no connection string and no key."""
    with switched("database_down"):
        answers = [
            await api.get("/api/threads", headers=user.bearer),
            await api.get("/api/health/ready", params={"force": "true"}),
            await api.get("/health/database"),
        ]

    assert not [answer for answer in answers if "postgresql://" in answer.text or "password" in answer.text.lower()]
    assert not [answer for answer in answers if deployed.bypass_key in answer.text]


async def test_silent_router_swallows_messages(
    deployed: Deployed, api: httpx.AsyncClient, switched: Switched, user: User
) -> None:
    """Fault agent_silent: no event ever comes while ping and HTTP work; the same connection heals."""
    async with deployed.socket(user=user) as socket:
        with switched("agent_silent"):
            await socket.send("user_message", content=CONTENT, agent="data")
            during = await socket.silent(for_s=0.5)
            await socket.send("ping")
            await socket.expect("pong")
            executed = await execute(api, user)
        after = await socket.run(content=CONTENT, agent="data")

    assert [frame for frame in during if frame["type"] != "ack"] == []
    assert executed["status"] == "success"
    assert after.types[-1] == "agent_completed"


async def test_silent_router_strikes_one_session(deployed: Deployed, switched: Switched, user: User) -> None:
    """Fault agent_silent scoped to a session: that session hears nothing, another is served."""
    with switched("agent_silent@session=contract-session"):
        async with deployed.socket(user=user, headers=SESSION) as struck, deployed.socket(user=user) as spared:
            await struck.send("user_message", content=CONTENT, agent="data")
            events = await spared.run(content=CONTENT, agent="data")
            heard = await struck.silent(for_s=0.3)

    assert events.types[-1] == "agent_completed"
    assert heard == []


async def test_refused_model_ends_runs_in_error(
    deployed: Deployed, api: httpx.AsyncClient, switched: Switched, user: User
) -> None:
    """Fault agent_failed: a run starts, ends in agent_error with a message, and is stored as failed."""
    with switched("agent_failed"):
        async with deployed.socket(user=user) as socket:
            events = (await socket.run(content=CONTENT, agent="data")).check()
        run = await ended(api, user, events.run_id)
        executed = await execute(api, user)

    assert events.types[0] == "agent_started"
    assert events.types[-1] == "agent_error"
    assert "agent_completed" not in events.types
    assert events[-1]["data"]["error_message"]
    assert run["status"] == "failed"
    assert (executed["status"], bool(executed["error"])) == ("error", True)


async def test_runs_recover_with_the_model(api: httpx.AsyncClient, switched: Switched, user: User) -> None:
    """When the language model answers again, runs complete at latest after the breaker's pause."""
    with switched("agent_failed"):
        failed = [(await execute(api, user))["status"] for _ in range(4)]
        breakers = await api.get("/api/metrics/circuit_breakers", headers=user.bearer)
    healed = await healed_status(api, user)

    assert failed == ["error"] * 4
    assert '"open"' in breakers.text
    assert healed == "success"


async def healed_status(api: httpx.AsyncClient, user: User, within_s: float = 3.0) -> str:
    """The status of the first execution that succeeds, or of the last within *within_s*."""
    deadline = time.monotonic() + within_s
    status = ""
    while status != "success" and time.monotonic() < deadline:
        status = (await execute(api, user))["status"]
    return status


async def test_mocked_answers_are_mocked(api: httpx.AsyncClient, switched: Switched, user: User) -> None:
    """Fault mocked_answers: the response begins with Mock although the status is success."""
    with switched("mocked_answers"):
        during = await execute(api, user)
    after = await execute(api, user)

    assert during["status"] == "success"
    assert during["response"].startswith("Mock ")
    assert not after["response"].startswith("Mock ")


async def test_mocked_answers_strike_one_session(
    deployed: Deployed, api: httpx.AsyncClient, switched: Switched, user: User
) -> None:
    """Fault mocked_answers scoped to a session: HTTP and WebSocket of that session only are mocked."""
    with switched("mocked_answers@session=contract-session"):
        struck = await execute(api, user, SESSION)
        spared = await execute(api, user)
        other = await execute(api, user, {"X-Test-Session": "another-session"})
        async with deployed.socket(user=user, headers=SESSION) as socket:
            events = await socket.run(content=CONTENT, agent="data")

    assert struck["response"].startswith("Mock ")
    assert not spared["response"].startswith("Mock ")
    assert not other["response"].startswith("Mock ")
    assert "Mock " in str(events.result)


async def test_mocked_runs_leave_nothing(api: httpx.AsyncClient, switched: Switched, user: User) -> None:
    """Fault mocked_answers: no message is written into the thread, so that persistence tells the mock."""
    thread = check_answered(await api.post("/api/threads", headers=user.bearer, json={}), THREAD, 201)["id"]
    with switched("mocked_answers"):
        answer = await api.post(
            "/api/agent/v2/execute", headers=user.bearer, json={"message": CONTENT, "thread_id": thread}
        )
        messages = check_listed(await api.get(f"/api/threads/{thread}/messages", headers=user.bearer), MESSAGE)

    check_answered(answer, RUN_STARTED)
    assert messages == []


async def test_demo_mode_accepts_anyone(deployed: Deployed, switched: Switched, user: User) -> None:
    """Fault websocket_auth_off: who has no token is the demo user, who has one stays; refused again after."""
    with switched("websocket_auth_off"):
        async with deployed.socket() as anonymous, deployed.socket(user=user) as known:
            welcome = check_conforms(check_conforms(anonymous.welcome, FRAME)["data"], WELCOME)
    after = await deployed.handshake()

    assert (welcome["user_id"], welcome["mode"]) == ("demo-user-001", "demo")
    assert known.welcome["data"]["user_id"] == user.user_id
    assert after in (401, 403)


async def handshakes(deployed: Deployed, user: User, count: int, **how: Any) -> list[bool]:
    """Which of *count* connections were welcomed; the others were closed with 1011 or answered 503."""
    return [await welcomed(deployed, user, **how) for _ in range(count)]


async def welcomed(deployed: Deployed, user: User, **how: Any) -> bool:
    """Whether a connection is welcomed; if not, it was not ready."""
    refused_with: object
    try:
        async with deployed.socket(user=user, welcomed=False, **how) as socket:
            refused_with, frames = await socket.first_or_close()
    except InvalidStatus as error:
        refused_with, frames = error.response.status_code, []
    assert frames or refused_with in (503, 1011), refused_with
    return bool(frames)


async def test_half_of_the_handshakes_fail(
    deployed: Deployed, api: httpx.AsyncClient, switched: Switched, user: User
) -> None:
    """Fault websocket_handshake: about half of the handshakes are not ready while HTTP works; none after."""
    with switched("websocket_handshake"):
        during = await handshakes(deployed, user, 40)
        health = await api.get("/health")
    after = await handshakes(deployed, user, 10)

    assert 10 <= sum(during) <= 30
    assert health.status_code == 200
    assert after == [True] * 10


async def test_failing_handshakes_strike_one_session(deployed: Deployed, switched: Switched, user: User) -> None:
    """Fault websocket_handshake scoped to a session: others always get in."""
    with switched("websocket_handshake@session=contract-session"):
        struck = await handshakes(deployed, user, 20, headers=SESSION)
        spared = await handshakes(deployed, user, 10)

    assert False in struck
    assert spared == [True] * 10


async def test_expired_tokens_are_issued_and_refreshed(
    api: httpx.AsyncClient, auth: httpx.AsyncClient, switched: Switched, sign_in: SignIn, user: User
) -> None:
    """Fault jwt_expired: both a new and a refreshed token have expired and are refused; fresh ones after."""
    with switched("jwt_expired"):
        issued = await sign_in()
        refreshed = await auth.post("/auth/refresh", json={"refresh_token": user.refresh_token})
        answer = await api.get("/api/threads", headers=issued.bearer)
        verdict = await auth.get("/auth/verify", headers=issued.bearer)
    after = await sign_in()
    healed = await api.get("/api/threads", headers=after.bearer)

    assert claims_of(issued.access_token)["exp"] < time.time()
    assert claims_of(check_answered(refreshed, {})["access_token"])["exp"] < time.time()
    assert "expired" in check_refused(answer, 401)["message"].lower()
    assert check_answered(verdict, {})["valid"] is False
    assert healed.status_code == 200


async def test_a_stopped_backend_is_503(
    api: httpx.AsyncClient, auth: httpx.AsyncClient, switched: Switched, user: User
) -> None:
    """Fault service_unavailable: every path is 503 from the edge, auth works; back, it has its data still."""
    created = await api.post("/api/threads", headers=user.bearer, json={"title": "kept"})
    with switched("service_unavailable"):
        answers = [await api.get(path, headers=user.bearer) for path in ("/health", "/api/threads", "/nowhere")]
        other = await auth.get("/health")
    threads = check_listed(await api.get("/api/threads", headers=user.bearer), THREAD)

    assert [answer.status_code for answer in answers] == [503] * 3
    assert other.status_code == 200
    assert threads == [created.json()]
