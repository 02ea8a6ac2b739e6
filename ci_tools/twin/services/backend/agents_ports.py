"""The agents' ports connected to the language model, Redis and PostgreSQL."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, Literal

import httpx
import redis.asyncio
from redis.exceptions import RedisError
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine

from ci_tools.twin.agents.failures import (
    ModelTimeoutError,
    ModelUnavailableError,
    StorageError,
    ThreadNotFoundError,
)
from ci_tools.twin.agents.ports import Caller, Document, Message
from ci_tools.twin.agents.runs import RunState
from ci_tools.twin.services.backend import conversation, documents
from ci_tools.twin.services.storage import text_of
from ci_tools.twin.services.tables import MESSAGES
from ci_tools.twin.services.web import NotFoundError, Page, UnavailableError

LOG = logging.getLogger(__name__)
RUN_KEPT_S: Final = 3600
_STORAGE_ERRORS: Final = (RedisError, DBAPIError, PoolTimeoutError, UnavailableError)


@contextmanager
def kept_by(dependency: str) -> Iterator[None]:
    """A failure of *dependency* in the block is a :class:`StorageError` in its client's own words."""
    try:
        yield
    except _STORAGE_ERRORS as error:
        LOG.warning("%s failed an agent: %s", dependency, text_of(error))
        raise StorageError(dependency, text_of(error)) from error


class HttpModel:
    """The language model behind ``POST /v1/complete``."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def complete(self, prompt: str, task: str) -> str:
        """The model's text; see :class:`ci_tools.twin.agents.ports.Model`."""
        try:
            answer = await self._client.post("/v1/complete", json={"prompt": prompt, "task": task})
            answer.raise_for_status()
            return str(answer.json()["text"])
        except httpx.TimeoutException as error:
            LOG.warning("llm did not answer an agent in time: %s", type(error).__name__)
            raise ModelTimeoutError(f"the language model did not answer in time: {type(error).__name__}") from error
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            LOG.warning("llm failed an agent: %s", _root_of(error))
            raise ModelUnavailableError(
                f"the language model is unavailable: {_root_of(error)}; try again later"
            ) from error


class RedisRuns:
    """Runs as JSON under ``agent:run:ID``; ``agent:request:USER:REQUEST`` names the run of a request."""

    def __init__(self, cache: redis.asyncio.Redis) -> None:
        self._cache = cache

    async def open(self, run: RunState) -> str:
        """See :class:`ci_tools.twin.agents.ports.RunStore`."""
        with kept_by("redis"):
            if run.request_id is None:
                await self._cache.set(_run_key(run.run_id), _dumped(run), ex=RUN_KEPT_S)
                return run.run_id
            holder = await self._claim(run, f"agent:request:{run.user_id}:{run.request_id}")
            if holder != run.run_id:
                await self._cache.delete(_run_key(run.run_id))
            return holder

    async def _claim(self, run: RunState, claim: str) -> str:
        async with self._cache.pipeline(transaction=True) as pipeline:
            pipeline.set(_run_key(run.run_id), _dumped(run), ex=RUN_KEPT_S)
            pipeline.set(claim, run.run_id, nx=True, ex=RUN_KEPT_S)
            pipeline.get(claim)
            *_, holder = await pipeline.execute()
        return str(holder)

    async def save(self, run: RunState) -> None:
        """See :class:`ci_tools.twin.agents.ports.RunStore`."""
        with kept_by("redis"):
            await self._cache.set(_run_key(run.run_id), _dumped(run), ex=RUN_KEPT_S)

    async def load(self, run_id: str) -> RunState | None:
        """See :class:`ci_tools.twin.agents.ports.RunStore`."""
        with kept_by("redis"):
            stored = await self._cache.get(_run_key(run_id))
        return None if stored is None else RunState.from_json(json.loads(stored))


class SqlThreads:
    """The threads and messages of ``/api/threads``."""

    def __init__(self, database: AsyncEngine) -> None:
        self._database = database

    async def owns(self, caller: Caller) -> bool:
        """See :class:`ci_tools.twin.agents.ports.Threads`."""
        with kept_by("postgresql"):
            try:
                await conversation.get_thread(self._database, caller.user_id, caller.thread_id or "")
            except NotFoundError:
                return False
        return True

    async def append(self, caller: Caller, message: Message, metadata: Mapping[str, Any]) -> None:
        """See :class:`ci_tools.twin.agents.ports.Threads`."""
        thread_id = caller.thread_id or ""
        role: Literal["user", "assistant"] = "user" if message.role == "user" else "assistant"
        with kept_by("postgresql"):
            try:
                await conversation.add_message(
                    self._database, caller.user_id, thread_id, message.content, role=role, metadata=metadata
                )
            except NotFoundError as error:
                raise ThreadNotFoundError(f"thread {thread_id!r} was deleted while the agent worked") from error

    async def history(self, caller: Caller, limit: int) -> Sequence[Message]:
        """See :class:`ci_tools.twin.agents.ports.Threads`."""
        latest = (
            select(MESSAGES.c.role, MESSAGES.c.content)
            .where(MESSAGES.c.thread_id == caller.thread_id, MESSAGES.c.user_id == caller.user_id)
            .order_by(MESSAGES.c.position.desc())
            .limit(limit)
        )
        with kept_by("postgresql"):
            async with self._database.connect() as connection:
                rows = (await connection.execute(latest)).all()
        return [Message(role=row.role, content=row.content) for row in reversed(rows)]


class SqlDocuments:
    """The documents of ``/api/corpus``."""

    def __init__(self, database: AsyncEngine) -> None:
        self._database = database

    async def create(self, caller: Caller, title: str, content: str) -> Document:
        """See :class:`ci_tools.twin.agents.ports.Documents`."""
        with kept_by("postgresql"):
            made = await documents.add_document(self._database, caller.user_id, title, content, {"source": "agent"})
        return Document(document_id=made["id"], title=made["title"], excerpt=content[:200])

    async def search(self, caller: Caller, query: str, limit: int) -> Sequence[Document]:
        """See :class:`ci_tools.twin.agents.ports.Documents`."""
        page = Page(limit=limit, offset=0)
        with kept_by("postgresql"):
            found = await documents.search_documents(self._database, caller.user_id, query, page)
        return [Document(document_id=row["id"], title=row["title"], excerpt=row["excerpt"]) for row in found["data"]]


def _root_of(error: BaseException) -> str:
    while isinstance(inner := error.__cause__ or error.__context__, Exception):
        error = inner
    return f"{type(error).__name__}: {error}"


def _run_key(run_id: str) -> str:
    return f"agent:run:{run_id}"


def _dumped(run: RunState) -> str:
    return json.dumps(run.as_json(), ensure_ascii=False, separators=(",", ":"))
