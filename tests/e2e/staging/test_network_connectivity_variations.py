"""Clients that speak HTTP ahead of time, in pieces, slowly, in other words or not to its end are served like others."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from ci_tools.target.addresses import endpoint
from ci_tools.target.answers import accepted, envelope, rows
from ci_tools.target.evidence import Evidence
from ci_tools.target.fixtures import User
from ci_tools.target.http import HttpClient
from tests.e2e.threads import thread_of
from tests.e2e.wire import Request, wire

pytestmark = pytest.mark.requires("backend", "auth", "postgresql")

PROFILE = "/api/v1/user/profile"
CONNECTIONS = 12
TEXT = "Größe und Maß: 終わり. " * 2500
"""About 80 kB: several TLS records and socket buffers."""


async def test_one_connection_carries_a_conversation(client: HttpClient, user: User, evidence: Evidence) -> None:
    """Creating, writing, reading and deleting are answered on one connection, which is never closed in between."""
    bearer = await user.credentials.bearer()
    async with wire(client, "backend", evidence) as connection:
        await connection.send(Request(method="POST", path="/api/threads", bearer=bearer, document={"title": "kept"}))
        created = await connection.answer()
        path = f"/api/threads/{accepted(created)['id']}"
        await connection.send(
            Request(method="POST", path=f"{path}/messages", bearer=bearer, document={"message": "on one wire"})
        )
        written = await connection.answer()
        await connection.send(Request(method="GET", path=f"{path}/messages", bearer=bearer))
        read = await connection.answer()
        await connection.send(Request(method="DELETE", path=path, bearer=bearer))
        deleted = await connection.answer()

    answers = (created, written, read, deleted)
    assert [message["content"] for message in rows(read)] == ["on one wire"]
    assert deleted.status in {200, 204}
    assert len({answer.request_id for answer in answers}) == len(answers)
    assert "close" not in {answer.headers.get("connection", "").lower() for answer in answers}


async def test_requests_sent_ahead_are_answered_in_their_order(
    client: HttpClient, user: User, evidence: Evidence
) -> None:
    """Four requests sent before the first answer are answered one by one, in the order in which they were sent."""
    requests = [
        Request(method="GET", path=PROFILE, bearer=await user.credentials.bearer()),
        Request(method="GET", path="/api/no-such-path"),
        Request(method="GET", path=PROFILE),
        Request(method="GET", path="/health"),
    ]
    async with wire(client, "backend", evidence) as connection:
        for request in requests:
            await connection.send(request)
        profile, unknown, refused, health = [await connection.answer() for _ in requests]

    assert [answer.status for answer in (profile, unknown, refused, health)] == [200, 404, 401, 200]
    assert accepted(profile)["email"] == user.email
    assert envelope(unknown)["error_code"] != envelope(refused)["error_code"]
    assert accepted(health)["status"] == "healthy"


async def test_slow_client_loses_nothing_and_delays_nobody(client: HttpClient, user: User, evidence: Evidence) -> None:
    """A long text sent in small pieces, and read in smaller ones, is the same text; others are answered meanwhile."""
    bearer = await user.credentials.bearer()
    async with thread_of(user, "slow") as thread, wire(client, "backend", evidence) as connection:
        writing = Request(method="POST", path=f"{thread}/messages", bearer=bearer, document={"message": TEXT})
        # An odd size cuts characters in two.
        pieces = [writing.body[start : start + 4099] for start in range(0, len(writing.body), 4099)]
        await connection.send(writing, parts=pieces)
        written = await connection.answer()

        await connection.send(Request(method="GET", path=f"{thread}/messages", bearer=bearer))
        head = await connection.answer_head()
        meanwhile = await asyncio.gather(*(user.backend.get(PROFILE) for _ in range(3)))
        read = await connection.answer_body(*head, piece_bytes=997)

    assert written.status in {200, 201}
    assert [accepted(answer)["email"] for answer in meanwhile] == [user.email] * 3
    assert [message["content"].strip() for message in rows(read)] == [TEXT.strip()]


async def test_connections_at_once_stay_apart(
    client: HttpClient, user: User, second_user: User, evidence: Evidence
) -> None:
    """On twelve connections opened at once two users are each answered on their own ones, and only there."""
    owners = [user, second_user] * (CONNECTIONS // 2)
    async with AsyncExitStack() as stack:
        connections = await asyncio.gather(
            *(stack.enter_async_context(wire(client, "backend", evidence)) for _ in owners)
        )
        for connection, owner in zip(connections, owners, strict=True):
            await connection.send(Request(method="GET", path=PROFILE, bearer=await owner.credentials.bearer()))
        answers = await asyncio.gather(*(connection.answer() for connection in connections))

    assert [accepted(answer)["email"] for answer in answers] == [owner.email for owner in owners]
    assert len({answer.request_id for answer in answers}) == CONNECTIONS


async def test_request_that_is_cut_off_leaves_nothing(client: HttpClient, user: User, evidence: Evidence) -> None:
    """A client that disappears within its request has created nothing; its next, whole request is the only one done."""
    bearer = await user.credentials.bearer()
    half = Request(method="POST", path="/api/threads", bearer=bearer, document={"title": "half", "metadata": {"n": 1}})
    whole = Request(method="POST", path="/api/threads", bearer=bearer, document={"title": "whole"})
    async with wire(client, "backend", evidence) as connection:
        # What was sent is a complete document: only the announced length tells that it is not all.
        await connection.send_short(half, missing_bytes=1)
        connection.cut()

    async with wire(client, "backend", evidence) as connection:
        await connection.send(whole)
        created = accepted(await connection.answer())

    listed = rows(await user.backend.get("/api/threads"))
    for thread in listed:
        await user.backend.delete(f"/api/threads/{thread['id']}")
    assert [thread["id"] for thread in listed] == [created["id"]]
    assert [thread["title"] for thread in listed] == ["whole"]


async def test_customers_are_answered_as_tests_are(client: HttpClient, user: User, evidence: Evidence) -> None:
    """A browser without our test headers that spells the host in capitals reads the same profile as the test does."""
    there = endpoint(client.environment, "backend")
    host = there.url.partition("://")[2].partition("/")[0].upper()
    bearer = await user.credentials.bearer()
    async with wire(client, "backend", evidence) as connection:
        await connection.send(Request(method="GET", path=PROFILE, bearer=bearer))
        tested = await connection.answer()
        await connection.send(Request(method="GET", path=PROFILE, bearer=bearer, marks=False, host=host))
        browsed = await connection.answer()

    assert accepted(tested)["email"] == user.email
    assert accepted(browsed) == accepted(tested)
