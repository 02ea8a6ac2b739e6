"""After whatever is refused, cancelled or lost, the same user goes on, and nothing is left half done."""

import json
import uuid

import pytest

from ci_tools.model import Timeouts
from ci_tools.target.answers import accepted, envelope, rows
from ci_tools.target.fixtures import Eventually, OpenSocket, User
from ci_tools.target.service import Service
from ci_tools.target.websocket import Socket, SocketClosedError, SocketRefusedError
from tests.e2e.connections import REFUSALS, answered, welcomed
from tests.e2e.customers import Customers, sign_out, token_of
from tests.e2e.questions import costs, tells
from tests.e2e.run_events import result_of
from tests.e2e.runs import ended, started
from tests.e2e.threads import contents_of, conversation, thread_id, thread_of

TOO_BIG = 1009
AGENTS = pytest.mark.requires("websocket", "agents")
END_OF = {"cancelled": ("agent_error", ["user"]), "completed": ("agent_completed", ["user", "assistant"])}
"""The last event of a run that ended so, and the roles of what it left in its thread."""


async def _refused(socket: Socket, text: str, timeouts: Timeouts) -> dict[str, object]:
    await socket.send_text(text)
    return dict((await socket.expect("error_message", within_s=timeouts.receive_s)).document)


async def _told_too_large(socket: Socket, text: str, timeouts: Timeouts) -> bool:
    """Whether *text* is refused for its size: by an error that says so, or by the close code for it."""
    try:
        return "large" in str(await _refused(socket, text, timeouts)).lower()
    except SocketClosedError as closed:
        return closed.code == TOO_BIG


def _frame(content: str, **ask: str) -> str:
    return json.dumps({"type": "user_message", "content": content, **ask})


@AGENTS
async def test_refused_frames_leave_a_working_connection(user: User, websocket: OpenSocket, timeouts: Timeouts) -> None:
    """Broken JSON, an empty question and an unknown agent are errors that run and store nothing; the next one works."""
    async with thread_of(user) as thread, welcomed(websocket, user) as socket:
        here = {"thread_id": thread_id(thread), "agent": "data"}
        broken = await _refused(socket, _frame(costs(100), **here)[:-1], timeouts)
        empty = await _refused(socket, _frame("", correlation_id="e2e-empty", **here), timeouts)
        stranger = {**here, "agent": "astrologer", "correlation_id": "e2e-stranger"}
        unknown = await _refused(socket, _frame(costs(100), **stranger), timeouts)
        events = await answered(socket, user, costs(500), **here)
        messages = await contents_of(user, thread)

    assert "JSON_PARSE_ERROR" in str(broken)
    assert (empty["correlation_id"], unknown["correlation_id"]) == ("e2e-empty", "e2e-stranger")
    assert "astrologer" in str(unknown)
    assert tells(result_of(events), 1500)
    assert {frame.run_id for frame in socket.frames if frame.run_id} == {events[0].run_id}
    assert [role for role, _ in messages] == ["user", "assistant"]


@AGENTS
async def test_oversized_message_leaves_nothing(user: User, websocket: OpenSocket, timeouts: Timeouts) -> None:
    """A message one byte above the limit is refused unheard; the largest one is answered and stored whole."""
    async with thread_of(user) as thread:
        here = {"thread_id": thread_id(thread), "agent": "data"}
        room = user.backend.environment.socket_limits.message_bytes - len(_frame(f"{costs(500)} ", **here))
        largest = f"{costs(500)} {'x' * room}"
        async with welcomed(websocket, user) as socket:
            refused = await _told_too_large(socket, _frame(f"{largest}x", **here), timeouts)
        nothing = await contents_of(user, thread)
        async with welcomed(websocket, user) as socket:
            await socket.send_text(_frame(largest, **here))
            events = await socket.events_of_run(within_s=timeouts.agent_s)
        messages = await contents_of(user, thread)

    assert refused
    assert nothing == []
    assert tells(result_of(events), 1500)
    assert messages[0] == ("user", largest)
    assert [role for role, _ in messages] == ["user", "assistant"]


@pytest.mark.requires("websocket")
async def test_signed_out_user_signs_in_again(customers: Customers, websocket: OpenSocket) -> None:
    """A revoked token is refused traceably at HTTP and WebSocket; a new sign-in finds all data."""
    account = customers.new_account()
    before = await customers.sign_up(account)
    async with thread_of(before, "kept over a logout") as thread:
        left = await sign_out(before)
        refused = await before.backend.get(thread)
        with pytest.raises(SocketRefusedError) as turned_away:
            async with welcomed(websocket, before):
                pass
        after = await customers.sign_in(account)
        async with welcomed(websocket, after):
            kept = accepted(await after.backend.get(thread))
        old = await before.backend.get(thread)
        await after.backend.delete(thread)

    told = envelope(refused)
    assert left == 200
    assert (refused.status, turned_away.value.code in REFUSALS, old.status) == (401, True, 401)
    assert told["trace_id"]
    assert (after.user_id, kept["title"]) == (before.user_id, "kept over a logout")
    assert token_of(after).claims["jti"] != token_of(before).claims["jti"]


@AGENTS
async def test_cancelled_run_leaves_a_thread_that_goes_on(
    user: User, websocket: OpenSocket, timeouts: Timeouts, eventually: Eventually
) -> None:
    """A run cancelled under way ends in what its state says, without half an answer; its thread takes the next one."""
    async with thread_of(user) as thread, welcomed(websocket, user) as socket:
        await socket.send("user_message", content=costs(100), thread_id=thread_id(thread))
        run_id = (await socket.expect("agent_started", within_s=timeouts.agent_s)).run_id
        await socket.send("cancel_agent", run_id=run_id)
        events = await socket.events_of_run(within_s=timeouts.agent_s, run_id=run_id)
        state = await eventually(ended(user, run_id), within_s=timeouts.receive_s, what=f"run {run_id} ends")
        left = await contents_of(user, thread)
        following = await answered(socket, user, costs(500), thread_id=thread_id(thread), agent="data")
        messages = await contents_of(user, thread)

    assert (events[-1].type, [role for role, _ in left]) == END_OF[state["status"]]
    assert bool(state["result"]) is (state["status"] == "completed")
    assert tells(result_of(following), 1500)
    assert messages[: len(left)] == left
    assert [role for role, _ in messages[len(left) :]] == ["user", "assistant"]


@AGENTS
async def test_lost_connection_loses_no_answer(
    user: User, websocket: OpenSocket, timeouts: Timeouts, eventually: Eventually
) -> None:
    """A run whose client vanishes ends and stores its answer; back again, the user hears only what is asked anew."""
    async with thread_of(user) as thread:
        here = {"thread_id": thread_id(thread), "agent": "data"}
        async with welcomed(websocket, user) as lost:
            # Many agents work on it, so that it is not over before the loss is noticed.
            await lost.send("user_message", content=costs(500), thread_id=thread_id(thread))
            run_id = (await lost.expect("agent_started", within_s=timeouts.agent_s)).run_id
            lost.abort()
        state = await eventually(ended(user, run_id), within_s=timeouts.agent_s, what=f"run {run_id} ends")
        async with welcomed(websocket, user) as socket:
            events = await answered(socket, user, costs(700), **here)
        messages = await conversation(eventually, user, thread, 4)

    assert state["status"] == "completed"
    assert tells(state["result"], 1500)
    assert tells(result_of(events), 2100)
    assert {frame.run_id for frame in socket.frames if frame.run_id} == {events[0].run_id}
    assert [role for role, _ in messages] == ["user", "assistant", "user", "assistant"]
    assert (tells(messages[1][1], 1500), tells(messages[3][1], 2100)) == (True, True)


@pytest.mark.requires("agents")
async def test_refused_requests_are_traceable_and_leave_nothing(
    user: User, backend: Service, timeouts: Timeouts, eventually: Eventually
) -> None:
    """Each refusal tells its own request and trace, starts nothing, and leaves the request id to the corrected one."""
    path = "/api/agent/v2/execute"
    async with thread_of(user) as thread:
        request_id = f"e2e-{uuid.uuid4().hex}"
        ask = {"agent_type": "data", "thread_id": thread_id(thread), "request_id": request_id}
        asked = {"message": costs(500), **ask}
        refused = [
            await user.backend.post(path, json={**asked, "thread_id": f"thread_{uuid.uuid4().hex}"}),
            await user.backend.post(path, json={**asked, "agent_type": "astrologer"}),
            await user.backend.post(path, json=ask),
            await backend.post(path, json=asked),
        ]
        nothing = rows(await user.backend.get(f"{thread}/messages"))
        run = await started(user, costs(500), **ask)
        state = await eventually(ended(user, run["run_id"]), within_s=timeouts.agent_s, what="the corrected run ends")
        messages = await conversation(eventually, user, thread, 2)

    assert [answer.status for answer in refused] == [404, 422, 422, 401]
    assert len({envelope(answer)["trace_id"] for answer in refused}) == len(refused)
    assert nothing == []
    assert (state["status"], tells(state["result"], 1500)) == ("completed", True)
    assert [role for role, _ in messages] == ["user", "assistant"]
