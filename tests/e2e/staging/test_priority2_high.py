"""The features that customers pay for ($80K MRR): corpus, tools, their own data, monitoring, sign-in, context."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from ci_tools.model import Timeouts
from ci_tools.target.answers import accepted, envelope, rows
from ci_tools.target.evidence import Evidence
from ci_tools.target.fixtures import NewUser, OpenSocket, User
from ci_tools.target.http import Answer
from ci_tools.target.service import Service
from tests.e2e.agent_work import figures, streamed
from tests.e2e.connections import answered, pinged, runs_on, welcomed
from tests.e2e.customers import Customers, sign_out, token_of
from tests.e2e.questions import costs, tells
from tests.e2e.run_events import kinds, result_of, users
from tests.e2e.runs import executed
from tests.e2e.threads import thread_id, thread_of

SECTIONS = ("profile", "settings", "preferences")
DEPENDENCIES = ("postgresql", "redis")
READY = "/api/health/ready"
API_KEYS = "/api/v1/user/api-keys"
END_IN_STORE = {"agent_completed": "completed", "agent_error": "cancelled"}
"""How a run that its user cancelled is stored, by the event that it ended in: it may have been quicker."""


async def test_026_documents_are_kept_for_their_owner_only(user: User, second_user: User) -> None:
    """A document is read and listed as it was written, by its owner; for anybody else there is none."""
    content = "Zürich 日本語 cooling <b>takes</b>\na third of the energy"
    document = await _document(user, "Energy", content)
    path = f"/api/corpus/{document}"

    read = accepted(await user.backend.get(path))
    kept = accepted(await user.backend.get(f"{path}/content"))
    listed = rows(await user.backend.get("/api/corpus"))
    theirs = [await second_user.backend.get(each) for each in (path, f"{path}/content")]

    assert (read["title"], kept["content"]) == ("Energy", content)
    assert [each["id"] for each in listed] == [document]
    assert [answer.status for answer in theirs] == [404, 404]
    assert rows(await second_user.backend.get("/api/corpus")) == []


async def test_027_search_finds_what_matches_best_first(user: User, second_user: User) -> None:
    """A search finds the documents that have the words, the one that says most of them first, and nobody else's."""
    weak = await _document(user, "Notes", "One remark on turbines among many that have nothing to do with them.")
    strong = await _document(user, "Turbines", "Turbines drive turbines; turbines need turbines.")
    await _document(user, "Payroll", "Salaries are paid on the last working day.")

    assert await _found(user, "turbines") == [strong, weak]
    assert await _found(user, "zeppelin") == []
    assert await _found(second_user, "turbines") == []


@pytest.mark.requires("websocket", "agents")
async def test_028_run_is_cancelled_by_its_user_only_and_alone(
    user: User, second_user: User, websocket: OpenSocket, timeouts: Timeouts
) -> None:
    """A stranger's cancellation is refused and changes nothing; the user's own ends that run and no other."""
    async with welcomed(websocket, user) as socket, welcomed(websocket, second_user) as stranger:
        await socket.send("user_message", content=costs(700), agent="supervisor")
        run_id = (await socket.expect("agent_started", within_s=timeouts.agent_s)).run_id
        await stranger.send("cancel_agent", run_id=run_id)
        await stranger.expect("error_message", within_s=timeouts.receive_s)
        (untouched,) = await runs_on(socket, user, 1)
        await socket.send("user_message", content=costs(1100), agent="supervisor")
        doomed = (await socket.expect("agent_started", within_s=timeouts.agent_s)).run_id
        await socket.send("user_message", content=costs(1300), agent="data")
        await socket.send("cancel_agent", run_id=doomed)
        _, cancelled, other = await runs_on(socket, user, 3)
    state = accepted(await user.backend.get(f"/api/agent/{doomed}/state"))

    assert [tells(result_of(untouched), 2100), tells(result_of(other), 3900)] == [True, True]
    assert cancelled[0].run_id == doomed
    assert state["status"] == END_IN_STORE[cancelled[-1].type]
    assert [event.type for event in cancelled if event.agent_name == "supervisor" and event.type in END_IN_STORE] == [
        cancelled[-1].type
    ]


@pytest.mark.requires("agents")
async def test_029_corpus_agent_finds_what_was_stored(user: User, second_user: User) -> None:
    """The corpus agent finds for its user, by words of the content, what was stored over HTTP; for others nothing."""
    await _document(user, "Free cooling in Oslo", "Ammonia chillers are idle below eighteen degrees.")
    question = "Find documents about ammonia chillers"

    mine = await executed(user, "corpus_admin", question)
    theirs = await executed(second_user, "corpus_admin", question)

    assert (mine["status"], theirs["status"]) == ("success", "success")
    assert "Free cooling in Oslo" in mine["response"]
    assert "Free cooling in Oslo" not in str(theirs)


@pytest.mark.requires("websocket", "agents")
async def test_030_tool_calls_at_once_do_not_mix(user: User, websocket: OpenSocket) -> None:
    """Six calls of a tool at once, with the parameters that an agent used for two questions, each get their result."""
    units = [700, 1100] * 3
    async with welcomed(websocket, user) as socket:
        runs = [await answered(socket, user, costs(unit), agent="data") for unit in units[:2]]
    calls = [next(event.data for event in events if event.type == "tool_executing") for events in runs] * 3

    answers = await asyncio.gather(*(_called(user, call["tool_name"], call["parameters"]) for call in calls))

    bodies = [accepted(answer) for answer in answers]
    assert [(body["tool_name"], body["status"]) for body in bodies] == [
        (call["tool_name"], "success") for call in calls
    ]
    assert [tells(body["result"], 3 * unit) for body, unit in zip(bodies, units, strict=True)] == [True] * 6
    assert [tells(body["result"], 5400 - 3 * unit) for body, unit in zip(bodies, units, strict=True)] == [False] * 6


async def test_031_forbidden_tools_are_forbidden_by_permission(new_user: NewUser) -> None:
    """Tools that need a permission are 403 for who has only others and admit who has it; no call is carried out."""
    reader, administrator = await new_user("read"), await new_user("read", "write", "admin")
    tools = [tool["name"] for tool in rows(await reader.backend.get("/api/tools"), "tools")]

    read_only = await _refusals(reader, tools)
    granted = await _refusals(administrator, tools)

    assert set(read_only.values()) == {403, 422}
    assert set(granted.values()) == {422}


async def test_032_sections_of_a_user_change_independently(user: User) -> None:
    """Profile, settings and preferences that change at once each keep what was changed before and all the rest."""
    earlier: list[dict[str, Any]] = [{"company": "E2E & Sons"}, {"auto_save": False}, {"theme": "e2e-dark"}]
    changes: list[dict[str, Any]] = [{"display_name": "Ada E2E"}, {"notifications": False}, {"language": "de"}]
    for section, change in zip(SECTIONS, earlier, strict=True):
        accepted(await user.backend.patch(f"/api/v1/user/{section}", json=change))
    before = [await _section(user, section) for section in SECTIONS]

    confirmed = await asyncio.gather(
        *(
            user.backend.patch(f"/api/v1/user/{name}", json=change)
            for name, change in zip(SECTIONS, changes, strict=True)
        )
    )

    after = [await _section(user, section) for section in SECTIONS]
    assert after == [{**old, **change} for old, change in zip(before, changes, strict=True)]
    assert [accepted(answer) for answer in confirmed] == after
    assert before != after


async def test_033_identity_is_one_and_not_for_change(user: User, second_user: User) -> None:
    """Profile, auth service and token name one person, and nobody becomes another by changing a profile."""
    taken = await user.backend.patch("/api/v1/user/profile", json={"email": second_user.email})

    profile = accepted(await user.backend.get("/api/v1/user/profile"))
    verified = accepted(await user.auth.get("/auth/verify"))
    me = await user.auth.get("/auth/me")
    assert taken.status == 422
    assert envelope(taken)["details"]
    assert (profile["email"], verified["email"]) == (user.email, user.email)
    assert (verified["user_id"], token_of(user).claims["sub"]) == (user.user_id, user.user_id)
    assert [user.user_id in me.text, user.email in me.text] == [True, True]
    assert second_user.email not in me.text


async def test_034_sessions_are_the_sign_ins_that_stand(customers: Customers, second_user: User) -> None:
    """Each sign-in is a session of its user; signing out ends that one and no other."""
    account = customers.new_account()
    home = await customers.sign_up(account)
    first = await _sessions(home)
    office = await customers.sign_in(account)
    both = await _sessions(home)

    left = await sign_out(office)

    assert left == 200
    assert (len(first), len(both)) == (1, 2)
    assert first < both
    assert await _sessions(home) == first
    assert await _sessions(second_user) & both == set()


async def test_035_api_key_is_told_once_to_its_owner(user: User, second_user: User) -> None:
    """A key is shown when it is made and never again; it is listed for its owner only, who alone can delete it."""
    made = accepted(await user.backend.post(API_KEYS, json={"name": "e2e"}))
    path = f"{API_KEYS}/{made['id']}"

    listed = await user.backend.get(API_KEYS)
    strangers = rows(await second_user.backend.get(API_KEYS))
    stolen = await second_user.backend.delete(path)
    deleted = await user.backend.delete(path)

    assert [(key["id"], key["name"]) for key in rows(listed)] == [(made["id"], "e2e")]
    assert len(made["key"]) >= 32
    assert made["key"] not in listed.text
    assert (strangers, stolen.status, deleted.status) == ([], 404, 204)
    assert rows(await user.backend.get(API_KEYS)) == []


async def test_036_title_and_metadata_change_independently(user: User) -> None:
    """A new title leaves a thread's metadata as it was, and new metadata the title, to the last nested value."""
    metadata: dict[str, Any] = {"tags": ["größe", "日本"], "limits": {"usd": 12.5, "hard": False}, "owner": None}
    async with thread_of(user, "before", **metadata) as thread:
        accepted(await user.backend.put(thread, json={"title": "after"}))
        renamed = accepted(await user.backend.get(thread))
        accepted(await user.backend.put(thread, json={"metadata": {"tags": []}}))
        listed = rows(await user.backend.get("/api/threads"))

    assert (renamed["title"], renamed["metadata"]) == ("after", metadata)
    assert [(each["title"], each["metadata"]) for each in listed] == [("after", {"tags": []})]


async def test_037_pages_have_edges(user: User) -> None:
    """The largest page holds all there is, one beyond the end nothing, and a senseless one is refused by its name."""
    senseless = [("limit", "0"), ("limit", "-1"), ("limit", "many"), ("offset", "-1"), ("offset", "0.5")]
    async with thread_of(user, "one"), thread_of(user, "two"):
        whole = rows(await user.backend.get("/api/threads", params={"limit": 100, "offset": 0}))
        beyond = rows(await user.backend.get("/api/threads", params={"limit": 1, "offset": 2}))
        refused = [await user.backend.get("/api/threads", params={name: value}) for name, value in senseless]

    assert sorted(thread["title"] for thread in whole) == ["one", "two"]
    assert beyond == []
    assert [answer.status for answer in refused] == [422] * len(senseless)
    assert [name in str(envelope(answer)["details"]) for answer, (name, _) in zip(refused, senseless, strict=True)] == [
        True
    ] * len(senseless)


async def test_038_monitoring_is_true_and_tells_nothing_of_users(user: User, evidence: Evidence) -> None:
    """Alerts name just what is down, the pool is counted, a client's mistake is no error, and no user is named."""
    mistake = await user.backend.get(f"/api/threads/{user.user_id}")
    checks = accepted(await user.backend.get(READY, params={"force": "true"}))["checks"]
    pool = await user.backend.get("/api/monitoring/pool-status")
    alerts = await user.backend.get("/api/monitoring/alerts")
    errors = await user.backend.get("/api/monitoring/errors")
    raw = await user.backend.get("/api/metrics/raw")

    evidence.note(f"alerts: {alerts.text}")
    told = [pool, alerts, errors, raw]
    down = {name for name in DEPENDENCIES if not checks[name]["connected"]}
    assert [answer.status for answer in told] == [200] * 4
    assert {name for name in DEPENDENCIES if f"{name}_" in json.dumps(rows(alerts))} == down
    assert max(figures(accepted(pool))) >= 1
    assert mistake.request_id not in errors.text
    assert [answer for answer in told if user.email in answer.text or user.user_id in answer.text] == []


@pytest.mark.requires("agents")
async def test_039_mistakes_of_clients_open_no_breaker(user: User) -> None:
    """However often a client asks for what does not exist, the breakers stay closed and an agent answers."""
    wrong = {"type": "astrologer", "message": "?"}
    mistakes = [await user.backend.post("/api/agents/execute", json=wrong) for _ in range(5)]

    answer = await executed(user, "data", costs(700))

    breakers = await user.backend.get("/api/metrics/circuit_breakers")
    assert [mistake.status for mistake in mistakes] == [422] * 5
    assert (answer["status"], answer["circuit_breaker_state"]) == ("success", "closed")
    assert ["closed" in breakers.text, "open" in breakers.text] == [True, False]


async def test_040_dependencies_are_told_with_their_latency(backend: Service, timeouts: Timeouts) -> None:
    """The status of dependencies agrees with readiness on which are connected, and says how long each answer took."""
    status = accepted(await backend.get("/api/dependencies/status"))["dependencies"]
    checks = accepted(await backend.get(READY, params={"force": "true"}))["checks"]

    patience_ms = backend.environment.scaled(timeouts.general_s) * 1000
    latencies_ms = [status[name]["response_time_ms"] for name in DEPENDENCIES]
    assert [status[name]["connected"] for name in DEPENDENCIES] == [checks[name]["connected"] for name in DEPENDENCIES]
    assert [status[name]["error"] for name in DEPENDENCIES] == [None, None]
    assert [latency_ms for latency_ms in latencies_ms if not 0 < latency_ms < patience_ms] == []


async def test_041_programs_are_told_the_same_whoever_asks(user: User, backend: Service) -> None:
    """Discovery and MCP tell the same with a token and without, repeat nothing of it, and configure what is listed."""
    paths = ("/api/discovery/services", "/api/mcp/config", "/api/mcp/servers")
    anonymous = [await backend.get(path) for path in paths]
    personal = [await user.backend.get(path) for path in paths]

    servers, clients = rows(anonymous[2]), accepted(anonymous[1])
    assert [_timeless(answer) for answer in personal] == [_timeless(answer) for answer in anonymous]
    assert [answer.url for answer in personal if str(token_of(user).access) in answer.text] == []
    assert [answer.url for answer in personal if user.email in answer.text] == []
    assert servers
    assert [
        server["name"]
        for server in servers
        if not all(f'"{server["name"]}"' in json.dumps(clients[client]) for client in ("claude", "cursor", "mcp"))
    ] == []


async def test_042_every_source_agrees_on_google(auth: Service) -> None:
    """Configuration, status, providers and health tell the same of signing in with Google; no other way is opened."""
    told = [await auth.get(path) for path in ("/auth/config", "/oauth/status", "/oauth/providers")]
    capabilities = accepted(await auth.get("/health/auth"))["capabilities"]

    unknown = await auth.get("/auth/login", params={"provider": "nobody"})

    assert [answer.status for answer in told] == [200] * 3
    assert ["google" in answer.text.lower() for answer in told] == [True] * 3
    assert capabilities["oauth_configured"] is True
    assert (unknown.status, unknown.headers.get("location")) == (422, None)
    assert envelope(unknown)["details"]


@pytest.mark.requires("websocket")
async def test_043_long_session_outlives_its_tokens(customers: Customers, websocket: OpenSocket) -> None:
    """Over three renewals a user keeps their id, thread and open connection, and no spent token can be renewed."""
    holders = [await customers.sign_up(customers.new_account())]
    async with thread_of(holders[0], "long") as thread, welcomed(websocket, holders[0]) as socket:
        for _ in range(3):
            holders.append(await customers.renew(holders[-1]))
        opened = [await holder.backend.get(thread) for holder in holders]
        await pinged(socket, holders[0])
        spent = [token_of(holder).refresh for holder in holders[:-1]]
        again = [await customers.auth.post("/auth/refresh", json={"refresh_token": token}) for token in spent]

    assert {holder.user_id for holder in holders} == {holders[0].user_id}
    assert len({token_of(holder).claims["jti"] for holder in holders}) == 4
    assert [accepted(answer)["title"] for answer in opened] == ["long"] * 4
    assert [answer.status for answer in again] == [401] * 3


@pytest.mark.requires("websocket", "agents")
async def test_044_agents_know_their_earlier_answers_in_a_thread(user: User, websocket: OpenSocket) -> None:
    """The figure of an earlier answer is before the agent in the same thread, and in no other of the same user."""
    question = "What was the answer? Write a summary of it"
    async with thread_of(user, "told") as told, thread_of(user, "new") as new, welcomed(websocket, user) as socket:
        result_of(await answered(socket, user, costs(1100), agent="data", thread_id=thread_id(told)))
        same = await answered(socket, user, question, agent="supervisor", thread_id=thread_id(told))
        other = await answered(socket, user, question, agent="supervisor", thread_id=thread_id(new))

    assert (same[-1].type, other[-1].type) == ("agent_completed", "agent_completed")
    assert tells([event.data for event in same], 3300)
    assert not tells([event.data for event in other], 3300)


@pytest.mark.requires("websocket", "agents")
async def test_045_stream_and_connection_tell_the_same(user: User, websocket: OpenSocket) -> None:
    """One question asked over a stream and over a connection is worked on alike: same events, tools and figures."""
    *told, end = await streamed(user, "data", costs(1100))
    async with welcomed(websocket, user) as socket:
        events = await answered(socket, user, costs(1100), agent="data")

    assert end["type"] == "stream_end"
    assert list(dict.fromkeys(event["type"] for event in told)) == kinds(events)
    assert [event["data"]["tool_name"] for event in told if event["type"] == "tool_executing"] == [
        event.data["tool_name"] for event in events if event.type == "tool_executing"
    ]
    assert {event["user_id"] for event in told} == users(events)
    assert [tells(told[-1]["data"]["result"], 3300), tells(result_of(events), 3300)] == [True, True]


async def _document(user: User, title: str, content: str) -> str:
    answer = await user.backend.post("/api/corpus", json={"title": title, "content": content})
    return str(accepted(answer)["id"])


async def _found(user: User, query: str) -> list[str]:
    return [document["id"] for document in rows(await user.backend.post("/api/corpus/search", json={"query": query}))]


async def _called(user: User, tool: str, parameters: Mapping[str, Any]) -> Answer:
    return await user.backend.post("/api/tools/execute", json={"tool_name": tool, "parameters": parameters})


async def _refusals(user: User, tools: list[str]) -> dict[str, int]:
    """The status of a call of each tool with a parameter that none has: no call is carried out."""
    answers = {tool: await _called(user, tool, {"e2e_no_such_parameter": True}) for tool in tools}
    for answer in answers.values():
        envelope(answer)
    return {tool: answer.status for tool, answer in answers.items()}


async def _section(user: User, section: str) -> dict[str, Any]:
    body: dict[str, Any] = accepted(await user.backend.get(f"/api/v1/user/{section}"))
    return body


async def _sessions(user: User) -> set[str]:
    return {session["id"] for session in rows(await user.backend.get("/api/v1/user/sessions"))}


def _timeless(answer: Answer) -> dict[str, Any]:
    """The body without the time of its writing."""
    return {name: value for name, value in accepted(answer).items() if name != "timestamp"}
