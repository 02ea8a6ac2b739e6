"""What the business lives on ($120K MRR): chat, agents, conversations, users apart, and the five events.

Each test is one behaviour that a customer would miss within the hour. None repeats what phase 1 shows of
the parts; these show that the parts together serve people.
"""

import asyncio
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

import pytest

from ci_tools.model import Timeouts
from ci_tools.target.answers import accepted, envelope, instant, mocked, rows
from ci_tools.target.evidence import Evidence
from ci_tools.target.fixtures import Eventually, NewUser, OpenSocket, User
from ci_tools.target.service import Service
from ci_tools.target.websocket import Frame, Socket, SocketRefusedError, TokenIn
from tests.e2e.connections import REFUSALS, answered, events_on, pinged, runs_on, welcomed
from tests.e2e.customers import Customers, sign_out
from tests.e2e.questions import costs, tells
from tests.e2e.run_events import GOLDEN_PATH, ends, kinds, longest_gap_s, out_of_place, result_of, times, users
from tests.e2e.runs import ended, executed, started, watched
from tests.e2e.threads import contents_of, thread_id, thread_of

AGENT_MESSAGES = ["user_message", "chat", "start_agent", "agent_request", "execute_agent"]


@pytest.mark.requires("websocket")
async def test_001_connections_of_one_user_serve_independently(
    user: User, websocket: OpenSocket, timeouts: Timeouts
) -> None:
    """Two connections of a user have ids of their own, and one goes on answering when the other is closed."""
    async with welcomed(websocket, user) as first:
        async with welcomed(websocket, user) as second:
            await second.send("ping", correlation_id="second")
            other = await second.expect("pong", within_s=timeouts.receive_s)
        await first.send("ping", correlation_id="first")
        own = await first.expect("pong", within_s=timeouts.receive_s)

    assert first.frames[0].data["connection_id"] != second.frames[0].data["connection_id"]
    assert (own.document["correlation_id"], other.document["correlation_id"]) == ("first", "second")
    assert "second" not in {frame.document["correlation_id"] for frame in first.frames}


@pytest.mark.requires("websocket")
async def test_002_only_an_access_token_opens_a_connection(
    user: User, websocket: OpenSocket, timeouts: Timeouts
) -> None:
    """A renewed access token opens a connection as the same user; the refresh token beside it opens none."""
    held = user.credentials.token
    assert held is not None
    pair = accepted(await user.auth.post("/auth/refresh", json={"refresh_token": held.refresh}, bearer=None))

    async with websocket(None, bearer=pair["access_token"]) as socket:
        welcome = await socket.expect("connection_established", within_s=timeouts.receive_s)
    with pytest.raises(SocketRefusedError) as refused:
        async with websocket(None, bearer=pair["refresh_token"]) as stranger:
            await stranger.expect("connection_established", within_s=timeouts.receive_s)

    assert welcome.data["user_id"] == user.user_id
    assert refused.value.code in REFUSALS


@pytest.mark.requires("websocket", "agents")
async def test_003_every_kind_of_message_reaches_an_agent(
    user: User, websocket: OpenSocket, timeouts: Timeouts
) -> None:
    """Each of the five kinds of message that clients send is answered by an agent, by what it asked."""
    asked = {kind: 100 * number for number, kind in enumerate(AGENT_MESSAGES, start=7)}
    answers: dict[str, str] = {}
    async with welcomed(websocket, user) as socket:
        for kind, unit in asked.items():
            await socket.send(kind, content=costs(unit), agent="data")
            answers[kind] = result_of(await socket.events_of_run(within_s=timeouts.agent_s))

    assert {kind: tells(answer, 3 * asked[kind]) for kind, answer in answers.items()} == dict.fromkeys(asked, True)


@pytest.mark.requires("websocket", "agents")
async def test_004_questions_at_once_are_answered_each(user: User, websocket: OpenSocket) -> None:
    """Three questions sent without waiting are three runs, each complete, in order, and about its own question."""
    units = [700, 1100, 1300]
    async with welcomed(websocket, user) as socket:
        for unit in units:
            await socket.send("user_message", content=costs(unit), agent="data")
        runs = await runs_on(socket, user, len(units))

    assert [kinds(events) for events in runs] == [GOLDEN_PATH] * 3
    assert sorted(_matching(units, runs)) == units


@pytest.mark.requires("agents")
async def test_005_every_agent_that_is_discovered_answers(user: User) -> None:
    """Each agent of the list answers as itself, in a run of its own, and with words that are no stand-in."""
    listed = [agent["name"] for agent in rows(await user.backend.get("/api/agents/status"))]

    answers = [await executed(user, name, costs(700)) for name in listed]

    assert [(answer["agent"], answer["status"]) for answer in answers] == [(name, "success") for name in listed]
    assert len({answer["run_id"] for answer in answers}) == len(listed)
    assert [answer["agent"] for answer in answers if not answer["response"] or mocked(str(answer["response"]))] == []


@pytest.mark.requires("agents")
async def test_006_configuration_of_agents_is_the_deployments(user: User, second_user: User) -> None:
    """Capabilities and configuration of each agent are its own, the same for all users, and untouched by a run."""
    before = await _configured(user)

    await executed(user, "data", costs(700), context={"config": {"capabilities": ["everything"]}})

    assert [name for name, (capabilities, config) in before.items() if not capabilities or not config] == []
    assert len({str(capabilities) for capabilities, _ in before.values()}) == len(before)
    assert await _configured(user) == before
    assert await _configured(second_user) == before


@pytest.mark.requires("agents")
async def test_007_execution_works_on_its_context(user: User) -> None:
    """The figures of an answer come from the context that was sent with the request; other context, other figures."""
    message = "Tell me the average of the series in the context"

    first = await executed(user, "data", message, context={"data": [700, 1400, 4200]})
    second = await executed(user, "data", message, context={"data": [1100, 2200, 6600]})

    assert [tells(first["response"], 2100), tells(first["response"], 3300)] == [True, False]
    assert [tells(second["response"], 2100), tells(second["response"], 3300)] == [False, True]


@pytest.mark.requires("agents")
async def test_008_stream_ends_in_the_stored_result(user: User) -> None:
    """A stream shows the five events of one run, and what it ends in is what is stored under the run's id."""
    *told, end = await watched(user, "data", costs(1100))

    state = accepted(await user.backend.get(f"/api/agent/{told[0].data['run_id']}/state"))
    assert list(dict.fromkeys(event.name for event in told)) == GOLDEN_PATH
    assert end.name == "stream_end"
    assert len({event.data["run_id"] for event in told}) == 1
    assert (state["status"], state["result"]) == ("completed", told[-1].data["data"]["result"])
    assert tells(state["result"], 3300)


@pytest.mark.requires("agents")
async def test_009_status_keeps_runs_apart(user: User, eventually: Eventually, timeouts: Timeouts) -> None:
    """Three runs that are started at once are each followed under their own id to their own end and figures."""
    asked = {700: "data", 1100: "supervisor", 1300: "data"}
    runs = await asyncio.gather(*(started(user, costs(unit), agent_type=agent) for unit, agent in asked.items()))

    states = [await eventually(ended(user, run["run_id"]), within_s=timeouts.agent_s, what="it ends") for run in runs]

    doors = [accepted(await user.backend.get(f"/api/agent/{run['run_id']}/status")) for run in runs]
    assert len({run["run_id"] for run in runs}) == 3
    assert [(run["status"], run["user_id"]) for run in runs] == [("started", user.user_id)] * 3
    assert [(state["run_id"], state["status"]) for state in states] == [(run["run_id"], "completed") for run in runs]
    assert [[unit for unit in asked if tells(state["result"], 3 * unit)] for state in states] == [[u] for u in asked]
    assert [(door["run_id"], door["status"]) for door in doors] == [(run["run_id"], "completed") for run in runs]


@pytest.mark.requires("websocket", "agents")
async def test_010_agents_use_tools_of_the_catalogue(user: User, websocket: OpenSocket) -> None:
    """Each tool that agents use for a request is in the catalogue, and is given the parameters that stand there."""
    catalogue = {tool["name"]: tool["parameters"] for tool in rows(await user.backend.get("/api/tools"), "tools")}

    async with welcomed(websocket, user) as socket:
        events = await answered(socket, user, costs(700), agent="supervisor")

    calls = [(event.data["tool_name"], event.data["parameters"]) for event in events if event.type == "tool_executing"]
    assert len({tool for tool, _ in calls}) > 1
    assert [tool for tool, _ in calls if tool not in catalogue] == []
    assert [(tool, given) for tool, given in calls if not _fits(given, catalogue[tool])] == []


@pytest.mark.requires("agents")
async def test_011_agents_answer_five_at_once_in_time(user: User, evidence: Evidence, timeouts: Timeouts) -> None:
    """Five requests at once are each answered within an agent's time, and say truly how long they took."""
    ask = {"type": "data", "message": costs(700)}
    answers = await asyncio.gather(
        *(user.backend.post("/api/agents/execute", json=ask, timeout_s=timeouts.agent_s) for _ in range(5))
    )

    times_s = [(accepted(answer)["execution_time"], answer.elapsed_s) for answer in answers]
    evidence.note(f"execution_time and elapsed seconds: {times_s}")
    assert [tells(accepted(answer)["response"], 2100) for answer in answers] == [True] * 5
    assert [pair for pair in times_s if not 0 < pair[0] <= pair[1]] == []
    assert max(elapsed_s for _, elapsed_s in times_s) < user.backend.environment.scaled(timeouts.agent_s)


async def test_012_stored_messages_are_those_that_were_confirmed(user: User) -> None:
    """What was confirmed of each message as it was written is what the thread says of it later, field by field."""
    fields = ("id", "thread_id", "content", "role", "created_at")
    async with thread_of(user, "confirmed") as thread:
        confirmed = [
            accepted(await user.backend.post(f"{thread}/messages", json={"message": text, "metadata": {"at": text}}))
            for text in ("first", "second", "third")
        ]
        stored = rows(await user.backend.get(f"{thread}/messages"))

    written = [instant(message["created_at"]) for message in stored]
    assert [_only(fields, message) for message in stored] == [_only(fields, message) for message in confirmed]
    assert [message["content"] for message in stored] == ["first", "second", "third"]
    assert written == sorted(written)
    assert len({message["id"] for message in stored}) == 3
    assert [message["role"] for message in stored] == ["user"] * 3


async def test_013_threads_are_created_as_asked_or_not_at_all(user: User) -> None:
    """A thread needs no title, two may have the same, and a malformed one is refused and leaves nothing behind."""
    refused = [
        await user.backend.post("/api/threads", json={"title": ["no", "text"]}),
        await user.backend.post("/api/threads", json={"title": "x", "metadata": "no object"}),
    ]
    async with thread_of(user, "twin") as first, thread_of(user, "twin") as second, thread_of(user, None) as untitled:
        listed = rows(await user.backend.get("/api/threads"))

    assert [answer.status for answer in refused] == [422, 422]
    assert first != second
    assert {f"/api/threads/{thread['id']}" for thread in listed} == {first, second, untitled}


@pytest.mark.requires("websocket", "agents")
async def test_014_switching_threads_leaves_the_other_alone(user: User, websocket: OpenSocket) -> None:
    """While a user talks in one thread the other one stays to the letter as it was left, and goes on from there."""
    async with thread_of(user, "one") as one, thread_of(user, "two") as two, welcomed(websocket, user) as socket:
        result_of(await answered(socket, user, costs(700), agent="data", thread_id=thread_id(one)))
        left = await _whole(user, one)
        result_of(await answered(socket, user, costs(1100), agent="data", thread_id=thread_id(two)))
        found = await _whole(user, one)
        result_of(await answered(socket, user, costs(1300), agent="data", thread_id=thread_id(one)))
        thread, messages = await _whole(user, one)

    assert found == left
    assert [message["role"] for message in messages] == ["user", "assistant", "user", "assistant"]
    assert messages[:2] == left[1]
    assert [tells(message["content"], 3900) for message in messages] == [False, False, False, True]
    assert (thread["message_count"], left[0]["message_count"]) == (4, 2)


async def test_015_long_history_is_read_page_by_page(user: User) -> None:
    """The pages of a history are in order, disjoint and complete, and the thread counts what they hold."""
    texts = [f"message {number}" for number in range(7)]
    async with thread_of(user, "history") as thread:
        for text in texts:
            accepted(await user.backend.post(f"{thread}/messages", json={"message": text}))
        pages = [
            rows(await user.backend.get(f"{thread}/messages", params={"limit": 3, "offset": offset}))
            for offset in (0, 3, 6, 9)
        ]
        count = accepted(await user.backend.get(thread))["message_count"]

    assert [len(page) for page in pages] == [3, 3, 1, 0]
    assert [message["content"] for page in pages for message in page] == texts
    assert count == 7


@pytest.mark.requires("websocket", "agents")
async def test_016_agents_do_not_enter_threads_of_others(
    user: User, second_user: User, websocket: OpenSocket, timeouts: Timeouts
) -> None:
    """At no door can a user have an agent work in another user's thread: it is refused and stays as it was."""
    async with thread_of(user, "private") as thread, welcomed(websocket, second_user) as socket:
        accepted(await user.backend.post(f"{thread}/messages", json={"message": "my secret plan"}))
        ask = {"message": "Summarise this thread", "thread_id": thread_id(thread)}
        refused = [
            await second_user.backend.post("/api/agents/execute", json={"type": "supervisor", **ask}),
            await second_user.backend.post("/api/agents/stream", json={"type": "supervisor", **ask}),
            await second_user.backend.post("/api/agent/v2/execute", json=ask),
        ]
        await socket.send("user_message", content=ask["message"], thread_id=ask["thread_id"])
        told = await socket.expect("error_message", within_s=timeouts.receive_s)
        kept = await contents_of(user, thread)

    assert [answer.status for answer in refused] == [404] * 3
    assert "secret plan" not in str([*(answer.text for answer in refused), told.document])
    assert events_on(socket) == []
    assert kept == [("user", "my secret plan")]


@pytest.mark.requires("websocket", "agents")
async def test_017_five_users_at_once_have_their_own_answers(new_user: NewUser, websocket: OpenSocket) -> None:
    """Five users who connect and ask at the same time each get their own run and answer, and nothing of the others'."""
    asked = {unit: await new_user() for unit in (700, 1100, 1300, 1700, 1900)}

    async def ask(unit: int) -> list[Frame]:
        async with welcomed(websocket, asked[unit]) as socket:
            await answered(socket, asked[unit], costs(unit), agent="data")
            await pinged(socket, asked[unit])
            return events_on(socket)

    runs = await asyncio.gather(*(ask(unit) for unit in asked))

    others = zip(asked.values(), [*runs[1:], runs[0]], strict=True)
    peeked = [await someone.backend.get(f"/api/agent/{events[0].run_id}/state") for someone, events in others]
    assert [answer.status for answer in peeked] == [404] * 5
    assert [users(events) for events in runs] == [{someone.user_id} for someone in asked.values()]
    assert [len({event.run_id for event in events}) for events in runs] == [1] * 5
    assert len({events[0].run_id for events in runs}) == 5
    assert _matching(list(asked), runs) == list(asked)


@pytest.mark.requires("websocket")
async def test_018_one_user_cannot_flood_the_chat(
    user: User, second_user: User, websocket: OpenSocket, timeouts: Timeouts
) -> None:
    """As many messages of a user as a minute allows are served and the next is told off, while others are served."""
    allowed = user.backend.environment.socket_limits.messages_per_min
    async with welcomed(websocket, user) as socket, welcomed(websocket, second_user) as calm:
        for _ in range(allowed + 1):
            await socket.send("ping")
        refused = await socket.expect("error_message", within_s=timeouts.receive_s)
        await pinged(calm, second_user)

    assert "RATE" in str(refused.document).upper()
    assert Counter(frame.type for frame in socket.frames)["pong"] == allowed
    assert [frame.type for frame in calm.frames if frame.type in {"pong", "error_message"}] == ["pong"]


@pytest.mark.requires("agents")
async def test_019_mistakes_are_explained_and_harm_nothing(user: User, backend: Service) -> None:
    """Each kind of mistake has its status and code, words for people, ids of its own, and no insides of ours."""
    unknown = uuid.uuid4()
    mistakes = [
        await backend.post("/api/agents/execute", json={"type": "data", "message": "hello"}),
        await user.backend.get(f"/api/threads/{unknown}"),
        await user.backend.post("/api/agents/execute", json={"type": "data"}),
        await user.backend.post("/api/tools/execute", json={"tool_name": 7}),
        await user.backend.patch("/api/v1/user/settings", json=["no object"]),
    ]
    told = [envelope(answer) for answer in mistakes]

    assert [answer.status for answer in mistakes] == [401, 404, 422, 422, 422]
    assert len({error["error_code"] for error in told[:3]}) == 3
    assert len({error["trace_id"] for error in told}) == len({error["request_id"] for error in told}) == 5
    assert [error for error in told if not error["user_message"] or "Traceback" in str(error)] == []
    assert (await executed(user, "data", costs(700)))["status"] == "success"


@pytest.mark.requires("websocket", "agents")
async def test_020_coming_and_going_leaves_the_user_served(user: User, websocket: OpenSocket) -> None:
    """A user whose connections come and go, more than may stand at once, is welcomed each time and answered at last."""
    ids = []
    often = 2 * user.backend.environment.socket_limits.connections
    for _ in range(often):
        async with welcomed(websocket, user) as socket:
            ids.append(socket.frames[0].data["connection_id"])

    async with AsyncExitStack() as held:
        standing = [await held.enter_async_context(welcomed(websocket, user)) for _ in range(2)]
        answers = await asyncio.gather(*(_asked_on(socket, user) for socket in standing))

    assert len(set(ids)) == often
    assert [tells(answer, 2100) for answer in answers] == [True, True]


async def test_021_signing_in_again_finds_everything(customers: Customers) -> None:
    """A customer who signs out and in again is the same, with document, preference, profile and key left behind."""
    account = customers.new_account()
    before = await customers.sign_up(account)
    document = accepted(await before.backend.post("/api/corpus", json={"title": "left", "content": "behind"}))
    accepted(await before.backend.patch("/api/v1/user/preferences", json={"theme": "e2e-left"}))
    accepted(await before.backend.patch("/api/v1/user/profile", json={"company": "Left & Sons"}))
    key = accepted(await before.backend.post("/api/v1/user/api-keys", json={"name": "left"}))
    await sign_out(before)

    again = await customers.sign_in(account)

    keys = rows(await again.backend.get("/api/v1/user/api-keys"))
    await again.backend.delete(f"/api/v1/user/api-keys/{key['id']}")
    assert again.user_id == before.user_id
    assert accepted(await again.backend.get(f"/api/corpus/{document['id']}/content"))["content"] == "behind"
    assert accepted(await again.backend.get("/api/v1/user/preferences"))["theme"] == "e2e-left"
    assert accepted(await again.backend.get("/api/v1/user/profile"))["company"] == "Left & Sons"
    assert [each["id"] for each in keys] == [key["id"]]


@pytest.mark.requires("websocket", "agents")
async def test_022_every_agent_lives_from_its_start_to_its_end(user: User, websocket: OpenSocket) -> None:
    """Each of the agents, asked in turn, is first to start and last to complete, and is silent outside its life."""
    names = [agent["name"] for agent in rows(await user.backend.get("/api/agents/status"))]
    async with welcomed(websocket, user) as socket:
        runs = [await answered(socket, user, costs(700), agent=name) for name in names]

    assert [(events[0].type, events[0].agent_name) for events in runs] == [("agent_started", name) for name in names]
    assert [(events[-1].type, events[-1].agent_name) for events in runs] == [
        ("agent_completed", name) for name in names
    ]
    assert [found for events in runs for found in out_of_place(events)] == []
    assert all(result_of(events) for events in runs)


@pytest.mark.requires("websocket", "agents")
async def test_023_partial_results_lead_to_the_answer(user: User, websocket: OpenSocket) -> None:
    """What a tool finds reaches the user before the agent is done, and is what the agent then answers with."""
    async with welcomed(websocket, user) as socket:
        events = await answered(socket, user, costs(1100), agent="data")

    telling = [event for event in events if tells(event.data, 3300)]
    after = events[events.index(telling[0]) + 1 :]
    assert telling[0].type == "tool_completed"
    assert "agent_thinking" in kinds(after)
    assert tells(result_of(events), 3300)


@pytest.mark.requires("websocket", "agents")
async def test_024_messages_keep_their_order(user: User, websocket: OpenSocket, evidence: Evidence) -> None:
    """Questions sent without waiting stand in their thread as they were sent, each answer after its question."""
    units = [700, 1100, 1300]
    async with thread_of(user, "order") as thread, welcomed(websocket, user) as socket:
        for unit in units:
            await socket.send("user_message", content=costs(unit), agent="data", thread_id=thread_id(thread))
        runs = await runs_on(socket, user, len(units))
        told = await contents_of(user, thread)
    evidence.note(f"roles: {[role for role, _ in told]}")

    assert [text for role, text in told if role == "user"] == [costs(unit) for unit in units]
    assert [_answered_later(told, unit) for unit in units] == [True] * 3
    assert [times(events) for events in runs if times(events) != sorted(times(events))] == []


@pytest.mark.requires("websocket", "agents")
async def test_025_a_browser_gets_all_five_events_of_every_run(
    user: User, websocket: OpenSocket, timeouts: Timeouts, evidence: Evidence
) -> None:
    """Three agents asked over a browser's connection each deliver the five events, one start, one end, no long gap."""
    agents = ["triage", "data", "optimization"]
    async with welcomed(websocket, user, token_in=TokenIn.SUBPROTOCOL) as socket:
        runs = [await answered(socket, user, costs(700), agent=agent) for agent in agents]

    gap_s = max(longest_gap_s(events) for events in runs)
    evidence.note(f"longest silence between two events: {gap_s:.3f} s")
    assert [kinds(events) for events in runs] == [GOLDEN_PATH] * 3
    assert [ends(events) for events in runs] == [["agent_started", "agent_completed"]] * 3
    assert [{event.agent_name for event in events} for events in runs] == [{agent} for agent in agents]
    assert gap_s < user.backend.environment.scaled(timeouts.agent_s)


async def _configured(user: User) -> dict[str, tuple[Any, Any]]:
    agents = rows(await user.backend.get("/api/agents/status"))
    return {agent["name"]: (agent["capabilities"], agent["config"]) for agent in agents}


async def _whole(user: User, thread: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The thread and its messages, as they are now."""
    return accepted(await user.backend.get(thread)), rows(await user.backend.get(f"{thread}/messages"))


async def _asked_on(socket: Socket, user: User) -> str:
    return result_of(await answered(socket, user, costs(700), agent="data"))


def _matching(units: Sequence[int], runs: Sequence[Sequence[Frame]]) -> list[int]:
    """For each run, in order, the units whose average its result tells: one, if no two questions were mixed."""
    return [unit for events in runs for unit in units if tells(result_of(events), 3 * unit)]


def _fits(given: Mapping[str, Any], schema: Mapping[str, Any]) -> bool:
    """Whether every required parameter is given, and none that the schema does not know."""
    return set(schema.get("required", ())) <= set(given) <= set(schema.get("properties", ()))


def _only(fields: Sequence[str], message: Mapping[str, Any]) -> dict[str, Any]:
    return {field: message[field] for field in fields}


def _answered_later(told: Sequence[tuple[str, str]], unit: int) -> bool:
    """Whether the answer to the question about *unit* stands in the thread, after it."""
    question = told.index(("user", costs(unit)))
    return any(role == "assistant" and tells(text, 3 * unit) for role, text in told[question:])
