import asyncio
from typing import Any

import httpx
import pytest

from tests.contract.checks import check_answered, check_listed, check_refused, is_fresh
from tests.contract.client import User
from tests.contract.runs import ended, streamed
from tests.contract.schemas import (
    AGENT_ACTION,
    AGENT_NAMES,
    AGENT_STATUS,
    EXECUTION,
    MESSAGE,
    RUN_STARTED,
    RUN_STATUS,
    THREAD,
)

REQUESTS = {
    "triage": ("The bill of $4,200 is wrong, please correct it urgently.", "How do I rename a thread?"),
    "data": ("Describe 10, 20, 30 and 40.", "Describe 1, 2, 3 and 94."),
    "optimization": (
        "We pay compute 1200 and storage 300; save 10%.",
        "We pay network 5000 and licences 900; save 50%.",
    ),
    "actions": ("Reduce the cost of compute by 10%.", "Migrate the archive to cold storage."),
    "reporting": ("Report on the costs of July.", "Report on the incidents of August."),
    "supply_researcher": ("Find a supplier of GPU servers.", "Find a supplier of network switches."),
    "corpus_admin": ('Store "Cooling": free cooling works below 18 degrees.', "Search for turbines."),
    "data_helper": ("Forecast our costs for next year.", "Compare two regions by latency."),
    "supervisor": ("Costs were 100, 120 and 150; reduce them by 10%.", "Costs were 7, 8 and 9; reduce them by 50%."),
}


async def execute(api: httpx.AsyncClient, user: User, agent: str, message: str, **body: object) -> dict[str, Any]:
    """The answer of *agent* to *message*."""
    answer = await api.post(
        "/api/agents/execute", headers=user.bearer, json={"type": agent, "message": message, **body}
    )
    executed: dict[str, Any] = check_answered(answer, EXECUTION)
    return executed


async def start(api: httpx.AsyncClient, user: User, **body: object) -> dict[str, Any]:
    """A run that was started with *body*."""
    answer = await api.post("/api/agent/v2/execute", headers=user.bearer, json={"message": REQUESTS["data"][0], **body})
    started: dict[str, Any] = check_answered(answer, RUN_STARTED)
    return started


async def thread_of(api: httpx.AsyncClient, user: User) -> str:
    """A new thread of *user*."""
    return str(check_answered(await api.post("/api/threads", headers=user.bearer, json={}), THREAD, 201)["id"])


async def test_status_lists_the_nine_agents(api: httpx.AsyncClient, user: User) -> None:
    """Every agent of the contract is there once, with state, capabilities and configuration."""
    agents = check_listed(await api.get("/api/agents/status", headers=user.bearer), AGENT_STATUS)

    assert sorted(agent["name"] for agent in agents) == sorted(AGENT_NAMES)


@pytest.mark.parametrize("agent", AGENT_NAMES)
async def test_agent_answers_by_its_input(api: httpx.AsyncClient, user: User, agent: str) -> None:
    """Two requests have two answers, each of the agent that was asked, in runs of their own."""
    first = await execute(api, user, agent, REQUESTS[agent][0])
    second = await execute(api, user, agent, REQUESTS[agent][1])

    assert (first["status"], first["error"], first["agent"]) == ("success", None, agent)
    assert (second["status"], second["error"], second["agent"]) == ("success", None, agent)
    assert first["response"] != second["response"]
    assert first["run_id"] != second["run_id"]
    assert first["execution_time"] > 0


@pytest.mark.parametrize("agent", [name for name in AGENT_NAMES if name != "corpus_admin"])
async def test_agent_is_deterministic(api: httpx.AsyncClient, user: User, stranger: User, agent: str) -> None:
    """The same request has the same answer, whoever asks."""
    first = await execute(api, user, agent, REQUESTS[agent][0])
    second = await execute(api, stranger, agent, REQUESTS[agent][0])

    assert first["response"] == second["response"]


@pytest.mark.parametrize("agent", AGENT_NAMES)
async def test_answers_are_never_mocked(api: httpx.AsyncClient, user: User, agent: str) -> None:
    """No answer is that of a stand-in."""
    executed = await execute(api, user, agent, REQUESTS[agent][1])

    assert not [marker for marker in ("Mock ", "Fallback ", "Degraded mode") if marker in str(executed["response"])]
    assert executed["circuit_breaker_state"].lower() == "closed"


async def test_data_agent_computes(api: httpx.AsyncClient, user: User) -> None:
    """The data agent's figures are those of the numbers in the message."""
    executed = await execute(api, user, "data", "Describe 2, 4, 4, 4, 5, 5, 7 and 17.")

    assert "6" in str(executed["response"])
    assert "17" in str(executed["response"])


async def test_context_counts(api: httpx.AsyncClient, user: User) -> None:
    """What is sent as context ends up in the answer."""
    plain = await execute(api, user, "data", "Describe the series.")
    given = await execute(api, user, "data", "Describe the series.", context={"data": [3, 5, 91]})

    assert plain["response"] != given["response"]
    assert "33" in given["response"]


async def test_execution_is_a_run_that_can_be_read(api: httpx.AsyncClient, user: User) -> None:
    """The run of an execution is stored as completed, with its steps and the result that was answered."""
    executed = await execute(api, user, "data", REQUESTS["data"][0])
    run = check_answered(await api.get(f"/api/agent/{executed['run_id']}/status", headers=user.bearer), RUN_STATUS)

    assert run["run_id"] == executed["run_id"]
    assert run["status"] == "completed"
    assert run["steps"][0]["type"] == "agent_started"
    assert run["steps"][-1]["type"] == "agent_completed"
    assert run["result"]["response"] == executed["response"]


@pytest.mark.parametrize(
    "body",
    [
        {"type": "astrologer", "message": "x"},
        {"type": "Data", "message": "x"},
        {"type": 7, "message": "x"},
        {"message": "x"},
        {"type": "data"},
        {"type": "data", "message": ""},
        {"type": "data", "message": 7},
        {"type": "data", "message": "x", "context": "text"},
    ],
)
async def test_invalid_executions_are_refused(api: httpx.AsyncClient, user: User, body: object) -> None:
    """An unknown type, a missing message and a context that is no object are 422."""
    answer = await api.post("/api/agents/execute", headers=user.bearer, json=body)

    check_refused(answer, 422)


async def test_started_run_completes(api: httpx.AsyncClient, user: User) -> None:
    """A started run is the user's, and comes to a result that can be read."""
    started = await start(api, user, agent_type="data")
    run = await ended(api, user, started["run_id"])

    assert started["user_id"] == user.user_id
    assert run["status"] == "completed"
    assert "25" in str(run["result"])


async def test_supervisor_is_the_default(api: httpx.AsyncClient, user: User) -> None:
    """Without agent_type the supervisor runs, and hands work to others."""
    started = await start(api, user)
    run = await ended(api, user, started["run_id"])
    agents = [step["agent_name"] for step in run["steps"]]

    assert agents[0] == agents[-1] == "supervisor"
    assert "data" in agents


async def test_same_request_id_is_the_same_run(api: httpx.AsyncClient, user: User) -> None:
    """A request that is sent twice runs once."""
    first = await start(api, user, request_id="contract-1")
    second = await start(api, user, request_id="contract-1")

    assert first["run_id"] == second["run_id"]


async def test_request_ids_at_once_are_one_run(api: httpx.AsyncClient, user: User) -> None:
    """A request that is sent five times at the same moment runs once."""
    started = await asyncio.gather(*(start(api, user, request_id="contract-2") for _ in range(5)))

    assert len({each["run_id"] for each in started}) == 1


async def test_other_request_ids_are_other_runs(api: httpx.AsyncClient, user: User) -> None:
    """Two request ids, and two requests without one, are runs of their own."""
    first = await start(api, user, request_id="contract-3")
    second = await start(api, user, request_id="contract-4")
    third = await start(api, user)
    fourth = await start(api, user)

    assert len({each["run_id"] for each in (first, second, third, fourth)}) == 4


async def test_request_ids_belong_to_their_user(api: httpx.AsyncClient, user: User, stranger: User) -> None:
    """Another user's same request id is another run, of that user."""
    mine = await start(api, user, request_id="contract-5")
    theirs = await start(api, stranger, request_id="contract-5")

    assert mine["run_id"] != theirs["run_id"]
    assert theirs["user_id"] == stranger.user_id


@pytest.mark.parametrize("part", ["status", "state"])
async def test_another_users_run_does_not_exist(api: httpx.AsyncClient, user: User, stranger: User, part: str) -> None:
    """A stranger's run is 404, as an unknown one."""
    started = await start(api, user, agent_type="data")
    theirs = await api.get(f"/api/agent/{started['run_id']}/{part}", headers=stranger.bearer)
    unknown = await api.get(f"/api/agent/run_unknown/{part}", headers=user.bearer)

    assert check_refused(theirs, 404)["error_code"] == check_refused(unknown, 404)["error_code"]
    assert (await api.get(f"/api/agent/{started['run_id']}/{part}", headers=user.bearer)).status_code == 200


async def test_state_is_of_the_same_run(api: httpx.AsyncClient, user: User) -> None:
    """Status and state speak of the same run."""
    started = await start(api, user, agent_type="data")
    run = await ended(api, user, started["run_id"])
    state = check_answered(await api.get(f"/api/agent/{started['run_id']}/state", headers=user.bearer), {})

    assert state["run_id"] == run["run_id"]
    assert state["status"] == run["status"]


async def test_run_is_written_into_its_thread(api: httpx.AsyncClient, user: User) -> None:
    """A run in a thread leaves the question and the answer there, in this order."""
    thread = await thread_of(api, user)
    started = await start(api, user, agent_type="data", thread_id=thread)
    await ended(api, user, started["run_id"])
    messages = check_listed(await api.get(f"/api/threads/{thread}/messages", headers=user.bearer), MESSAGE)

    assert started["thread_id"] == thread
    assert [message["role"] for message in messages] == ["user", "assistant"]
    assert messages[0]["content"] == REQUESTS["data"][0]
    assert "25" in messages[1]["content"]


async def test_same_request_id_writes_once(api: httpx.AsyncClient, user: User) -> None:
    """A request that is sent twice stands in its thread once."""
    thread = await thread_of(api, user)
    first = await start(api, user, thread_id=thread, request_id="contract-6")
    await start(api, user, thread_id=thread, request_id="contract-6")
    await ended(api, user, first["run_id"])
    messages = check_listed(await api.get(f"/api/threads/{thread}/messages", headers=user.bearer), MESSAGE)

    assert [message["role"] for message in messages] == ["user", "assistant"]


async def test_a_refused_request_keeps_its_id(api: httpx.AsyncClient, user: User, stranger: User) -> None:
    """A request that was refused for its thread has started nothing: its id is free for the corrected one."""
    theirs, mine = await thread_of(api, stranger), await thread_of(api, user)
    body = {"message": REQUESTS["data"][0], "agent_type": "data", "request_id": "contract-7"}
    answer = await api.post("/api/agent/v2/execute", headers=user.bearer, json={**body, "thread_id": theirs})
    started = await start(api, user, **{**body, "thread_id": mine})
    run = await ended(api, user, started["run_id"])

    check_refused(answer, 404)
    assert run["status"] == "completed"


@pytest.mark.parametrize("thread", ["stranger's", "unknown"])
async def test_runs_write_into_own_threads_only(
    api: httpx.AsyncClient, user: User, stranger: User, thread: str
) -> None:
    """A run in a thread that is not the user's is 404 and leaves nothing there."""
    theirs = await thread_of(api, stranger)
    target = {"stranger's": theirs, "unknown": f"{theirs[:-4]}0000"}[thread]
    answer = await api.post("/api/agent/v2/execute", headers=user.bearer, json={"message": "x", "thread_id": target})
    messages = check_listed(await api.get(f"/api/threads/{theirs}/messages", headers=stranger.bearer), MESSAGE)

    check_refused(answer, 404)
    assert messages == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"message": ""},
        {"message": 7},
        {"message": "x", "agent_type": "astrologer"},
        {"message": "x", "context": []},
    ],
)
async def test_invalid_starts_are_refused(api: httpx.AsyncClient, user: User, body: object) -> None:
    """A start without a message or with an unknown agent is 422."""
    answer = await api.post("/api/agent/v2/execute", headers=user.bearer, json=body)

    check_refused(answer, 422)


async def test_started_agent_is_confirmed(api: httpx.AsyncClient, user: User) -> None:
    """A start names the agent and the action, and is of now."""
    answer = await api.post(
        "/api/agents/start", headers=user.bearer, json={"agent_id": "data", "message": REQUESTS["data"][0]}
    )

    action = check_answered(answer, AGENT_ACTION)
    assert (action["success"], action["agent_id"], action["action"]) == (True, "data", "start")
    assert is_fresh(action["timestamp"])


@pytest.mark.parametrize("action", ["stop", "cancel"])
async def test_nothing_under_way_is_not_ended(api: httpx.AsyncClient, user: User, action: str) -> None:
    """Ending an agent of which nothing runs is told as no success."""
    answer = await api.post(f"/api/agents/{action}", headers=user.bearer, json={"agent_id": "data"})

    confirmed = check_answered(answer, AGENT_ACTION)
    assert (confirmed["success"], confirmed["action"]) == (False, action)


@pytest.mark.parametrize("action", ["stop", "cancel"])
async def test_ended_runs_are_not_ended_again(api: httpx.AsyncClient, user: User, action: str) -> None:
    """Ending a run that has completed is no success and leaves its result."""
    executed = await execute(api, user, "data", REQUESTS["data"][0])
    answer = await api.post(f"/api/agents/{action}", headers=user.bearer, json={"agent_id": executed["run_id"]})
    run = await ended(api, user, executed["run_id"])

    assert check_answered(answer, AGENT_ACTION)["success"] is False
    assert run["status"] == "completed"


@pytest.mark.parametrize("action", ["start", "stop", "cancel"])
async def test_actions_need_an_agent(api: httpx.AsyncClient, user: User, action: str) -> None:
    """An action without an agent is 422."""
    answer = await api.post(f"/api/agents/{action}", headers=user.bearer, json={})

    check_refused(answer, 422)


async def test_stream_tells_the_run_in_order(api: httpx.AsyncClient, user: User) -> None:
    """The stream begins with agent_started, ends with agent_completed and stream_end, and pairs tools."""
    events = await streamed(api, user, {"type": "data", "message": REQUESTS["data"][0]})
    names = [name for name, _ in events]

    assert names[0] == "agent_started"
    assert names[-2:] == ["agent_completed", "stream_end"]
    assert names.count("agent_started") == names.count("agent_completed") == names.count("stream_end") == 1
    assert names.count("tool_executing") == names.count("tool_completed") >= 1
    assert "25" in str(events[-2][1])


async def test_stream_is_of_one_run_of_the_user(api: httpx.AsyncClient, user: User) -> None:
    """Every event of a stream has the id of one run, which can be read as completed."""
    events = await streamed(api, user, {"type": "triage", "message": REQUESTS["triage"][0]})
    ids = {data["run_id"] for name, data in events if name != "stream_end"}
    run = await ended(api, user, *ids)

    assert run["status"] == "completed"
    assert {data["user_id"] for name, data in events if name != "stream_end"} == {user.user_id}


@pytest.mark.parametrize("body", [{"type": "astrologer", "message": "x"}, {"type": "data"}, {}])
async def test_invalid_streams_are_refused(api: httpx.AsyncClient, user: User, body: object) -> None:
    """An invalid request is 422 before any stream begins."""
    answer = await api.post("/api/agents/stream", headers=user.bearer, json=body)

    check_refused(answer, 422)
