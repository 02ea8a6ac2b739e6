import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import httpx
import pytest

from tests.contract.checks import check_answered
from tests.contract.client import Deployed, User
from tests.contract.runs import ended
from tests.contract.schemas import AGENT_ACTION, RUN_STARTED, RUN_STATUS
from tests.contract.sockets import Socket

CONTENT = "Describe 10, 20, 30 and 40."
AGENT_TIMEOUT_S = 30 * 0.1
Switched = Callable[..., AbstractContextManager[None]]


@pytest.fixture(scope="module", autouse=True)
def silent_model(switched: Switched) -> Iterator[None]:
    """The language model never answers: a run that has started stays under way."""
    with switched("agent_timeout"):
        yield


async def under_way(socket: Socket) -> str:
    """The id of a run that was started and waits."""
    await socket.send("user_message", content=CONTENT, agent="data")
    return str((await socket.expect("agent_started"))["run_id"])


async def queued(api: httpx.AsyncClient, user: User) -> str:
    """The id of a run that was started over HTTP and waits."""
    answer = await api.post(
        "/api/agent/v2/execute", headers=user.bearer, json={"message": CONTENT, "agent_type": "data"}
    )
    return str(check_answered(answer, RUN_STARTED)["run_id"])


async def status(api: httpx.AsyncClient, user: User, run_id: str) -> str:
    """The status of a run."""
    answer = await api.get(f"/api/agent/{run_id}/status", headers=user.bearer)
    return str(check_answered(answer, RUN_STATUS)["status"])


async def test_an_unbounded_call_has_no_end(deployed: Deployed, api: httpx.AsyncClient, user: User) -> None:
    """Fault agent_timeout: agent_started comes and no terminal event within the agent's time, only signs of life."""
    async with deployed.socket(user=user) as socket:
        run_id = await under_way(socket)
        frames = await socket.silent(for_s=1.05 * AGENT_TIMEOUT_S)
        last = await status(api, user, run_id)

    assert not {frame["type"] for frame in frames} & {"agent_completed", "agent_error"}
    assert "agent_thinking" in [frame["type"] for frame in frames], "a gap between events longer than 30 s, scaled"
    assert last == "running"


async def test_a_run_under_way_is_told(api: httpx.AsyncClient, user: User, stranger: User) -> None:
    """While a run is under way the agent is busy for its user, idle for others."""
    await queued(api, user)
    mine = await api.get("/api/agents/status", headers=user.bearer)
    theirs = await api.get("/api/agents/status", headers=stranger.bearer)
    states = [{agent["name"]: agent["state"] for agent in answer.json()} for answer in (mine, theirs)]

    assert states[0]["data"] != states[0]["triage"]
    assert states[1]["data"] == states[1]["triage"]


async def test_cancel_ends_a_run(deployed: Deployed, api: httpx.AsyncClient, user: User) -> None:
    """Cancelled over the WebSocket a run ends at once with agent_error and is stored as cancelled."""
    async with deployed.socket(user=user) as socket:
        run_id = await under_way(socket)
        await socket.send("cancel_agent", run_id=run_id)
        frames = await socket.until("agent_error", within_s=1.0)
        after = await socket.silent(for_s=0.3)
    run = await ended(api, user, run_id)

    assert frames[-1]["run_id"] == run_id
    assert "cancel" in frames[-1]["data"]["error_message"].lower()
    assert "agent_completed" not in [frame["type"] for frame in frames]
    assert [frame for frame in after if frame["type"] != "ack"] == []
    assert run["status"] == "cancelled"
    assert run["result"] is None


async def test_cancel_ends_one_run_only(deployed: Deployed, api: httpx.AsyncClient, user: User) -> None:
    """Another run of the same user goes on."""
    other = await queued(api, user)
    async with deployed.socket(user=user) as socket:
        run_id = await under_way(socket)
        await socket.send("cancel_agent", run_id=run_id)
        await socket.until("agent_error", within_s=1.0)

    assert await status(api, user, other) == "running"


async def test_strangers_cancel_nothing(deployed: Deployed, api: httpx.AsyncClient, user: User, stranger: User) -> None:
    """Another user's run cannot be cancelled over the WebSocket: it is told as unknown and goes on."""
    run_id = await queued(api, user)
    async with deployed.socket(user=stranger) as socket:
        await socket.send("cancel_agent", run_id=run_id)
        await socket.expect("error_message")

    assert await status(api, user, run_id) == "running"


@pytest.mark.parametrize("action", ["stop", "cancel"])
async def test_strangers_end_nothing_over_http(api: httpx.AsyncClient, user: User, stranger: User, action: str) -> None:
    """Neither by the run's id nor by the agent's name does a stranger end a run."""
    run_id = await queued(api, user)
    by_id = await api.post(f"/api/agents/{action}", headers=stranger.bearer, json={"agent_id": run_id})
    by_name = await api.post(f"/api/agents/{action}", headers=stranger.bearer, json={"agent_id": "data"})

    assert by_id.status_code == 404
    assert check_answered(by_name, AGENT_ACTION)["success"] is False
    assert await status(api, user, run_id) == "running"


@pytest.mark.parametrize("by", ["run", "agent"])
async def test_cancel_over_http_ends_a_run(api: httpx.AsyncClient, user: User, by: str) -> None:
    """POST /api/agents/cancel ends the run of that id, and all the user's runs of that agent."""
    run_id = await queued(api, user)
    answer = await api.post(
        "/api/agents/cancel", headers=user.bearer, json={"agent_id": {"run": run_id, "agent": "data"}[by]}
    )
    run = await ended(api, user, run_id, within_s=1.0)

    assert check_answered(answer, AGENT_ACTION)["success"] is True
    assert run["status"] == "cancelled"


async def test_a_cancelled_run_is_not_cancelled_again(api: httpx.AsyncClient, user: User) -> None:
    """The second cancellation of a run is no success."""
    run_id = await queued(api, user)
    await api.post("/api/agents/cancel", headers=user.bearer, json={"agent_id": run_id})
    await ended(api, user, run_id, within_s=1.0)
    again = await api.post("/api/agents/cancel", headers=user.bearer, json={"agent_id": run_id})

    assert check_answered(again, AGENT_ACTION)["success"] is False


async def test_same_request_id_joins_a_run_under_way(api: httpx.AsyncClient, user: User) -> None:
    """A request that is sent again while its run is under way is that run."""
    body = {"message": CONTENT, "agent_type": "data", "request_id": "contract-under-way"}
    first = await api.post("/api/agent/v2/execute", headers=user.bearer, json=body)
    second = await api.post("/api/agent/v2/execute", headers=user.bearer, json=body)

    assert check_answered(first, RUN_STARTED)["run_id"] == check_answered(second, RUN_STARTED)["run_id"]
    assert await status(api, user, first.json()["run_id"]) == "running"


async def test_the_connection_serves_while_a_run_waits(deployed: Deployed, user: User) -> None:
    """A run that waits blocks neither its own connection nor others."""
    async with deployed.socket(user=user) as socket, deployed.socket(user=user) as other:
        await under_way(socket)
        await socket.send("ping")
        await other.send("ping")
        frames = await asyncio.gather(socket.until("pong", within_s=1.0), other.until("pong", within_s=1.0))

    assert [each[-1]["type"] for each in frames] == ["pong", "pong"]
