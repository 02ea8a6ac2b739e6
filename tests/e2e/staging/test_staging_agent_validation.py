"""The agent pipeline really works: runs with events, results that follow from the question, and stored answers."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio

from ci_tools.model import Timeouts
from ci_tools.target.answers import accepted, envelope, mocked, rows
from ci_tools.target.evidence import Evidence
from ci_tools.target.fixtures import Eventually, OpenSocket, User
from ci_tools.target.service import Service
from ci_tools.target.websocket import TERMINAL_EVENTS, Frame, Socket, SocketRefusedError
from tests.e2e.run_events import GOLDEN_PATH

AGENTS = {
    "triage",
    "data",
    "optimization",
    "actions",
    "reporting",
    "supply_researcher",
    "corpus_admin",
    "data_helper",
    "supervisor",
}
HANDSHAKES = 8
"""Handshakes that fail now and then are the matter of the WebSocket suite; here they only lead to the agent."""

QUESTION = "Our monthly costs were 1200, 1600, 900 and 2300 USD: analyse the numbers and tell me the average"
AVERAGE = "1500"


@pytest_asyncio.fixture
async def thread_id(user: User) -> AsyncIterator[str]:
    """A thread of the user, deleted afterwards."""
    created = accepted(await user.backend.post("/api/threads", json={"title": "agents"}))
    yield created["id"]
    await user.backend.delete(f"/api/threads/{created['id']}")


@asynccontextmanager
async def _welcomed(websocket: OpenSocket, user: User, timeouts: Timeouts) -> AsyncIterator[Socket]:
    """A connection on which *user* was welcomed."""
    async with AsyncExitStack() as held:
        for _ in range(HANDSHAKES - 1):
            if (socket := await _attempt(held, websocket(user), timeouts)) is not None:
                break
        else:
            socket = await _connected(held, websocket(user), timeouts)
        yield socket


async def _attempt(
    held: AsyncExitStack, connection: AbstractAsyncContextManager[Socket], timeouts: Timeouts
) -> Socket | None:
    try:
        return await _connected(held, connection, timeouts)
    except SocketRefusedError:
        return None


async def _connected(
    held: AsyncExitStack, connection: AbstractAsyncContextManager[Socket], timeouts: Timeouts
) -> Socket:
    socket = await held.enter_async_context(connection)
    await socket.expect("connection_established", within_s=timeouts.receive_s)
    return socket


async def _run(
    websocket: OpenSocket, user: User, timeouts: Timeouts, *, within_s: float | None = None, **ask: str
) -> tuple[Frame, ...]:
    """The events of one run that *user* starts over the WebSocket, by default within an agent's time."""
    async with _welcomed(websocket, user, timeouts) as socket:
        await socket.send("user_message", **ask)
        return await socket.events_of_run(within_s=within_s or timeouts.agent_s)


async def test_003_http_websocket_and_agent_message_together(
    user: User, websocket: OpenSocket, timeouts: Timeouts
) -> None:
    """One HTTP answer, one WebSocket welcome and one agent run to its end: the whole pipeline."""
    health = await user.backend.get("/health")

    events = await _run(websocket, user, timeouts, content=QUESTION)

    assert health.status == 200
    assert events[0].type == "agent_started"
    assert events[-1].type == "agent_completed"


async def test_five_events_arrive_in_order(user: User, websocket: OpenSocket, timeouts: Timeouts) -> None:
    """The five events come in their order, of one run and this user, each with its agent and time."""
    events = await _run(websocket, user, timeouts, content=QUESTION)

    first_seen = list(dict.fromkeys(event.type for event in events))
    assert first_seen == GOLDEN_PATH
    assert {event.document["user_id"] for event in events} == {user.user_id}
    assert len({event.run_id for event in events}) == 1
    assert events[0].run_id
    assert all(event.agent_name and event.document["timestamp"] for event in events)


async def test_events_carry_their_payload(user: User, websocket: OpenSocket, timeouts: Timeouts) -> None:
    """Each kind of event carries what clients display: reasoning, tool and parameters, result and duration."""
    events = await _run(websocket, user, timeouts, content=QUESTION)

    keys = {
        "agent_thinking": {"reasoning", "step_number", "progress_percentage"},
        "tool_executing": {"tool_name", "parameters"},
        "tool_completed": {"tool_name", "result", "execution_time_ms"},
        "agent_completed": {"status", "result", "execution_time_ms"},
    }
    incomplete = [event.document for event in events if not keys.get(event.type, set()) <= set(event.data)]
    assert incomplete == []
    assert all(event.data["reasoning"] for event in events if event.type == "agent_thinking")


async def test_every_tool_that_begins_also_ends(user: User, websocket: OpenSocket, timeouts: Timeouts) -> None:
    """Each tool_executing is followed by the tool_completed of the same agent and tool."""
    events = await _run(websocket, user, timeouts, content=QUESTION)

    begun = [(event.agent_name, event.data["tool_name"]) for event in events if event.type == "tool_executing"]
    ended = [(event.agent_name, event.data["tool_name"]) for event in events if event.type == "tool_completed"]
    assert begun
    assert sorted(begun) == sorted(ended)
    assert all(begun[: number + 1].count(pair) >= ended[: number + 1].count(pair) for number, pair in enumerate(ended))


async def test_thinking_begins_soon(user: User, websocket: OpenSocket, timeouts: Timeouts) -> None:
    """The user sees that the agent thinks within the patience for it, counted from the question."""
    async with _welcomed(websocket, user, timeouts) as socket:
        await socket.send("user_message", content=QUESTION)
        started = await socket.expect("agent_started", within_s=timeouts.thinking_s)
        thinking = await socket.expect("agent_thinking", within_s=timeouts.thinking_s)

    assert thinking.run_id == started.run_id
    assert thinking.data["reasoning"]


async def test_agent_answers_over_http(user: User, timeouts: Timeouts, evidence: Evidence) -> None:
    """An agent answers within its time, with a run of its own and no stand-in text."""
    answer = await user.backend.post(
        "/api/agents/execute", json={"type": "data", "message": QUESTION}, timeout_s=timeouts.agent_s
    )

    body = accepted(answer)
    evidence.note(f"run {body.get('run_id')} took {body.get('execution_time')} s")
    assert (body["status"], body["agent"], body["error"]) == ("success", "data", None)
    assert body["run_id"]
    assert body["execution_time"] > 0
    assert not mocked(str(body["response"]))


async def test_answer_follows_from_the_question(user: User, timeouts: Timeouts) -> None:
    """The data agent computes the average that the question asks for, and another one for other numbers."""
    other = QUESTION.replace("2300", "4300")

    first = await _asked(user, "data", QUESTION, timeouts)
    second = await _asked(user, "data", other, timeouts)

    assert AVERAGE in _digits(first["response"])
    assert "2000" in _digits(second["response"])
    assert AVERAGE not in _digits(second["response"])


@pytest.mark.parametrize("agent", ["optimization", "supervisor"])
async def test_agents_do_not_answer_alike(user: User, timeouts: Timeouts, agent: str) -> None:
    """Each agent answers as itself, with a run of its own and a genuine text."""
    body = await _asked(user, agent, "Find a cheaper supplier for GPU hosting in Europe below 5000 USD", timeouts)

    assert (body["status"], body["agent"]) == ("success", agent)
    assert body["run_id"]
    assert body["response"]
    assert not mocked(str(body["response"]))


async def test_run_keeps_its_result(user: User, timeouts: Timeouts, eventually: Eventually) -> None:
    """A run that was started ends, and its state then holds its steps and its result under its id."""
    started = accepted(await user.backend.post("/api/agent/v2/execute", json={"message": QUESTION}))
    await eventually(_ended(user, started["run_id"]), within_s=timeouts.agent_s, what=f"run {started['run_id']} ends")

    state = accepted(await user.backend.get(f"/api/agent/{started['run_id']}/state"))
    assert (state["run_id"], state["user_id"], state["status"]) == (started["run_id"], user.user_id, "completed")
    assert state["steps"]
    assert state["result"]
    assert not mocked(str(state["result"]))


async def test_run_is_readable_by_its_id(user: User) -> None:
    """A run that was started is found by its id, as this user's."""
    started = accepted(await user.backend.post("/api/agent/v2/execute", json={"message": "How is my cost?"}))

    answer = await user.backend.get(f"/api/agent/{started['run_id']}/status")

    assert (started["status"], started["user_id"]) == ("started", user.user_id)
    run = accepted(answer)
    assert run["run_id"] == started["run_id"]
    assert run["status"]


async def test_run_belongs_to_its_user(user: User, second_user: User) -> None:
    """Another user's run is 404, at both of its doors."""
    started = accepted(await user.backend.post("/api/agent/v2/execute", json={"message": "My secret plan"}))

    status = await second_user.backend.get(f"/api/agent/{started['run_id']}/status")
    state = await second_user.backend.get(f"/api/agent/{started['run_id']}/state")

    assert (status.status, state.status) == (404, 404)
    assert "secret plan" not in status.text + state.text
    envelope(status)


async def test_run_writes_into_threads_of_its_user_only(user: User, second_user: User, thread_id: str) -> None:
    """A run that names another user's thread is 404, and the thread stays empty."""
    ask = {"message": QUESTION, "thread_id": thread_id}

    refused = await second_user.backend.post("/api/agent/v2/execute", json=ask)

    messages = rows(await user.backend.get(f"/api/threads/{thread_id}/messages"))
    assert refused.status == 404
    assert messages == []


async def test_same_request_is_the_same_run(user: User) -> None:
    """A request id that is sent twice starts one run; another id starts another."""
    ask = {"message": "How is my cost?", "request_id": f"e2e-{uuid.uuid4().hex}"}

    first = accepted(await user.backend.post("/api/agent/v2/execute", json=ask))
    again = accepted(await user.backend.post("/api/agent/v2/execute", json=ask))
    ask["request_id"] = f"e2e-{uuid.uuid4().hex}"
    other = accepted(await user.backend.post("/api/agent/v2/execute", json=ask))

    assert first["run_id"] == again["run_id"]
    assert first["run_id"] != other["run_id"]


async def test_concurrent_same_requests_are_one_run(user: User) -> None:
    """Five equal requests at the same time start one run, not five."""
    ask = {"message": "How is my cost?", "request_id": f"e2e-{uuid.uuid4().hex}"}

    answers = await asyncio.gather(*(user.backend.post("/api/agent/v2/execute", json=ask) for _ in range(5)))

    assert len({accepted(answer)["run_id"] for answer in answers}) == 1


async def test_question_and_answer_are_persisted(
    user: User, websocket: OpenSocket, timeouts: Timeouts, thread_id: str, eventually: Eventually
) -> None:
    """The thread holds the user's question and the assistant's answer after the run."""
    events = await _run(websocket, user, timeouts, within_s=timeouts.general_s, content=QUESTION, thread_id=thread_id)

    async def answered() -> list[dict[str, Any]]:
        messages = rows(await user.backend.get(f"/api/threads/{thread_id}/messages"))
        return messages if len(messages) > 1 else []

    messages = await eventually(answered, within_s=timeouts.receive_s, what="the answer is stored in its thread")
    assert events[-1].type == "agent_completed"
    by_role = {message["role"]: message["content"] for message in messages}
    assert len(messages) == 2
    assert by_role["user"] == QUESTION
    assert by_role["assistant"]
    assert not mocked(by_role["assistant"])


async def test_events_reach_their_own_user_only(
    user: User, second_user: User, websocket: OpenSocket, timeouts: Timeouts
) -> None:
    """Two users who ask at the same time each see their own run and nothing of the other's."""
    first, second = await asyncio.gather(
        _run(websocket, user, timeouts, content=QUESTION),
        _run(websocket, second_user, timeouts, content=QUESTION),
    )

    assert {event.document["user_id"] for event in first} == {user.user_id}
    assert {event.document["user_id"] for event in second} == {second_user.user_id}
    assert first[0].run_id != second[0].run_id
    assert (first[-1].type, second[-1].type) == ("agent_completed", "agent_completed")


async def test_stream_tells_the_same_story(user: User, timeouts: Timeouts) -> None:
    """The stream begins with agent_started, completes, and says that it is over."""
    async with user.backend.events(
        "/api/agents/stream", json={"type": "data", "message": QUESTION}, timeout_s=timeouts.agent_s
    ) as stream:
        names = [event.name async for event in stream]

    assert names[0] == "agent_started"
    assert names[-1] == "stream_end"
    assert [name for name in names if name in TERMINAL_EVENTS] == ["agent_completed"]


async def test_backend_is_capable_of_agents(backend: Service) -> None:
    """The backend says that it can run agents with its language model, and that the golden path is ready."""
    body = accepted(await backend.get("/health/backend"))

    capabilities = body["capabilities"]
    assert (capabilities["agent_execution"], capabilities["llm_integration"]) == (True, True)
    assert (body["golden_path_ready"], body["readiness_score"]) == (True, 1.0)


async def test_circuit_breakers_are_closed(user: User) -> None:
    """No breaker is open: nothing behind the backend has failed repeatedly."""
    answer = await user.backend.get("/api/metrics/circuit_breakers")

    assert answer.status == 200
    assert '"open"' not in answer.text.lower()


async def test_agents_are_all_there(user: User) -> None:
    """The nine agents are listed with their state and capabilities."""
    answer = await user.backend.get("/api/agents/status")

    agents = {agent["name"]: agent for agent in rows(answer)}
    assert answer.status == 200
    assert set(agents) >= AGENTS
    assert all(agents[name]["state"] and agents[name]["capabilities"] for name in AGENTS)


async def test_unknown_agent_is_refused(user: User) -> None:
    """An agent that does not exist is 422 and starts no run."""
    answer = await user.backend.post("/api/agents/execute", json={"type": "astrologer", "message": "?"})

    assert answer.status == 422
    assert "run_id" not in envelope(answer)["details"]


async def test_cancellation_says_what_became_of_the_run(user: User, timeouts: Timeouts, eventually: Eventually) -> None:
    """A cancellation succeeds exactly if the run ends cancelled; either way the run ends."""
    started = accepted(await user.backend.post("/api/agent/v2/execute", json={"message": QUESTION}))

    cancelled = accepted(await user.backend.post("/api/agents/cancel", json={"agent_id": "supervisor"}))

    status = await eventually(
        _ended(user, started["run_id"]), within_s=timeouts.receive_s, what=f"run {started['run_id']} ends"
    )
    assert (cancelled["agent_id"], cancelled["action"]) == ("supervisor", "cancel")
    assert cancelled["success"] is (status == "cancelled")
    assert status in {"cancelled", "completed"}


async def test_tools_describe_their_parameters(user: User) -> None:
    """Each tool of the catalogue has a name, a description and a JSON Schema of its parameters."""
    answer = await user.backend.get("/api/tools")

    tools = rows(answer, "tools")
    assert answer.status == 200
    assert tools
    assert {tool["name"] for tool in tools if tool["parameters"].get("type") != "object"} == set()
    assert all(tool["description"] for tool in tools)


async def test_tool_refuses_wrong_parameters(user: User) -> None:
    """Parameters that break a tool's schema are 422."""
    tool = next(
        tool for tool in rows(await user.backend.get("/api/tools"), "tools") if tool["parameters"].get("required")
    )

    answer = await user.backend.post("/api/tools/execute", json={"tool_name": tool["name"], "parameters": {}})

    assert answer.status == 422
    envelope(answer)


async def _asked(user: User, agent: str, message: str, timeouts: Timeouts) -> dict[str, Any]:
    answer = await user.backend.post(
        "/api/agents/execute", json={"type": agent, "message": message}, timeout_s=timeouts.agent_s
    )
    body: dict[str, Any] = accepted(answer)
    return body


def _ended(user: User, run_id: str) -> Callable[[], Awaitable[str]]:
    """A probe for the status in which a run ended; empty while it is under way."""

    async def probe() -> str:
        status = str(accepted(await user.backend.get(f"/api/agent/{run_id}/status"))["status"])
        return "" if status in {"started", "running"} else status

    return probe


def _digits(response: object) -> str:
    return str(response).replace(",", "")
