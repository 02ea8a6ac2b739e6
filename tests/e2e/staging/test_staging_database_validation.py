"""What users store in PostgreSQL stays stored, belongs to them alone, and is fast to reach."""

import asyncio
import statistics
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest_asyncio

from ci_tools.target.answers import accepted, envelope, instant, rows
from ci_tools.target.evidence import Evidence
from ci_tools.target.fixtures import User
from ci_tools.target.service import Service

DATABASE_S = 3.0
"""The unscaled limit of the worklog for one answer of the database."""

CreateThread = Callable[..., Awaitable[dict[str, Any]]]


@pytest_asyncio.fixture
async def create_thread(user: User) -> AsyncIterator[CreateThread]:
    """Creates threads of the test's user and deletes them afterwards."""
    created: list[str] = []

    async def create(title: str, **metadata: object) -> dict[str, Any]:
        answer = await user.backend.post("/api/threads", json={"title": title, "metadata": metadata})
        body: dict[str, Any] = accepted(answer)
        created.append(body["id"])
        return body

    yield create
    await asyncio.gather(*(user.backend.delete(f"/api/threads/{thread_id}") for thread_id in created))


async def test_database_is_connected(backend: Service) -> None:
    """Asked freshly, the backend reaches PostgreSQL without an error."""
    check = accepted(await backend.get("/api/health/ready", params={"force": "true"}))["checks"]["postgresql"]

    assert (check["status"], check["connected"], check["error"]) == ("healthy", True, None)


async def test_database_answers_in_time(backend: Service, evidence: Evidence) -> None:
    """The median of three fresh database checks is below 3 s (scaled)."""
    latencies_ms = [
        accepted(await backend.get("/api/health/ready", params={"force": "true"}))["checks"]["postgresql"][
            "response_time_ms"
        ]
        for _ in range(3)
    ]
    evidence.note(f"postgresql response_time_ms: {latencies_ms}")

    assert statistics.median(latencies_ms) < backend.environment.scaled(DATABASE_S) * 1000


async def test_database_has_connections_to_spare(backend: Service) -> None:
    """The database is connected and its statistics are counted, not absent."""
    body = accepted(await backend.get("/health/database"))

    assert body["connected"] is True
    assert body["pool_status"]
    assert isinstance(body["database_stats"]["active_connections"], int)
    assert body["database_stats"]["active_connections"] >= 1


async def test_created_thread_is_persisted(user: User, create_thread: CreateThread) -> None:
    """A created thread can be read again with the title and metadata it was given."""
    created = await create_thread("Quarterly cost review", project="netra", priority=3)

    answer = await user.backend.get(f"/api/threads/{created['id']}")

    body = accepted(answer)
    assert (body["object"], body["title"]) == ("thread", "Quarterly cost review")
    assert body["metadata"] == {"project": "netra", "priority": 3}
    assert body["message_count"] == 0


async def test_created_thread_is_listed(user: User, create_thread: CreateThread) -> None:
    """A new user's list holds exactly the threads that were created."""
    first, second = await asyncio.gather(create_thread("first"), create_thread("second"))

    listed = rows(await user.backend.get("/api/threads"))

    assert {thread["id"] for thread in listed} == {first["id"], second["id"]}


async def test_changed_thread_is_persisted(user: User, create_thread: CreateThread) -> None:
    """A changed title is read again, and the time of the change advances."""
    created = await create_thread("before")

    changed = await user.backend.put(f"/api/threads/{created['id']}", json={"title": "after"})

    read = accepted(await user.backend.get(f"/api/threads/{created['id']}"))
    assert changed.status == 200
    assert read["title"] == "after"
    assert instant(read["updated_at"]) > instant(created["updated_at"])
    assert read["created_at"] == created["created_at"]


async def test_deleted_thread_is_gone(user: User, create_thread: CreateThread) -> None:
    """A deleted thread is 404 and not listed any more."""
    created = await create_thread("to be deleted")

    deleted = await user.backend.delete(f"/api/threads/{created['id']}")

    assert deleted.status in {200, 204}
    assert (await user.backend.get(f"/api/threads/{created['id']}")).status == 404
    assert rows(await user.backend.get("/api/threads")) == []


async def test_messages_are_persisted_in_order(user: User, create_thread: CreateThread) -> None:
    """Messages are read again in the order of their writing, and counted in their thread."""
    thread = await create_thread("messages")
    path = f"/api/threads/{thread['id']}/messages"
    texts = ["first", "second", "third"]
    for text in texts:
        assert (await user.backend.post(path, json={"message": text})).status in {200, 201}

    listed = rows(await user.backend.get(path))

    written = [instant(message["created_at"]) for message in listed]
    assert [message["content"] for message in listed] == texts
    assert written == sorted(written)
    assert {message["thread_id"] for message in listed} == {thread["id"]}
    assert {message["role"] for message in listed} == {"user"}
    assert accepted(await user.backend.get(f"/api/threads/{thread['id']}"))["message_count"] == 3


async def test_text_survives_unchanged(user: User, create_thread: CreateThread) -> None:
    """Any text is stored and read again exactly as it was written: scripts, SQL, markup, escapes."""
    text = 'Zürich 日本語 🚀 Robert\'); DROP TABLE threads;-- <b>bold</b> line\nbreak\ttab \\ "quoted"'

    created = await create_thread(text)

    read = accepted(await user.backend.get(f"/api/threads/{created['id']}"))

    assert read["title"] == text


async def test_pages_are_disjoint_and_complete(user: User, create_thread: CreateThread) -> None:
    """Pages of two over five threads hold each of them exactly once."""
    created = await asyncio.gather(*(create_thread(f"thread {number}") for number in range(5)))

    answers = await asyncio.gather(
        *(user.backend.get("/api/threads", params={"limit": 2, "offset": offset}) for offset in (0, 2, 4))
    )

    pages = [rows(answer) for answer in answers]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert sorted(thread["id"] for page in pages for thread in page) == sorted(thread["id"] for thread in created)


async def test_page_beyond_the_limit_is_refused(user: User) -> None:
    """More than 100 threads at once are refused with 422, not silently cut."""
    answer = await user.backend.get("/api/threads", params={"limit": 101})

    assert answer.status == 422
    assert "limit" in str(envelope(answer))


async def test_threads_belong_to_their_user(user: User, second_user: User, create_thread: CreateThread) -> None:
    """Another user can neither read, change, list, extend nor delete a thread; it stays as it was."""
    path = f"/api/threads/{(await create_thread('private'))['id']}"

    answers = await asyncio.gather(
        second_user.backend.get(path),
        second_user.backend.put(path, json={"title": "stolen"}),
        second_user.backend.get(f"{path}/messages"),
        second_user.backend.post(f"{path}/messages", json={"message": "intruder"}),
        second_user.backend.delete(path),
    )

    assert [answer.status for answer in answers] == [404] * 5
    assert rows(await second_user.backend.get("/api/threads")) == []
    kept = accepted(await user.backend.get(path))
    assert (kept["title"], kept["message_count"]) == ("private", 0)


async def test_concurrent_writes_are_all_kept(user: User, create_thread: CreateThread) -> None:
    """Ten threads written at once are ten threads afterwards."""
    created = await asyncio.gather(*(create_thread(f"concurrent {number}") for number in range(10)))

    listed = rows(await user.backend.get("/api/threads", params={"limit": 100}))

    assert len({thread["id"] for thread in created}) == 10
    assert sorted(thread["title"] for thread in listed) == sorted(f"concurrent {number}" for number in range(10))


async def test_preference_is_persisted_for_its_user_only(user: User, second_user: User) -> None:
    """A changed preference is read again by its user, and nobody else's change."""
    path = "/api/v1/user/preferences"
    before = accepted(await second_user.backend.get(path))

    changed = await user.backend.patch(path, json={"theme": "e2e-dark"})

    assert changed.status == 200
    assert accepted(await user.backend.get(path))["theme"] == "e2e-dark"
    assert accepted(await second_user.backend.get(path)) == before
    assert before.get("theme") != "e2e-dark"
