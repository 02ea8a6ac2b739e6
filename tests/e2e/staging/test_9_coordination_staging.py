"""The services work as one system: what one of them says, stores or revokes holds for the others."""

import asyncio
import secrets
from collections.abc import Sequence
from typing import Any

import pytest

from ci_tools.target.answers import accepted, envelope
from ci_tools.target.credentials import Token
from ci_tools.target.fixtures import Eventually, OpenSocket, User
from ci_tools.target.http import Answer
from ci_tools.target.service import Service
from ci_tools.target.websocket import SocketRefusedError
from tests.e2e.connections import REFUSALS, answered, welcomed
from tests.e2e.customers import sign_out, texts, token_of
from tests.e2e.questions import costs
from tests.e2e.runs import ended
from tests.e2e.threads import conversation, thread_id, thread_of

AGENTS = pytest.mark.requires("websocket", "agents")


async def _doors(user: User, token: Token) -> Sequence[Answer]:
    """What *token* is answered at every kind of door: auth, data of users, tools, agents, streams."""
    ask = {"type": "data", "message": costs(500)}
    here, there = user.backend, user.auth
    return await asyncio.gather(
        there.get("/auth/me", bearer=token.access),
        here.get("/api/threads", bearer=token.access),
        here.get("/api/v1/user/settings", bearer=token.access),
        here.get("/api/tools", bearer=token.access),
        here.get("/api/agents/status", bearer=token.access),
        here.post("/api/agents/execute", json=ask, bearer=token.access),
        here.post("/api/agents/stream", json=ask, bearer=token.access),
    )


def _urls(entry: Any) -> list[str]:
    return [text.rstrip("/") for text in texts(entry)]


@AGENTS
async def test_one_token_opens_and_closes_every_door(user: User, websocket: OpenSocket) -> None:
    """A token of the auth service opens every kind of door of both services, and after its logout none of them."""
    token = token_of(user)
    opened = await _doors(user, token)
    async with welcomed(websocket, user):
        pass
    left = await sign_out(user)
    closed = await _doors(user, token)
    with pytest.raises(SocketRefusedError) as turned_away:
        async with welcomed(websocket, user):
            pass
    validated = accepted(await user.auth.post("/auth/validate", json={"token": token.access}, bearer=None))
    renewed = await user.auth.post("/auth/refresh", json={"refresh_token": token.refresh}, bearer=None)

    assert [answer.status for answer in opened] == [200] * len(opened)
    assert user.email in opened[0].text
    assert left == 200
    assert [answer.status for answer in closed] == [401] * len(closed)
    assert all(envelope(answer)["error_code"] for answer in closed)
    assert turned_away.value.code in REFUSALS
    assert (validated["valid"], renewed.status) == (False, 401)


@pytest.mark.requires("frontend")
async def test_discovery_leads_to_the_services(backend: Service, frontend: Service) -> None:
    """Discovery and MCP name the hosts that customers use; frontend and backend are of one version and environment."""
    hosts = backend.environment.hosts
    discovered = accepted(await backend.get("/api/discovery/services"))
    tools = accepted(await backend.get("/api/mcp/config"))
    behind = accepted(await backend.get("/health"))
    before = accepted(await frontend.get("/api/health"))
    build = accepted(await backend.get("/api/system/info"))

    named = {name: hosts[name] in _urls(entry) for name, entry in discovered["services"].items() if name in hosts}
    assert named == dict.fromkeys(("backend", "frontend", "auth"), True)
    assert hosts["websocket"] in _urls(tools["websocket"])
    assert hosts["api"] in _urls(tools["http"])
    assert before["version"] == behind["version"]
    assert before["environment"] == build["environment"]


@AGENTS
async def test_agents_know_what_was_said_elsewhere(user: User, websocket: OpenSocket, eventually: Eventually) -> None:
    """A message stored over HTTP is read by the agent asked over WebSocket, whose answer stands behind it over HTTP."""
    code_word = f"zebra{secrets.token_hex(6)}"
    async with thread_of(user) as thread, thread_of(user) as other:
        spoken = accepted(await user.backend.post(f"{thread}/messages", json={"message": f"We speak of {code_word}."}))
        await user.backend.post(f"{other}/messages", json={"message": "This is said in another thread."})
        async with welcomed(websocket, user) as socket:
            events = await answered(socket, user, "What did we speak of?", thread_id=thread_id(thread))
        messages = await conversation(eventually, user, thread, 3)
        elsewhere = await conversation(eventually, user, other, 1)

    read = " ".join(text for event in events for text in texts(event.data))
    assert events[-1].type == "agent_completed"
    assert code_word in read
    assert "another thread" not in read
    assert [role for role, _ in messages] == ["user", "user", "assistant"]
    assert [content for _, content in messages[:2]] == [spoken["content"], "What did we speak of?"]
    assert len(elsewhere) == 1


@AGENTS
async def test_run_and_thread_tell_one_story(user: User, websocket: OpenSocket, eventually: Eventually) -> None:
    """The run in Redis, the thread in PostgreSQL and the events on the wire hold one question and one answer."""
    async with thread_of(user) as thread, welcomed(websocket, user) as socket:
        events = await answered(socket, user, costs(500), thread_id=thread_id(thread))
        run_id = events[0].run_id
        run = await eventually(
            ended(user, run_id), within_s=user.backend.environment.timeouts.receive_s, what=f"run {run_id} is kept"
        )
        messages = await conversation(eventually, user, thread, 2)
        counted = accepted(await user.backend.get(thread))["message_count"]

    (asking, question), (answering, answer) = messages
    assert (run["user_id"], run["status"]) == (user.user_id, "completed")
    assert run["result"] == events[-1].data["result"]
    assert (asking, question, answering) == ("user", costs(500), "assistant")
    assert answer in texts(run["result"])
    assert counted == len(messages)


async def test_services_see_the_same_dependencies(backend: Service, auth: Service) -> None:
    """Backend, auth and discovery agree, asked at the same moment, that database, Redis and each other are there."""
    forced, database, capable, standing, signing, discovered = [
        accepted(answer)
        for answer in await asyncio.gather(
            backend.get("/api/health/ready", params={"force": "true"}),
            backend.get("/health/database"),
            backend.get("/health/backend"),
            auth.get("/health/ready"),
            auth.get("/health/auth"),
            backend.get("/api/discovery/services"),
        )
    ]

    on_postgresql = {
        "backend, forced": forced["checks"]["postgresql"]["connected"],
        "backend, database": database["connected"],
        "backend, capabilities": capable["capabilities"]["database_connectivity"],
        "auth, ready": standing["database_status"] == "connected",
        "auth, capabilities": signing["capabilities"]["database_connected"],
    }
    on_redis = {
        "backend, forced": forced["checks"]["redis"]["connected"],
        "auth, sessions": signing["capabilities"]["session_management"],
    }
    assert on_postgresql == dict.fromkeys(on_postgresql, True)
    assert on_redis == dict.fromkeys(on_redis, True)
    assert discovered["available"] is True
