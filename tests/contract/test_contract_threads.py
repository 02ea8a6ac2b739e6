from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.contract.checks import check_answered, check_listed, check_refused, instant, is_fresh
from tests.contract.client import Deployed, User
from tests.contract.schemas import MESSAGE, THREAD

UNKNOWN = "/api/threads/thread_00000000000000000000000000000000"


@pytest.fixture(scope="module")
async def elsewhere(deployed: Deployed) -> AsyncIterator[httpx.AsyncClient]:
    """A second client of the backend, with connections of its own."""
    async with deployed.http("api") as client:
        yield client


async def create(api: httpx.AsyncClient, user: User, **body: object) -> dict[str, Any]:
    """A new thread of *user*."""
    created: dict[str, Any] = check_answered(
        await api.post("/api/threads", headers=user.bearer, json=body), THREAD, 201
    )
    return created


async def say(api: httpx.AsyncClient, user: User, thread: str, message: str, **body: object) -> dict[str, Any]:
    """A new message in a thread of *user*."""
    answer = await api.post(f"/api/threads/{thread}/messages", headers=user.bearer, json={"message": message, **body})
    said: dict[str, Any] = check_answered(answer, MESSAGE, 201)
    return said


async def test_created_thread_is_what_was_asked(api: httpx.AsyncClient, user: User) -> None:
    """A new thread has the title and metadata that were sent, and is empty and of now."""
    thread = await create(api, user, title="Costs of July", metadata={"source": "contract", "deep": {"n": 1}})

    assert thread["title"] == "Costs of July"
    assert thread["metadata"] == {"source": "contract", "deep": {"n": 1}}
    assert thread["message_count"] == 0
    assert is_fresh(thread["created_at"])


async def test_title_and_metadata_are_optional(api: httpx.AsyncClient, user: User) -> None:
    """A thread may be created without a title and without metadata."""
    thread = await create(api, user)

    assert thread["metadata"] == {}


async def test_thread_is_persisted(api: httpx.AsyncClient, elsewhere: httpx.AsyncClient, user: User) -> None:
    """A second client reads the thread that the first one created."""
    thread = await create(api, user, title="Zürich 東京", metadata={"a": [1, None, "x"]})
    answer = await elsewhere.get(f"/api/threads/{thread['id']}", headers=user.bearer)

    assert check_answered(answer, THREAD) == thread


async def test_threads_are_distinct(api: httpx.AsyncClient, user: User) -> None:
    """Two threads with one title are two threads."""
    first = await create(api, user, title="same")
    second = await create(api, user, title="same")

    assert first["id"] != second["id"]


async def test_list_has_every_thread_newest_first(api: httpx.AsyncClient, user: User) -> None:
    """The list has exactly the threads of the user, the newest first."""
    created = [(await create(api, user, title=str(number)))["id"] for number in range(3)]
    threads = check_listed(await api.get("/api/threads", headers=user.bearer), THREAD)

    assert [thread["id"] for thread in threads] == created[::-1]


async def test_put_changes_what_it_names(api: httpx.AsyncClient, elsewhere: httpx.AsyncClient, user: User) -> None:
    """A changed title stands; metadata that were not named stay; updated_at moves, created_at does not."""
    thread = await create(api, user, title="before", metadata={"kept": True})
    changed = check_answered(
        await api.put(f"/api/threads/{thread['id']}", headers=user.bearer, json={"title": "after"}), THREAD
    )
    stored = check_answered(await elsewhere.get(f"/api/threads/{thread['id']}", headers=user.bearer), THREAD)

    assert changed == stored
    assert stored["title"] == "after"
    assert stored["metadata"] == {"kept": True}
    assert stored["created_at"] == thread["created_at"]
    assert instant(stored["updated_at"]) > instant(thread["updated_at"])


async def test_deleted_thread_is_gone(api: httpx.AsyncClient, user: User) -> None:
    """A deleted thread is 404 and in no list; others stay."""
    kept = await create(api, user)
    thread = await create(api, user)
    answer = await api.delete(f"/api/threads/{thread['id']}", headers=user.bearer)
    left = check_listed(await api.get("/api/threads", headers=user.bearer), THREAD)

    assert answer.status_code in (200, 204)
    assert [each["id"] for each in left] == [kept["id"]]
    check_refused(await api.get(f"/api/threads/{thread['id']}", headers=user.bearer), 404)
    check_refused(await api.delete(f"/api/threads/{thread['id']}", headers=user.bearer), 404)


async def test_message_is_what_was_said(api: httpx.AsyncClient, user: User) -> None:
    """A message has its content, its thread, the role of the user, and is of now."""
    thread = await create(api, user)
    message = await say(api, user, thread["id"], "what did July cost?", metadata={"n": 1})

    assert message["content"] == "what did July cost?"
    assert message["thread_id"] == thread["id"]
    assert message["role"] == "user"
    assert is_fresh(message["created_at"])


async def test_messages_are_persisted_in_order(
    api: httpx.AsyncClient, elsewhere: httpx.AsyncClient, user: User
) -> None:
    """A second client reads every message, in the order in which they were said."""
    thread = await create(api, user)
    said = [await say(api, user, thread["id"], text) for text in ("one", "two", "three")]
    messages = check_listed(await elsewhere.get(f"/api/threads/{thread['id']}/messages", headers=user.bearer), MESSAGE)

    assert [message["content"] for message in messages] == ["one", "two", "three"]
    assert [message["id"] for message in messages] == [message["id"] for message in said]


async def test_messages_are_counted(api: httpx.AsyncClient, user: User) -> None:
    """message_count is the number of messages of that thread only."""
    other = await create(api, user)
    thread = await create(api, user)
    await say(api, user, thread["id"], "one")
    await say(api, user, thread["id"], "two")
    await say(api, user, other["id"], "elsewhere")
    stored = check_answered(await api.get(f"/api/threads/{thread['id']}", headers=user.bearer), THREAD)

    assert stored["message_count"] == 2


async def test_messages_stay_in_their_thread(api: httpx.AsyncClient, user: User) -> None:
    """A message of one thread is in no other."""
    first = await create(api, user)
    second = await create(api, user)
    await say(api, user, first["id"], "only in the first")
    messages = check_listed(await api.get(f"/api/threads/{second['id']}/messages", headers=user.bearer), MESSAGE)

    assert messages == []


@pytest.mark.parametrize(
    "attempt",
    [
        ("GET", "", None),
        ("PUT", "", {"title": "taken"}),
        ("DELETE", "", None),
        ("GET", "/messages", None),
        ("POST", "/messages", {"message": "intruder"}),
    ],
)
async def test_another_users_thread_does_not_exist(
    api: httpx.AsyncClient, user: User, stranger: User, attempt: tuple[str, str, object]
) -> None:
    """What belongs to somebody else is 404, as if it did not exist, and stays unchanged."""
    method, path, body = attempt
    thread = await create(api, user, title="mine")
    answer = await api.request(method, f"/api/threads/{thread['id']}{path}", headers=stranger.bearer, json=body)
    unknown = await api.request(method, f"{UNKNOWN}{path}", headers=stranger.bearer, json=body)
    stored = check_answered(await api.get(f"/api/threads/{thread['id']}", headers=user.bearer), THREAD)

    assert check_refused(answer, 404)["error_code"] == check_refused(unknown, 404)["error_code"]
    assert stored == thread


async def test_lists_show_own_threads_only(api: httpx.AsyncClient, user: User, stranger: User) -> None:
    """A user's threads are in nobody else's list."""
    await create(api, user)
    threads = check_listed(await api.get("/api/threads", headers=stranger.bearer), THREAD)

    assert threads == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/threads"),
        ("POST", "/api/threads"),
        ("GET", UNKNOWN),
        ("PUT", UNKNOWN),
        ("DELETE", UNKNOWN),
        ("GET", f"{UNKNOWN}/messages"),
        ("POST", f"{UNKNOWN}/messages"),
    ],
)
async def test_threads_need_a_bearer(api: httpx.AsyncClient, method: str, path: str) -> None:
    """Nothing of threads is told or done without a bearer."""
    answer = await api.request(method, path)

    check_refused(answer, 401)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/threads", {"title": 7}),
        ("/api/threads", {"metadata": "text"}),
        ("/api/threads", ["a list"]),
        ("/messages", {}),
        ("/messages", {"message": ""}),
        ("/messages", {"message": 7}),
        ("/messages", {"message": "x", "metadata": []}),
    ],
)
async def test_invalid_bodies_are_refused(api: httpx.AsyncClient, user: User, path: str, body: object) -> None:
    """A body that does not follow the contract is 422 and changes nothing."""
    thread = await create(api, user)
    target = path if path.startswith("/api") else f"/api/threads/{thread['id']}{path}"
    answer = await api.post(target, headers=user.bearer, json=body)
    threads = check_listed(await api.get("/api/threads", headers=user.bearer), THREAD)

    assert check_refused(answer, 422)["details"]
    assert [(each["id"], each["message_count"]) for each in threads] == [(thread["id"], 0)]


async def test_pages_cover_the_list_without_overlap(api: httpx.AsyncClient, user: User) -> None:
    """Limit and offset cut the list in parts that make the whole."""
    for number in range(5):
        await create(api, user, title=str(number))
    pages = [
        check_listed(await api.get("/api/threads", headers=user.bearer, params={"limit": 2, "offset": offset}), THREAD)
        for offset in (0, 2, 4, 6)
    ]

    assert [[thread["title"] for thread in page] for page in pages] == [["4", "3"], ["2", "1"], ["0"], []]


async def test_messages_are_paged(api: httpx.AsyncClient, user: User) -> None:
    """Limit and offset cut the messages too."""
    thread = await create(api, user)
    for text in ("one", "two", "three"):
        await say(api, user, thread["id"], text)
    page = check_listed(
        await api.get(f"/api/threads/{thread['id']}/messages", headers=user.bearer, params={"limit": 1, "offset": 1}),
        MESSAGE,
    )

    assert [message["content"] for message in page] == ["two"]


@pytest.mark.parametrize("limit", [1, 100])
async def test_limits_up_to_100_are_allowed(api: httpx.AsyncClient, user: User, limit: int) -> None:
    """A limit of 1 and one of 100 are served."""
    answer = await api.get("/api/threads", headers=user.bearer, params={"limit": limit})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "params", [{"limit": 101}, {"limit": 0}, {"limit": -1}, {"limit": "many"}, {"offset": -1}, {"offset": "x"}]
)
@pytest.mark.parametrize("path", ["/api/threads", "/api/corpus"])
async def test_other_pages_are_refused(api: httpx.AsyncClient, user: User, path: str, params: dict[str, str]) -> None:
    """A limit above 100 and a negative offset are 422."""
    answer = await api.get(path, headers=user.bearer, params=params)

    check_refused(answer, 422)
