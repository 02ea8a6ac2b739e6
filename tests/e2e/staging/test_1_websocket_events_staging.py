"""What happens in a run reaches the client that waits for it: all of it, in order, true, and nothing else.

The handshake stands on the WebSocket alone; the other tests need agents that work.
"""

import asyncio

import pytest

from ci_tools.target.answers import instant
from ci_tools.target.evidence import Evidence
from ci_tools.target.fixtures import Eventually, OpenSocket, User
from tests.e2e.agent_work import figures, tool_calls, tool_result
from tests.e2e.connections import answered, pinged, welcomed
from tests.e2e.runs import ended

ENVELOPE = {"type", "data", "timestamp", "server_id", "correlation_id"}
QUESTION = "Costs were 1200, 1600, 900 and 2300 USD: describe the numbers."


async def test_websocket_connection(user: User, websocket: OpenSocket) -> None:
    """Two connections of a user stand side by side, each welcomed by a complete frame under an id of its own."""
    async with welcomed(websocket, user) as first, welcomed(websocket, user) as second:
        await asyncio.gather(pinged(first, user), pinged(second, user))

    welcomes = [first.frames[0], second.frames[0]]
    assert [ENVELOPE - set(welcome.document) for welcome in welcomes] == [set(), set()]
    assert len({welcome.data["connection_id"] for welcome in welcomes}) == 2
    assert instant(welcomes[0].document["timestamp"]) <= instant(first.frames[-1].document["timestamp"])
    assert {frame.type for frame in first.frames + second.frames} == {"connection_established", "pong"}


@pytest.mark.requires("agents", "llm")
async def test_every_event_that_happened_arrives_once_and_in_order(
    user: User, websocket: OpenSocket, eventually: Eventually, evidence: Evidence
) -> None:
    """The client sees exactly the steps that the run recorded, in their order and that of time, as its user's."""
    timeouts = user.backend.environment.timeouts
    async with welcomed(websocket, user) as socket:
        events = await answered(socket, user, QUESTION)
    run = await eventually(ended(user, events[0].run_id), within_s=timeouts.receive_s, what="the run has ended")
    evidence.note(f"run {run['run_id']}: {len(events)} events")

    times = [instant(event.document["timestamp"]) for event in events]
    assert events[-1].type == "agent_completed"
    assert [event.type for event in events] == [step["type"] for step in run["steps"]]
    assert times == sorted(times)
    assert {(event.run_id, event.document["user_id"]) for event in events} == {(run["run_id"], user.user_id)}


@pytest.mark.requires("agents", "llm")
async def test_thoughts_make_progress(user: User, websocket: OpenSocket) -> None:
    """An agent's thoughts are counted up one by one, its progress never goes back, and no thought is said twice."""
    async with welcomed(websocket, user) as socket:
        events = await answered(socket, user, QUESTION, agent="data")

    thoughts = [event.data for event in events if event.type == "agent_thinking"]
    progress = [thought["progress_percentage"] for thought in thoughts]
    assert [thought["step_number"] for thought in thoughts] == list(range(1, len(thoughts) + 1))
    assert progress == sorted(progress)
    assert 0 <= progress[0] < progress[-1] <= 100
    assert len({thought["reasoning"] for thought in thoughts}) == len(thoughts)


@pytest.mark.requires("agents", "llm")
async def test_tool_events_tell_what_the_tool_did(user: User, websocket: OpenSocket) -> None:
    """The result in a tool_completed is what the tool gives for the parameters in its tool_executing."""
    async with welcomed(websocket, user) as socket:
        events = await answered(socket, user, QUESTION, agent="data")

    calls = tool_calls([event.document for event in events])
    asked = [await tool_result(user, call.tool, call.parameters) for call in calls]
    assert calls
    assert [call.result for call in calls] == asked


@pytest.mark.requires("agents", "llm")
async def test_two_runs_on_two_connections_are_not_mixed(user: User, websocket: OpenSocket) -> None:
    """A user who asks on two connections at once gets on each the one run that was started there, with its answer."""
    async with welcomed(websocket, user) as first, welcomed(websocket, user) as second:
        runs = await asyncio.gather(
            answered(first, user, "Describe 10, 20 and 33.", agent="data"),
            answered(second, user, "Describe 100, 200 and 333.", agent="data"),
        )
        await asyncio.gather(pinged(first, user), pinged(second, user))

    assert runs[0][0].run_id != runs[1][0].run_id
    assert [{frame.run_id for frame in socket.frames} - {""} for socket in (first, second)] == [
        {runs[0][0].run_id},
        {runs[1][0].run_id},
    ]
    assert [figures(run[-1].data["result"]) & {21.0, 211.0} for run in runs] == [{21.0}, {211.0}]
