import asyncio
import json

import httpx
import pytest

from tests.contract.checks import check_answered, check_listed, check_refused, instant
from tests.contract.client import Deployed, User
from tests.contract.runs import ended
from tests.contract.schemas import AGENT_NAMES, GOLDEN_PATH, MESSAGE, THREAD

AGENT_MESSAGES = ("user_message", "chat", "start_agent", "agent_request", "execute_agent")
CONTENT = "Describe 10, 20, 30 and 40."


@pytest.mark.parametrize("kind", AGENT_MESSAGES)
async def test_every_agent_message_runs_an_agent(deployed: Deployed, user: User, kind: str) -> None:
    """Each type of agent message has the five events, first agent_started, last agent_completed."""
    async with deployed.socket(user=user) as socket:
        events = (await socket.run(kind, content=CONTENT, agent="data")).check()

    assert events.types[:4] == list(GOLDEN_PATH[:4])
    assert events.types[-1] == "agent_completed"
    assert set(events.types) == set(GOLDEN_PATH)
    assert "25" in str(events.result)


async def test_events_are_of_one_run_of_the_user(deployed: Deployed, user: User) -> None:
    """Every event names the same run, the user and the agent that was asked."""
    async with deployed.socket(user=user) as socket:
        events = await socket.run(content=CONTENT, agent="data")

    assert events.run_id
    assert {event["user_id"] for event in events} == {user.user_id}
    assert {event["agent_name"] for event in events} == {"data"}


@pytest.mark.parametrize("agent", AGENT_NAMES)
async def test_every_agent_has_ordered_events(deployed: Deployed, user: User, agent: str) -> None:
    """An agent starts once and completes once; it thinks before it ends; its steps count up."""
    async with deployed.socket(user=user) as socket:
        events = (await socket.run(content=CONTENT, agent=agent)).check()
    own = [event for event in events if event["agent_name"] == agent]
    thoughts = [event["data"] for event in own if event["type"] == "agent_thinking"]

    assert own[0] == events[0]
    assert own[0]["type"] == "agent_started"
    assert own[-1] == events[-1]
    assert own[-1]["type"] == "agent_completed"
    assert [event["type"] for event in own].count("agent_started") == 1
    assert [event["type"] for event in own].count("agent_completed") == 1
    assert [thought["step_number"] for thought in thoughts] == list(range(1, len(thoughts) + 1))
    assert len(thoughts) >= 1
    progress = [thought["progress_percentage"] for thought in thoughts]
    assert progress == sorted(progress)


async def test_events_come_in_the_order_of_their_time(deployed: Deployed, user: User) -> None:
    """No event is older than the one before it."""
    async with deployed.socket(user=user) as socket:
        events = await socket.run(content=CONTENT)
    times = [instant(event["timestamp"]) for event in events]

    assert times == sorted(times)


async def test_tool_events_are_paired_one_by_one(deployed: Deployed, user: User) -> None:
    """A tool completes before its agent goes on: executing and completed alternate, by the same name."""
    async with deployed.socket(user=user) as socket:
        events = await socket.run(content=CONTENT, agent="data")
    tools = [(event["type"], event["data"]["tool_name"]) for event in events if event["type"].startswith("tool_")]
    names = [name for _, name in tools[::2]]

    assert len(names) >= 1
    assert tools == [pair for name in names for pair in (("tool_executing", name), ("tool_completed", name))]


async def test_tool_events_carry_their_content(deployed: Deployed, user: User) -> None:
    """The parameters of a tool come from the message, its result from the tool."""
    async with deployed.socket(user=user) as socket:
        events = await socket.run(content="Describe 3, 5 and 88.", agent="data")

    assert "88" in str([event["data"]["parameters"] for event in events.of("tool_executing")])
    assert "32" in str([event["data"]["result"] for event in events.of("tool_completed")])


async def test_supervisor_hands_work_over(deployed: Deployed, user: User) -> None:
    """Without an agent the supervisor runs: sub-agents start and complete inside its run, under its id."""
    async with deployed.socket(user=user) as socket:
        events = (await socket.run(content="Costs were 100, 120 and 150; reduce them by 10%.")).check()
    started = [event["agent_name"] for event in events.of("agent_started")]
    completed = [event["agent_name"] for event in events.of("agent_completed")]

    assert events.run_id
    assert started[0] == completed[-1] == "supervisor"
    assert len(started) >= 3
    assert sorted(started) == sorted(completed)
    assert "triage" in started


async def test_handed_over_work_is_built_on(deployed: Deployed, user: User) -> None:
    """What one agent found stands in the answer of the agents after it, and so in the supervisor's."""
    async with deployed.socket(user=user) as socket:
        events = await socket.run(content="Costs were 100, 120 and 170; report on them.")
    found = [event["data"]["result"]["response"] for event in events.of("agent_completed")]

    assert "130" in found[1]
    assert found[1] in found[-1]
    assert found[0] in found[-1]


async def test_supervisor_reads_the_conversation(deployed: Deployed, api: httpx.AsyncClient, user: User) -> None:
    """In a thread the supervisor looks at what was said before, the newest last, and at nothing said elsewhere."""
    created = [await api.post("/api/threads", headers=user.bearer, json={}) for _ in range(2)]
    thread, other = [check_answered(answer, THREAD, 201)["id"] for answer in created]
    await api.post(f"/api/threads/{thread}/messages", headers=user.bearer, json={"message": "We spoke of turbines."})
    await api.post(f"/api/threads/{other}/messages", headers=user.bearer, json={"message": "Here of zeppelins."})
    async with deployed.socket(user=user) as socket:
        events = await socket.run(content=CONTENT, thread_id=thread)
    looked_up = str([event["data"]["result"] for event in events.of("tool_completed")])

    assert 0 < looked_up.find("We spoke of turbines.") < looked_up.find(CONTENT)
    assert "zeppelins" not in looked_up


async def test_events_carry_the_correlation_id(deployed: Deployed, user: User) -> None:
    """Every event of a run has the correlation id of the message that started it."""
    message = {"type": "chat", "data": {"content": CONTENT, "agent": "data"}, "correlation_id": "contract-11"}
    async with deployed.socket(user=user) as socket:
        await socket.connection.send(json.dumps(message))
        events = await socket.events()

    assert {event["correlation_id"] for event in events} == {"contract-11"}


async def test_answers_depend_on_the_message(deployed: Deployed, user: User) -> None:
    """Two messages on one connection have two results in two runs; the first again has the first's."""
    async with deployed.socket(user=user) as socket:
        first = await socket.run(content="Describe 1, 2 and 3.", agent="data")
        second = await socket.run(content="Describe 4, 5 and 99.", agent="data")
        again = await socket.run(content="Describe 1, 2 and 3.", agent="data")

    assert first.result != second.result
    assert first.result == again.result
    assert len({first.run_id, second.run_id, again.run_id}) == 3


async def test_thoughts_depend_on_the_message(deployed: Deployed, user: User) -> None:
    """The reasoning of an agent is about the message, not a phrase."""
    async with deployed.socket(user=user) as socket:
        first = await socket.run(content="Turbines need cooling. Cooling needs water.", agent="triage")
        second = await socket.run(content="Invoices need approval. Approval needs time.", agent="triage")
    reasons = [events.of("agent_thinking")[0]["data"]["reasoning"].lower() for events in (first, second)]

    assert ("cooling" in reasons[0], "approval" in reasons[0]) == (True, False)
    assert ("cooling" in reasons[1], "approval" in reasons[1]) == (False, True)


async def test_context_counts(deployed: Deployed, user: User) -> None:
    """Context sent with a message ends up in the result."""
    async with deployed.socket(user=user) as socket:
        events = await socket.run(content="Describe the series.", agent="data", context={"data": [3, 5, 91]})

    assert "33" in str(events.result)


async def test_two_runs_at_once_stay_apart(deployed: Deployed, user: User) -> None:
    """Two messages sent at once are two runs, each with its own events in order."""
    async with deployed.socket(user=user) as socket:
        await socket.send("user_message", content="Describe 1, 2 and 3.", agent="data")
        await socket.send("user_message", content="Hello.", agent="triage")
        frames = await socket.until("agent_completed")
        frames += await socket.until("agent_completed")
    runs = {agent: [frame for frame in frames if frame.get("agent_name") == agent] for agent in ("data", "triage")}

    assert [run[0]["type"] for run in runs.values()] == ["agent_started"] * 2
    assert [run[-1]["type"] for run in runs.values()] == ["agent_completed"] * 2
    assert len({frame["run_id"] for frame in frames}) == 2


async def test_run_can_be_read_over_http(
    deployed: Deployed, api: httpx.AsyncClient, user: User, stranger: User
) -> None:
    """What the events told is what the run's state says, to its user only."""
    async with deployed.socket(user=user) as socket:
        events = await socket.run(content=CONTENT, agent="data")
    run = await ended(api, user, events.run_id)

    assert run["status"] == "completed"
    assert run["result"] == events.result
    assert [step["type"] for step in run["steps"]] == events.types
    check_refused(await api.get(f"/api/agent/{events.run_id}/status", headers=stranger.bearer), 404)


async def test_run_is_written_into_its_thread(deployed: Deployed, api: httpx.AsyncClient, user: User) -> None:
    """A message in a thread and the agent's answer stand in that thread, in this order, and are counted there."""
    created = await api.post("/api/threads", headers=user.bearer, json={})
    thread = check_answered(created, THREAD, 201)["id"]
    async with deployed.socket(user=user) as socket:
        events = await socket.run(content=CONTENT, agent="data", thread_id=thread)
    await ended(api, user, events.run_id)
    messages = check_listed(await api.get(f"/api/threads/{thread}/messages", headers=user.bearer), MESSAGE)

    counted = check_answered(await api.get(f"/api/threads/{thread}", headers=user.bearer), THREAD)["message_count"]
    assert counted == 2
    assert [message["role"] for message in messages] == ["user", "assistant"]
    assert messages[0]["content"] == CONTENT
    assert "25" in messages[1]["content"]


async def test_run_outlives_its_connection(deployed: Deployed, api: httpx.AsyncClient, user: User) -> None:
    """A client that goes away after agent_started finds the result of its run by the run's id."""
    async with deployed.socket(user=user) as socket:
        await socket.send("user_message", content=CONTENT)
        started = await socket.expect("agent_started")
    run = await ended(api, user, started["run_id"])

    assert run["status"] == "completed"


async def test_events_go_to_their_user_only(deployed: Deployed, user: User, stranger: User) -> None:
    """A stranger's connection hears nothing of a run."""
    async with deployed.socket(user=stranger) as theirs, deployed.socket(user=user) as mine:
        await mine.run(content=CONTENT, agent="data")
        heard = await theirs.silent(for_s=0.2)

    assert heard == []


async def test_events_go_to_their_connection_only(deployed: Deployed, user: User) -> None:
    """The user's other connection hears nothing of a run that it did not start."""
    async with deployed.socket(user=user) as other, deployed.socket(user=user) as mine:
        await mine.run(content=CONTENT, agent="data")
        heard = await other.silent(for_s=0.2)

    assert heard == []


async def test_users_at_once_get_their_own_results(deployed: Deployed, user: User, stranger: User) -> None:
    """Two users who run at the same time each get their own run with their own numbers."""
    async with deployed.socket(user=user) as mine, deployed.socket(user=stranger) as theirs:
        first, second = await asyncio.gather(
            mine.run(content="Describe 1, 1 and 100.", agent="data"),
            theirs.run(content="Describe 2, 2 and 200.", agent="data"),
        )

    assert {event["user_id"] for event in first} == {user.user_id}
    assert {event["user_id"] for event in second} == {stranger.user_id}
    assert ("34" in str(first.result), "68" in str(first.result)) == (True, False)
    assert ("34" in str(second.result), "68" in str(second.result)) == (False, True)


async def test_strangers_threads_take_no_messages(
    deployed: Deployed, api: httpx.AsyncClient, user: User, stranger: User
) -> None:
    """A message into another user's thread is an error and leaves nothing there."""
    created = await api.post("/api/threads", headers=stranger.bearer, json={})
    thread = check_answered(created, THREAD, 201)["id"]
    async with deployed.socket(user=user) as socket:
        await socket.send("user_message", content=CONTENT, thread_id=thread)
        await socket.expect("error_message")
    messages = check_listed(await api.get(f"/api/threads/{thread}/messages", headers=stranger.bearer), MESSAGE)

    assert messages == []
