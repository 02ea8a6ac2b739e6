"""A run can be watched as a stream: what happens comes as it happens, in order, to its end and not beyond."""

import asyncio
from typing import Any

import pytest

from ci_tools.target.answers import mocked
from ci_tools.target.fixtures import Eventually, NewUser, OpenSocket, User
from ci_tools.target.stream import ServerEvent
from ci_tools.target.websocket import TERMINAL_EVENTS, Socket
from tests.e2e.connections import welcomed
from tests.e2e.questions import FOR_MANY_AGENTS, NO_NUMBERS, costs, tells
from tests.e2e.runs import ended, watched

pytestmark = pytest.mark.requires("agents", "llm")

AT_MOST = 8
"""Runs that are called off: where agents are quick and we are slow, one may complete before it hears of that."""


async def test_stream_is_the_runs_own_record(user: User, eventually: Eventually) -> None:
    """The stream holds what the run recorded, each step once and in order, named alike inside and outside."""
    events = await watched(user, "supervisor", costs(359))

    run_id = events[0].data["run_id"]
    within_s = user.backend.environment.timeouts.receive_s
    run = await eventually(ended(user, run_id), within_s=within_s, what=f"run {run_id} has ended")
    assert events[-2].name == "agent_completed"
    assert [event.name for event in events[:-1]] == [step["type"] for step in run["steps"]]
    assert [event.name for event in events] == [event.data["type"] for event in events]
    assert {event.data["run_id"] for event in events} == {run_id}
    assert {event.data["user_id"] for event in events[:-1]} == {user.user_id}
    assert run["user_id"] == user.user_id


@pytest.mark.requires("websocket")
async def test_events_come_while_the_run_goes_on(user: User, websocket: OpenSocket, eventually: Eventually) -> None:
    """The first event of a stream is early enough to call its run off: the stream then ends in agent_error.

    Nothing else tells a run's id, so a stream that is held back until its end cannot be called off.
    """
    async with welcomed(websocket, user) as socket:
        events, run = await _called_off_at_work(user, socket, eventually)

    assert run["status"] == "cancelled"
    assert [event.name for event in (events[0], *events[-2:])] == ["agent_started", "agent_error", "stream_end"]
    assert ("agent_completed", "supervisor") not in {(event.name, event.data.get("agent_name")) for event in events}


async def test_stream_ends_with_the_run(user: User, eventually: Eventually) -> None:
    """The result is the last event but one, stream_end the last and only one, and the run is over by then."""
    events = await watched(user, "data", costs(367))
    within_s = user.backend.environment.timeouts.receive_s
    run = await eventually(ended(user, events[0].data["run_id"]), within_s=within_s, what="the run has ended")

    result = events[-2].data["data"]["result"]
    assert [event.name for event in events[-2:]] == ["agent_completed", "stream_end"]
    assert [event.name for event in events].count("stream_end") == 1
    assert tells(result, 1101)
    assert not mocked(str(result.get("response")))
    assert (run["status"], run["result"]) == ("completed", result)


async def test_streams_at_once_are_not_mixed(user: User, second_user: User, new_user: NewUser) -> None:
    """Of four streams at once, two of them of one user, each tells of one run, to its user, with its own figures."""
    users, units = [user, user, second_user, await new_user()], [373, 379, 383, 389]

    streams = await asyncio.gather(*(watched(one, "data", costs(unit)) for one, unit in zip(users, units, strict=True)))

    runs = [{event.data["run_id"] for event in events} for events in streams]
    told = [[unit for unit in units if tells([event.data["data"] for event in events], 3 * unit)] for events in streams]
    assert [len(run_ids) for run_ids in runs] == [1] * 4
    assert len(set.union(*runs)) == 4
    assert [{event.data["user_id"] for event in events[:-1]} for events in streams] == [{one.user_id} for one in users]
    assert told == [[unit] for unit in units]


async def test_stream_of_a_failing_run_says_so(user: User, eventually: Eventually) -> None:
    """A request that cannot be met ends its own stream in an error in words, and is kept as failed; others go on."""
    events, others = await asyncio.gather(
        watched(user, "data", "Tell me the average.", context=NO_NUMBERS), watched(user, "data", costs(401))
    )
    within_s = user.backend.environment.timeouts.receive_s
    run = await eventually(ended(user, events[0].data["run_id"]), within_s=within_s, what="the run has ended")

    names = [event.name for event in events]
    assert (names[0], names[-2:]) == ("agent_started", ["agent_error", "stream_end"])
    assert TERMINAL_EVENTS & set(names) == {"agent_error"}
    assert events[-2].data["data"]["error_message"]
    assert (run["status"], run["result"]) == ("failed", None)
    assert tells(others[-2].data["data"]["result"], 1203)


async def _called_off_at_work(
    user: User, socket: Socket, eventually: Eventually
) -> tuple[list[ServerEvent], dict[str, Any]]:
    """A stream and its run, the first of several that did not complete before it could be called off."""
    within_s = user.backend.environment.timeouts.receive_s
    for _ in range(AT_MOST):
        events = await _called_off(user, socket)
        run = await eventually(ended(user, events[0].data["run_id"]), within_s=within_s, what="the run has ended")
        if run["status"] == "cancelled":
            break
    return events, run


async def _called_off(user: User, socket: Socket) -> list[ServerEvent]:
    """The events of a stream whose run was cancelled over *socket* at the first of them."""
    timeout_s = user.backend.environment.timeouts.agent_s
    body = {"type": "supervisor", "message": FOR_MANY_AGENTS}
    async with user.backend.events("/api/agents/stream", json=body, timeout_s=timeout_s) as events:
        first = await anext(events)
        await socket.send("cancel_agent", run_id=first.data["run_id"])
        return [first, *[event async for event in events]]
