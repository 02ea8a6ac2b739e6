"""Threads of users, named by their paths, and what stands in them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ci_tools.target.answers import accepted, rows
from ci_tools.target.fixtures import Eventually, User


@asynccontextmanager
async def thread_of(user: User, title: str | None = "e2e", **metadata: object) -> AsyncIterator[str]:
    """The path of a new thread of *user*, which is deleted at the end; without *title* only its owner is told."""
    body = {} if title is None else {"title": title, "metadata": metadata}
    created = accepted(await user.backend.post("/api/threads", json=body))
    path = f"/api/threads/{created['id']}"
    try:
        yield path
    finally:
        await user.backend.delete(path)


def thread_id(thread: str) -> str:
    """The id of the thread at the path *thread*."""
    return thread.rpartition("/")[2]


async def contents_of(user: User, thread: str) -> list[tuple[str, str]]:
    """Role and content of each message of the thread at the path *thread*, in the order of the answer."""
    return [(message["role"], message["content"]) for message in rows(await user.backend.get(f"{thread}/messages"))]


async def conversation(eventually: Eventually, user: User, thread: str, count: int) -> list[tuple[str, str]]:
    """Role and content of the messages of *thread* once there are *count* or more."""

    async def stored() -> list[tuple[str, str]]:
        messages = await contents_of(user, thread)
        return messages if len(messages) >= count else []

    seen: list[tuple[str, str]] = await eventually(
        stored, within_s=user.backend.environment.timeouts.receive_s, what=f"{count} messages are stored in {thread}"
    )
    return seen
