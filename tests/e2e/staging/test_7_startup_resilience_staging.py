"""A service that says it has started serves everybody from the first request on, as seen from outside."""

import asyncio

import pytest

from ci_tools.target.answers import accepted, mocked, rows
from ci_tools.target.fixtures import OpenSocket, User
from ci_tools.target.service import Service
from tests.e2e.connections import pinged, welcomed
from tests.e2e.customers import Customers, token_of
from tests.e2e.health import good
from tests.e2e.questions import costs, tells
from tests.e2e.run_events import result_of
from tests.e2e.runs import executed, started
from tests.e2e.threads import thread_id, thread_of

AGENTS = pytest.mark.requires("websocket", "agents")
STARTED = ("database", "redis", "websocket", "startup_module")
FIRST_LOGINS = 5
ASKED_AT_ONCE = 5
USABLE = {"healthy", "skipped_optional", "disabled_optional"}
"""Of a dependency in ``checks``: it works, or this environment does without it."""


@pytest.mark.requires("websocket")
async def test_declared_startup_is_real(user: User, backend: Service, websocket: OpenSocket) -> None:
    """Start-up is over at every door that tells of it, and a new user is served by each part that it declares ready."""
    health = accepted(await backend.get("/health"))
    startup = accepted(await backend.get("/health/startup"))
    async with thread_of(user, "first thread") as thread, welcomed(websocket, user):
        stored = accepted(await user.backend.get(thread))
        run = await started(user, costs(100), thread_id=thread_id(thread))
        found = accepted(await user.backend.get(f"/api/agent/{run['run_id']}/status"))

    assert (health["status"], health.get("startup_in_progress", False)) == ("healthy", False)
    assert startup["status"] == "ready"
    assert {part: good(startup["checks"][part]) for part in STARTED} == dict.fromkeys(STARTED, True)
    assert stored["title"] == "first thread"
    assert (found["run_id"], found["user_id"]) == (run["run_id"], user.user_id)


async def test_first_logins_at_the_same_time(customers: Customers) -> None:
    """People who sign up and in at the same moment are each themselves everywhere, in a session of their own."""
    accounts = [customers.new_account() for _ in range(FIRST_LOGINS)]

    registered = await asyncio.gather(*(customers.sign_up(account) for account in accounts))
    users = await asyncio.gather(*(customers.sign_in(account) for account in accounts))
    profiles = await asyncio.gather(*(user.backend.get("/api/v1/user/profile") for user in users))
    threads = await asyncio.gather(*(user.backend.get("/api/threads") for user in users))

    assert [user.user_id for user in users] == [user.user_id for user in registered]
    assert len({user.user_id for user in users}) == FIRST_LOGINS
    assert [accepted(profile)["email"] for profile in profiles] == [account.email for account in accounts]
    assert [rows(listed) for listed in threads] == [[]] * FIRST_LOGINS
    assert len({token_of(user).claims["jti"] for user in (*registered, *users)}) == 2 * FIRST_LOGINS


@AGENTS
async def test_question_before_the_welcome_is_answered(user: User, websocket: OpenSocket) -> None:
    """A client that asks before it has read its welcome is welcomed first and then answered in full."""
    timeouts = user.backend.environment.timeouts
    async with websocket(user) as socket:
        await socket.send("user_message", content=costs(500), agent="data")
        events = await socket.events_of_run(within_s=timeouts.agent_s)

    assert [frame.type for frame in socket.frames[:2]] == ["connection_established", "agent_started"]
    assert tells(result_of(events), 1500)


async def test_readiness_tells_everybody_the_same(backend: Service) -> None:
    """Asked by several at once, each mode of readiness says the same: ready, connected, nothing degraded."""
    told = await asyncio.gather(*(backend.get("/health/ready") for _ in range(ASKED_AT_ONCE)))
    forced = await asyncio.gather(
        *(backend.get("/api/health/ready", params={"force": "true"}) for _ in range(ASKED_AT_ONCE))
    )
    cached = await asyncio.gather(*(backend.get("/api/health/ready") for _ in range(ASKED_AT_ONCE)))

    ready = [accepted(answer) for answer in told]
    assert [(body["core_db"], body["redis_db"], body["websocket_readiness"]["websocket_ready"]) for body in ready] == [
        ("connected", "connected", True)
    ] * ASKED_AT_ONCE
    measured = [accepted(answer) for answer in (*forced, *cached)]
    assert {body["status"] for body in measured} == {"healthy"}
    assert {(body["checks"]["postgresql"]["connected"], body["checks"]["redis"]["connected"]) for body in measured} == {
        (True, True)
    }
    assert {check["status"] for body in measured for check in body["checks"].values()} <= USABLE
    assert [check["error"] for body in measured for check in body["checks"].values() if check["error"]] == []


@AGENTS
async def test_declared_capabilities_are_real(user: User, backend: Service, websocket: OpenSocket) -> None:
    """The backend scores itself fully capable, and each capability that it declares stands up to its use."""
    declared = accepted(await backend.get("/health/backend"))
    tools = rows(await user.backend.get("/api/tools"), "tools")
    answer = await executed(user, "data", costs(500))
    async with thread_of(user, "capable") as thread, welcomed(websocket, user) as socket:
        await pinged(socket, user)
        stored = accepted(await user.backend.get(thread))

    real = {
        "agent_execution": answer["status"] == "success",
        "llm_integration": not mocked(str(answer["response"])) and tells(answer["response"], 1500),
        "tool_system": bool(tools),
        "websocket_integration": True,
        "database_connectivity": stored["title"] == "capable",
    }
    assert {name: declared["capabilities"][name] for name in real} == real == dict.fromkeys(real, True)
    assert (declared["readiness_score"], declared["golden_path_ready"]) == (1.0, True)
