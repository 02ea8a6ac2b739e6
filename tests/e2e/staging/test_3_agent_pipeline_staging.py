"""A request becomes a run, whichever door it enters by: in time, to be followed, kept, and to be called off."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ci_tools.target.answers import accepted, envelope
from ci_tools.target.evidence import Evidence
from ci_tools.target.fixtures import Eventually, OpenSocket, User
from ci_tools.target.websocket import AGENT_EVENTS, Frame, Socket
from tests.e2e.agent_work import streamed
from tests.e2e.connections import answered, pinged, runs_on, welcomed
from tests.e2e.questions import FOR_MANY_AGENTS, costs, tells
from tests.e2e.run_events import result_of
from tests.e2e.runs import UNDER_WAY, ended, executed, started
from tests.e2e.threads import contents_of, thread_id, thread_of

pytestmark = pytest.mark.requires("agents", "llm")

UNKNOWN = "astrologer"


@pytest.mark.requires("websocket")
async def test_all_doors_lead_to_the_same_answer(user: User, websocket: OpenSocket, eventually: Eventually) -> None:
    """Five doors, asked the same of the same agent, start five runs that come to the same figures."""
    question, timeouts = costs(269), user.backend.environment.timeouts
    async with welcomed(websocket, user) as socket:
        by_message = await answered(socket, user, question, agent="data")
        await socket.send("start_agent", content=question, agent="data")
        by_start = await socket.events_of_run(within_s=timeouts.agent_s)
    queued = (await started(user, question, agent_type="data"))["run_id"]
    by_queue = await eventually(ended(user, queued), within_s=timeouts.agent_s, what=f"run {queued} has ended")
    by_call = await executed(user, "data", question)
    by_stream = [event for event in await streamed(user, "data", question) if event["type"] == "agent_completed"]

    runs = [by_message[0].run_id, by_start[0].run_id, queued, by_call["run_id"], by_stream[0]["run_id"]]
    results = [by_message[-1].data["result"], by_start[-1].data["result"], by_queue["result"], by_call["response"]]
    assert len(set(runs)) == 5
    assert [tells(result, 807) for result in [*results, by_stream[0]["data"]["result"]]] == [True] * 5


@pytest.mark.requires("websocket")
async def test_run_keeps_within_a_users_patience(user: User, websocket: OpenSocket, evidence: Evidence) -> None:
    """The answer comes within an agent's time, each tool within a tool's, and no silence is longer than allowed."""
    environment = user.backend.environment
    async with welcomed(websocket, user) as socket:
        events = await answered(socket, user, costs(271))

    silences_s = [later.t_s - earlier.t_s for earlier, later in itertools.pairwise(events)]
    evidence.note(f"run {events[0].run_id}: {_lasted_s(events):.3f} s, longest silence {max(silences_s):.3f} s")
    assert events[-1].type == "agent_completed"
    assert _lasted_s(events) < environment.scaled(environment.timeouts.agent_s)
    assert max(silences_s) < environment.scaled(environment.timeouts.thinking_s)
    assert max(_tools_s(events)) < environment.scaled(environment.timeouts.tool_s)


async def test_run_can_be_followed_over_its_life(user: User, eventually: Eventually) -> None:
    """Asked again and again a run only goes forward: from under way to completed, with ever more steps kept."""
    queued = await started(user, costs(277))
    path, seen = f"/api/agent/{queued['run_id']}", list[dict[str, Any]]()

    async def completed() -> bool:
        seen.append(accepted(await user.backend.get(f"{path}/status")))
        return seen[-1]["status"] not in UNDER_WAY

    await eventually(completed, within_s=user.backend.environment.timeouts.agent_s, what="the run has ended")
    state = accepted(await user.backend.get(f"{path}/state"))

    steps = [len(status.get("steps") or ()) for status in seen]
    assert queued["status"] in UNDER_WAY
    assert {status["status"] for status in seen[:-1]} <= UNDER_WAY
    assert (seen[-1]["status"], state["status"]) == ("completed", "completed")
    assert steps == sorted(steps)
    assert [status["result"] for status in seen[:-1] if status.get("result")] == []
    assert tells(state["result"], 831)


@pytest.mark.requires("websocket")
async def test_result_is_the_same_wherever_it_is_kept(
    user: User, websocket: OpenSocket, eventually: Eventually
) -> None:
    """What the event told is read again with the run under a renewed token, and in the words of its thread."""
    token = user.credentials.token
    assert token is not None
    async with thread_of(user) as thread:
        async with welcomed(websocket, user) as socket:
            events = await answered(socket, user, costs(281), thread_id=thread_id(thread))
        within_s = user.backend.environment.timeouts.receive_s
        await eventually(ended(user, events[0].run_id), within_s=within_s, what="the run is kept")
        renewed = await user.auth.post("/auth/refresh", json={"refresh_token": token.refresh}, bearer=None)
        read = await user.backend.get(f"/api/agent/{events[0].run_id}/state", bearer=accepted(renewed)["access_token"])
        contents = await contents_of(user, thread)

    assert tells(events[-1].data["result"], 843)
    assert accepted(read)["result"] == events[-1].data["result"]
    assert [(role, tells(text, 843)) for role, text in contents[1:]] == [("assistant", True)]


@pytest.mark.requires("websocket")
async def test_unknown_agent_is_refused_at_every_other_door(user: User, websocket: OpenSocket) -> None:
    """Queued, started, streamed or sent over the WebSocket, what is for an agent that does not exist runs nothing."""
    asks: Mapping[str, dict[str, Any]] = {
        "/api/agent/v2/execute": {"agent_type": UNKNOWN, "message": "?"},
        "/api/agents/start": {"agent_id": UNKNOWN},
        "/api/agents/stream": {"type": UNKNOWN, "message": "?"},
    }
    async with welcomed(websocket, user) as socket:
        answers = [await user.backend.post(path, json=body) for path, body in asks.items()]
        await socket.send("start_agent", agent=UNKNOWN, content="?")
        refusal = await socket.expect("error_message", within_s=user.backend.environment.timeouts.receive_s)
        events = await answered(socket, user, costs(283), agent="data")

    assert [answer.status for answer in answers] == [422] * 3
    assert [envelope(answer)["details"].get("run_id") for answer in answers] == [None] * 3
    assert refusal.data["code"]
    assert tells(result_of(events), 849)
    assert {frame.run_id for frame in socket.frames if frame.type in AGENT_EVENTS} == {events[0].run_id}


@pytest.mark.requires("websocket")
async def test_cancelled_run_falls_silent(user: User, websocket: OpenSocket, eventually: Eventually) -> None:
    """A run called off while it works ends in agent_error, says nothing after it, and is kept without a result.

    Of five runs one must be caught at work: where agents are quick and we are slow, others may complete first.
    """
    within_s = user.backend.environment.timeouts.agent_s
    async with welcomed(websocket, user) as socket:
        run_ids = [await _cancelled_at_once(socket, user) for _ in range(5)]
        runs = await runs_on(socket, user, 5)
        await pinged(socket, user)
        after = await runs_on(socket, user, 5)
    kept = [await eventually(ended(user, run_id), within_s=within_s, what=f"{run_id} has ended") for run_id in run_ids]

    ends = {"cancelled": "agent_error", "completed": "agent_completed"}
    assert [len(events) for events in after] == [len(events) for events in runs]
    assert [run[-1].type for run in runs] == [ends.get(state["status"]) for state in kept]
    assert "cancelled" in {state["status"] for state in kept}
    assert [state["result"] for state in kept if state["status"] == "cancelled" and state["result"]] == []


async def _cancelled_at_once(socket: Socket, user: User) -> str:
    """A run of the supervisor that was called off as soon as it had a name."""
    known = {frame.run_id for frame in socket.frames}
    await socket.send("user_message", content=FOR_MANY_AGENTS)
    while (event := await socket.next_event(within_s=user.backend.environment.timeouts.agent_s)).run_id in known:
        pass
    await socket.send("cancel_agent", run_id=event.run_id)
    return event.run_id


def _lasted_s(events: Sequence[Frame]) -> float:
    return events[-1].t_s - events[0].t_s


def _tools_s(events: Sequence[Frame]) -> list[float]:
    """How long each use of a tool took, as the client saw it."""
    begun: dict[tuple[str, str], float] = {}
    spent_s = []
    for event in events:
        if event.type == "tool_executing":
            begun[event.agent_name, event.data["tool_name"]] = event.t_s
        elif event.type == "tool_completed":
            spent_s.append(event.t_s - begun[event.agent_name, event.data["tool_name"]])
    return spent_s
