"""The agent pipeline really works: runs with events, results that follow from the question, and stored answers."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from ci_tools.model import Timeouts
from ci_tools.target.answers import accepted, envelope, mocked, rows
from ci_tools.target.evidence import Evidence
from ci_tools.target.fixtures import Eventually, OpenSocket, User
from ci_tools.target.service import Service
from ci_tools.target.websocket import TERMINAL_EVENTS, Frame
from tests.e2e.connections import answered, events_on, pinged, welcomed
from tests.e2e.customers import texts
from tests.e2e.questions import costs, tells
from tests.e2e.run_events import GOLDEN_PATH, result_of
from tests.e2e.runs import UNDER_WAY, ended, executed, started, watched
from tests.e2e.threads import contents_of, conversation, thread_id, thread_of

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
QUESTION, AVERAGE = costs(500), 1500
OTHER_QUESTION, OTHER_AVERAGE = costs(700), 2100


@pytest_asyncio.fixture
async def thread(user: User) -> AsyncIterator[str]:
    """The path of a thread of the user, deleted afterwards."""
    async with thread_of(user, "agents") as path:
        yield path


async def asked(websocket: OpenSocket, user: User, content: str = QUESTION, **ask: str) -> tuple[Frame, ...]:
    """The events of one run that *user* starts on a connection of its own."""
    async with welcomed(websocket, user) as socket:
        return await answered(socket, user, content, **ask)


async def test_003_http_websocket_and_agent_message_together(user: User, websocket: OpenSocket) -> None:
    """One HTTP answer, one WebSocket welcome and one agent run to its answer: the whole pipeline."""
    health = accepted(await user.backend.get("/health"))

    events = await asked(websocket, user)

    assert health["status"] == "healthy"
    assert events[0].type == "agent_started"
    assert tells(result_of(events), AVERAGE)


async def test_five_events_arrive_in_order(user: User, websocket: OpenSocket) -> None:
    """The five events come in their order, of one run and this user, each with its agent and time."""
    events = await asked(websocket, user)

    first_seen = list(dict.fromkeys(event.type for event in events))
    assert first_seen == GOLDEN_PATH
    assert {event.document["user_id"] for event in events} == {user.user_id}
    assert len({event.run_id for event in events}) == 1
    assert events[0].run_id
    assert all(event.agent_name and event.document["timestamp"] for event in events)


async def test_events_carry_their_payload(user: User, websocket: OpenSocket) -> None:
    """Each kind of event carries what clients display: reasoning, tool and parameters, result and duration."""
    events = await asked(websocket, user)

    keys = {
        "agent_thinking": {"reasoning", "step_number", "progress_percentage"},
        "tool_executing": {"tool_name", "parameters"},
        "tool_completed": {"tool_name", "result", "execution_time_ms"},
        "agent_completed": {"status", "result", "execution_time_ms"},
    }
    incomplete = [event.document for event in events if not keys.get(event.type, set()) <= set(event.data)]
    assert incomplete == []
    assert all(event.data["reasoning"] for event in events if event.type == "agent_thinking")


async def test_every_tool_that_begins_also_ends(user: User, websocket: OpenSocket) -> None:
    """Each tool_executing is followed by the tool_completed of the same agent and tool."""
    events = await asked(websocket, user)

    begun = [(event.agent_name, event.data["tool_name"]) for event in events if event.type == "tool_executing"]
    ended = [(event.agent_name, event.data["tool_name"]) for event in events if event.type == "tool_completed"]
    assert begun
    assert sorted(begun) == sorted(ended)
    assert all(begun[: number + 1].count(pair) >= ended[: number + 1].count(pair) for number, pair in enumerate(ended))


async def test_thinking_begins_soon(user: User, websocket: OpenSocket, timeouts: Timeouts) -> None:
    """The user sees that the agent thinks within the patience for it, counted from the question."""
    async with welcomed(websocket, user) as socket:
        await socket.send("user_message", content=QUESTION)
        started = await socket.expect("agent_started", within_s=timeouts.thinking_s)
        thinking = await socket.expect("agent_thinking", within_s=timeouts.thinking_s)

    assert thinking.run_id == started.run_id
    assert thinking.data["reasoning"]


async def test_agent_answers_over_http(user: User, evidence: Evidence) -> None:
    """An agent answers within its time, with a run of its own and no stand-in text."""
    body = await executed(user, "data", QUESTION)

    evidence.note(f"run {body.get('run_id')} took {body.get('execution_time')} s")
    assert (body["status"], body["agent"], body["error"]) == ("success", "data", None)
    assert body["run_id"]
    assert body["execution_time"] > 0
    assert not mocked(str(body["response"]))


async def test_answer_follows_from_the_question(user: User) -> None:
    """The data agent computes the average that the question asks for, and another one for other numbers."""
    first = await executed(user, "data", QUESTION)
    second = await executed(user, "data", OTHER_QUESTION)

    assert [tells(first["response"], average) for average in (AVERAGE, OTHER_AVERAGE)] == [True, False]
    assert [tells(second["response"], average) for average in (AVERAGE, OTHER_AVERAGE)] == [False, True]


@pytest.mark.parametrize("agent", ["optimization", "supervisor"])
async def test_agents_do_not_answer_alike(user: User, agent: str) -> None:
    """Two agents asked the same answer each as itself, in runs of their own, with genuine and different texts."""
    question = "Find a cheaper supplier for GPU hosting in Europe below 5000 USD"

    bodies = [await executed(user, name, question) for name in (agent, "supply_researcher")]

    assert [(body["status"], body["agent"]) for body in bodies] == [
        ("success", agent),
        ("success", "supply_researcher"),
    ]
    assert [body["response"] for body in bodies if not body["response"] or mocked(str(body["response"]))] == []
    assert bodies[0]["response"] != bodies[1]["response"]
    assert bodies[0]["run_id"] != bodies[1]["run_id"]


async def test_run_keeps_its_result(user: User, timeouts: Timeouts, eventually: Eventually) -> None:
    """A run that was started ends, and its state then holds its steps and its result under its id."""
    run = await started(user, QUESTION)

    state = await eventually(ended(user, run["run_id"]), within_s=timeouts.agent_s, what=f"run {run['run_id']} ends")

    steps = [step["type"] for step in state["steps"]]
    assert (state["run_id"], state["user_id"], state["status"]) == (run["run_id"], user.user_id, "completed")
    assert (steps[0], steps[-1]) == ("agent_started", "agent_completed")
    assert tells(state["result"], AVERAGE)
    assert not mocked(str(state["result"]))


async def test_run_is_readable_by_its_id(user: User) -> None:
    """A run that was started is found at once by its id, as this user's, under way or completed."""
    run = await started(user, "How is my cost?")

    found = accepted(await user.backend.get(f"/api/agent/{run['run_id']}/status"))

    assert (run["status"], run["user_id"]) == ("started", user.user_id)
    assert (found["run_id"], found["user_id"]) == (run["run_id"], user.user_id)
    assert found["status"] in {*UNDER_WAY, "completed"}


async def test_run_belongs_to_its_user(user: User, second_user: User) -> None:
    """Another user's run is 404, at both of its doors."""
    path = f"/api/agent/{(await started(user, 'My secret plan'))['run_id']}"

    theirs = [await second_user.backend.get(f"{path}/{door}") for door in ("status", "state")]
    own = [await user.backend.get(f"{path}/{door}") for door in ("status", "state")]

    assert [answer.status for answer in theirs] == [404, 404]
    assert [answer.text for answer in theirs if "secret plan" in answer.text] == []
    assert len({envelope(answer)["request_id"] for answer in theirs}) == 2
    assert [answer.status for answer in own] == [200, 200]


async def test_run_writes_into_threads_of_its_user_only(user: User, second_user: User, thread: str) -> None:
    """A run that names another user's thread is 404, and the thread stays empty."""
    ask = {"message": QUESTION, "thread_id": thread_id(thread)}

    refused = await second_user.backend.post("/api/agent/v2/execute", json=ask)

    assert refused.status == 404
    assert await contents_of(user, thread) == []


async def test_same_request_is_the_same_run(user: User, second_user: User) -> None:
    """A request id that a user sends twice starts one run; another id, or another user, starts another."""
    request_id = f"e2e-{uuid.uuid4().hex}"

    first = await started(user, "How is my cost?", request_id=request_id)
    again = await started(user, "How is my cost?", request_id=request_id)
    other = await started(user, "How is my cost?", request_id=f"e2e-{uuid.uuid4().hex}")
    theirs = await started(second_user, "How is my cost?", request_id=request_id)

    assert first["run_id"] == again["run_id"]
    assert len({run["run_id"] for run in (first, other, theirs)}) == 3


async def test_concurrent_same_requests_are_one_run(user: User) -> None:
    """Five equal requests at the same time start one run, not five."""
    request_id = f"e2e-{uuid.uuid4().hex}"

    runs = await asyncio.gather(*(started(user, "How is my cost?", request_id=request_id) for _ in range(5)))

    assert len({run["run_id"] for run in runs}) == 1


async def test_question_and_answer_are_persisted(
    user: User, websocket: OpenSocket, thread: str, eventually: Eventually
) -> None:
    """The thread holds the user's question and, after it, the assistant's answer to it."""
    events = await asked(websocket, user, thread_id=thread_id(thread))

    question, (role, answer) = await conversation(eventually, user, thread, 2)
    assert events[-1].type == "agent_completed"
    assert question == ("user", QUESTION)
    assert role == "assistant"
    assert tells(answer, AVERAGE)
    assert not mocked(answer)


async def test_events_reach_their_own_user_only(user: User, second_user: User, websocket: OpenSocket) -> None:
    """Two users who ask at the same time each see their own run and its answer, and nothing of the other's."""
    async with welcomed(websocket, user) as first, welcomed(websocket, second_user) as second:
        runs = await asyncio.gather(answered(first, user, QUESTION), answered(second, second_user, OTHER_QUESTION))
        await asyncio.gather(pinged(first, user), pinged(second, second_user))

    seen = [events_on(first), events_on(second)]
    assert [{event.document["user_id"] for event in events} for events in seen] == [
        {user.user_id},
        {second_user.user_id},
    ]
    assert [{event.run_id for event in events} for events in seen] == [{run[0].run_id} for run in runs]
    assert [tells(result_of(run), AVERAGE) for run in runs] == [True, False]
    assert [tells(result_of(run), OTHER_AVERAGE) for run in runs] == [False, True]


async def test_stream_tells_the_same_story(user: User) -> None:
    """The stream begins with agent_started, completes with the answer of its one run, and says that it is over."""
    events = await watched(user, "data", QUESTION)

    names = [event.name for event in events]
    assert names[0] == "agent_started"
    assert names[-2:] == ["agent_completed", "stream_end"]
    assert [name for name in names if name in TERMINAL_EVENTS] == ["agent_completed"]
    assert len({event.data["run_id"] for event in events}) == 1
    assert tells(events[-2].data["data"]["result"], AVERAGE)


async def test_backend_is_capable_of_agents(backend: Service) -> None:
    """The backend says that it can run agents with its language model, and that the golden path is ready."""
    body = accepted(await backend.get("/health/backend"))

    capabilities = body["capabilities"]
    assert (capabilities["agent_execution"], capabilities["llm_integration"]) == (True, True)
    assert (body["golden_path_ready"], body["readiness_score"]) == (True, 1.0)


async def test_circuit_breakers_are_closed(user: User) -> None:
    """Breakers are told, and none is open: nothing behind the backend has failed repeatedly."""
    answer = await user.backend.get("/api/metrics/circuit_breakers")

    states = [text for text in texts(accepted(answer)) if text in {"closed", "open", "half_open"}]
    assert states
    assert set(states) == {"closed"}


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
    run = await started(user, QUESTION)

    cancelled = accepted(await user.backend.post("/api/agents/cancel", json={"agent_id": "supervisor"}))

    what = f"run {run['run_id']} ends"
    status = (await eventually(ended(user, run["run_id"]), within_s=timeouts.receive_s, what=what))["status"]
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
