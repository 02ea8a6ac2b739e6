"""Threads and messages in PostgreSQL: every call sees one user's things only."""

from collections.abc import Mapping
from typing import Any, Final, Literal
from uuid import uuid4

from sqlalchemy import delete, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncEngine

from ci_tools.twin.services.storage import fetch_page, values
from ci_tools.twin.services.tables import MESSAGES, THREADS
from ci_tools.twin.services.web import NotFoundError, Page

Role = Literal["user", "assistant", "system"]

THREAD: Final = (
    THREADS.c.id,
    literal("thread").label("object"),
    THREADS.c.title,
    THREADS.c.created_at,
    THREADS.c.updated_at,
    THREADS.c.metadata,
    THREADS.c.message_count,
)
MESSAGE: Final = (
    MESSAGES.c.id,
    literal("message").label("object"),
    MESSAGES.c.thread_id,
    MESSAGES.c.content,
    MESSAGES.c.role,
    MESSAGES.c.metadata,
    MESSAGES.c.created_at,
)


def _unknown(thread_id: str) -> NotFoundError:
    return NotFoundError(f"unknown thread {thread_id!r}", code="THREAD_NOT_FOUND")


async def add_thread(database: AsyncEngine, user_id: str, title: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """A new, empty thread of *user_id*."""
    row = {"id": f"thread_{uuid4().hex}", "user_id": user_id, "title": title, "metadata": dict(metadata)}
    async with database.connect() as connection:
        added = await connection.execute(insert(THREADS).values(row).returning(*THREAD))
        return values(added.one())


async def list_threads(database: AsyncEngine, user_id: str, page: Page) -> dict[str, Any]:
    """The threads of *user_id*, last used first."""
    query = select(*THREAD).where(THREADS.c.user_id == user_id)
    return await fetch_page(database, query.order_by(THREADS.c.updated_at.desc(), THREADS.c.id), page)


async def get_thread(database: AsyncEngine, user_id: str, thread_id: str) -> dict[str, Any]:
    """The thread *thread_id*.

    Raises:
        NotFoundError: There is none, or it is another user's.
    """
    query = select(*THREAD).where(THREADS.c.id == thread_id, THREADS.c.user_id == user_id)
    async with database.connect() as connection:
        row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise _unknown(thread_id)
    return values(row)


async def change_thread(
    database: AsyncEngine, user_id: str, thread_id: str, changes: Mapping[str, Any]
) -> dict[str, Any]:
    """The thread *thread_id* after *changes* of its title or metadata.

    Raises:
        NotFoundError: There is none, or it is another user's.
    """
    statement = (
        update(THREADS)
        .where(THREADS.c.id == thread_id, THREADS.c.user_id == user_id)
        .values(updated_at=func.clock_timestamp(), **changes)
        .returning(*THREAD)
    )
    async with database.connect() as connection:
        row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise _unknown(thread_id)
    return values(row)


async def delete_thread(database: AsyncEngine, user_id: str, thread_id: str) -> None:
    """The thread *thread_id* and its messages are gone.

    Raises:
        NotFoundError: There is none, or it is another user's.
    """
    statement = delete(THREADS).where(THREADS.c.id == thread_id, THREADS.c.user_id == user_id)
    async with database.connect() as connection:
        gone = await connection.execute(statement.returning(THREADS.c.id))
        if gone.one_or_none() is None:
            raise _unknown(thread_id)


async def add_message(
    database: AsyncEngine,
    user_id: str,
    thread_id: str,
    content: str,
    *,
    role: Role = "user",
    metadata: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A new last message of the thread *thread_id*, counted there in the same statement.

    Raises:
        NotFoundError: There is no such thread, or it is another user's.
    """
    thread = (
        update(THREADS)
        .where(THREADS.c.id == thread_id, THREADS.c.user_id == user_id)
        .values(message_count=THREADS.c.message_count + 1, updated_at=func.clock_timestamp())
        .returning(THREADS.c.id)
        .cte("thread")
    )
    row = select(
        literal(f"msg_{uuid4().hex}"),
        thread.c.id,
        literal(user_id),
        literal(role),
        literal(content),
        literal(dict(metadata or {}), JSONB),
    )
    names = ["id", "thread_id", "user_id", "role", "content", "metadata"]
    statement = insert(MESSAGES).from_select(names, row).returning(*MESSAGE)
    async with database.connect() as connection:
        added = (await connection.execute(statement)).one_or_none()
    if added is None:
        raise _unknown(thread_id)
    return values(added)


async def list_messages(database: AsyncEngine, user_id: str, thread_id: str, page: Page) -> dict[str, Any]:
    """The messages of the thread *thread_id*, oldest first.

    Raises:
        NotFoundError: There is no such thread, or it is another user's.
    """
    thread = await get_thread(database, user_id, thread_id)
    query = (
        select(*MESSAGE)
        .where(MESSAGES.c.thread_id == thread_id)
        .order_by(MESSAGES.c.position)
        .limit(page.limit)
        .offset(page.offset)
    )
    async with database.connect() as connection:
        rows = [values(row) for row in await connection.execute(query)]
    return page.of(rows, thread["message_count"])
