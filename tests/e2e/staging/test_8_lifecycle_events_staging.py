"""What begins also ends, in order, and stays ended: agents, runs, connections, threads and tokens."""

import pytest

from ci_tools.target.answers import accepted, envelope, instant, rows
from ci_tools.target.fixtures import Eventually, OpenSocket, User
from ci_tools.target.websocket import SocketClosedError
from tests.e2e.connections import answered, pinged, welcomed
from tests.e2e.customers import Customers, sign_out, token_of
from tests.e2e.questions import costs, tells
from tests.e2e.run_events import result_of
from tests.e2e.runs import ended, started
from tests.e2e.threads import contents_of, conversation, thread_id, thread_of

AGENTS = pytest.mark.requires("websocket", "agents")
NORMAL = 1000
UNSUPPORTED = 1003


@pytest.mark.requires("agents")
async def test_agent_starts_and_rests_again(user: User, eventually: Eventually) -> None:
    """A started agent is confirmed, works and rests again; then there is nothing to stop or cancel, and it says so."""
    timeouts = user.backend.environment.timeouts

    async def state() -> str:
        listed = rows(await user.backend.get("/api/agents/status"))
        return str(next(agent["state"] for agent in listed if agent["name"] == "data"))

    async def resting() -> bool:
        return await state() == rest

    async with thread_of(user, "work") as thread:
        rest = await state()
        ask = {"agent_id": "data", "message": costs(500), "thread_id": thread_id(thread)}
        begun = accepted(await user.backend.post("/api/agents/start", json=ask))
        worked = await conversation(eventually, user, thread, 2)
        await eventually(resting, within_s=timeouts.agent_s, what="the agent rests again")
    stopped = accepted(await user.backend.post("/api/agents/stop", json={"agent_id": "data"}))
    cancelled = accepted(await user.backend.post("/api/agents/cancel", json={"agent_id": "data"}))
    unknown = await user.backend.post("/api/agents/start", json={"agent_id": "astrologer", "message": costs(500)})

    told = [begun, stopped, cancelled]
    assert worked[0] == ("user", costs(500))
    assert (worked[1][0], tells(worked[1][1], 1500)) == ("assistant", True)
    assert [(answer["action"], answer["success"]) for answer in told] == [
        ("start", True),
        ("stop", False),
        ("cancel", False),
    ]
    assert {answer["agent_id"] for answer in told} == {"data"}
    assert all(answer["message"] for answer in told)
    assert instant(begun["timestamp"]) < instant(stopped["timestamp"]) < instant(cancelled["timestamp"])
    assert unknown.status == 422
    assert envelope(unknown)["user_message"]


@AGENTS
async def test_events_keep_their_time(user: User, websocket: OpenSocket) -> None:
    """Time never goes back in a run: timestamps, steps and progress only advance, and no tool outlasts its agent."""
    async with welcomed(websocket, user) as socket:
        events = await answered(socket, user, costs(500), agent="data")

    at = [instant(str(event.document["timestamp"])) for event in events]
    thoughts = [event.data for event in events if event.type == "agent_thinking"]
    steps = [thought["step_number"] for thought in thoughts]
    progress = [thought["progress_percentage"] for thought in thoughts]
    spent_ms = [event.data["execution_time_ms"] for event in events if event.type == "tool_completed"]
    assert at == sorted(at)
    assert steps == sorted(set(steps))
    assert progress == sorted(progress)
    assert 0 <= progress[0] <= progress[-1] <= 100
    assert 0 <= sum(spent_ms) <= events[-1].data["execution_time_ms"]


@AGENTS
async def test_connection_lives_from_welcome_to_close(user: User, websocket: OpenSocket) -> None:
    """A connection is welcomed, works and closes for good; another begins anew; a foreign protocol is told."""
    timeouts = user.backend.environment.timeouts
    async with welcomed(websocket, user) as first:
        events = await answered(first, user, costs(500), agent="data")
    left = await first.closed(within_s=timeouts.receive_s)
    with pytest.raises(SocketClosedError):
        await first.send("ping")
    async with welcomed(websocket, user) as second:
        await pinged(second, user)
    async with websocket(user, subprotocols=("chat.example",)) as foreign:
        refused = await foreign.closed(within_s=timeouts.receive_s)

    assert tells(result_of(events), 1500)
    assert (left, refused) == (NORMAL, UNSUPPORTED)
    assert first.frames[0].data["connection_id"] != second.frames[0].data["connection_id"]
    assert [frame.type for frame in second.frames] == ["connection_established", "pong"]
    assert foreign.frames == []


@AGENTS
async def test_thread_lives_from_creation_to_deletion(user: User, websocket: OpenSocket) -> None:
    """A thread is made, talked in, renamed and deleted once; then no door leads to it, and no agent works in it."""
    timeouts = user.backend.environment.timeouts
    async with thread_of(user, "draft") as path, welcomed(websocket, user) as socket:
        created = accepted(await user.backend.get(path))
        await answered(socket, user, costs(500), thread_id=created["id"], agent="data")
        renamed = accepted(await user.backend.put(path, json={"title": "costs of the quarter"}))
        said = await contents_of(user, path)
        deleted = [(await user.backend.delete(path)).status for _ in range(2)]
        gone = [
            await user.backend.get(path),
            await user.backend.get(f"{path}/messages"),
            await user.backend.put(path, json={"title": "resurrected"}),
            await user.backend.post(f"{path}/messages", json={"message": "anybody there?"}),
            await user.backend.post("/api/agent/v2/execute", json={"message": "?", "thread_id": created["id"]}),
        ]
        await socket.send("user_message", content="anybody there?", thread_id=created["id"], agent="data")
        refused = await socket.expect("error_message", within_s=timeouts.agent_s)

    assert (renamed["title"], renamed["message_count"]) == ("costs of the quarter", 2)
    assert instant(created["created_at"]) == instant(renamed["created_at"]) < instant(renamed["updated_at"])
    assert [role for role, _ in said] == ["user", "assistant"]
    assert deleted[0] in {200, 204}
    assert (deleted[1], {answer.status for answer in gone}) == (404, {404})
    assert "thread" in str(refused.data).lower()


async def test_token_lives_through_three_generations(customers: Customers) -> None:
    """Each renewal is the same user with a token of its own that opens the backend; logging out ends the whole line."""
    first = await customers.sign_up(customers.new_account())
    second = await customers.renew(first)
    third = await customers.renew(second)
    opened = [await user.backend.get("/api/v1/user/profile") for user in (second, third)]
    left = await sign_out(third)
    prolonged = await customers.auth.post("/auth/refresh", json={"refresh_token": token_of(third).refresh})
    closed = await third.backend.get("/api/v1/user/profile")

    line = [token_of(user) for user in (first, second, third)]
    assert {user.user_id for user in (first, second, third)} == {first.user_id}
    assert {accepted(profile)["email"] for profile in opened} == {first.email}
    assert len({token.claims["jti"] for token in line}) == len({token.refresh for token in line}) == 3
    assert [token.expires_at_s for token in line] == sorted(token.expires_at_s or 0 for token in line)
    assert (left, prolonged.status, closed.status) == (200, 401, 401)
    assert "access_token" not in prolonged.text


@pytest.mark.requires("agents")
async def test_run_ends_once_and_stays_ended(user: User, eventually: Eventually) -> None:
    """A run goes from under way to completed; a later cancellation and a repeated request change nothing of it."""
    timeouts = user.backend.environment.timeouts
    async with thread_of(user) as thread:
        ask = {"agent_type": "data", "thread_id": thread_id(thread), "request_id": f"e2e-{thread_id(thread)}"}
        run = await started(user, costs(500), **ask)
        first = await eventually(ended(user, run["run_id"]), within_s=timeouts.agent_s, what="the run ends")
        cancelled = accepted(await user.backend.post("/api/agents/cancel", json={"agent_id": "data"}))
        again = await started(user, costs(500), **ask)
        later = await ended(user, run["run_id"])()
        status = accepted(await user.backend.get(f"/api/agent/{run['run_id']}/status"))["status"]
        messages = await contents_of(user, thread)

    assert (run["status"], first["status"], status) == ("started", "completed", "completed")
    assert (cancelled["success"], again["run_id"]) == (False, run["run_id"])
    assert later == first
    assert tells(first["result"], 1500)
    assert [role for role, _ in messages] == ["user", "assistant"]
