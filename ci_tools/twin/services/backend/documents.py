"""The corpus in PostgreSQL: documents of one user, found by full-text search."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ci_tools.twin.services.storage import fetch_page, values
from ci_tools.twin.services.tables import DOCUMENTS, SEARCH_LANGUAGE
from ci_tools.twin.services.web import NotFoundError, Page

DOCUMENT: Final = (
    DOCUMENTS.c.id,
    literal("document").label("object"),
    DOCUMENTS.c.title,
    DOCUMENTS.c.metadata,
    func.length(DOCUMENTS.c.content).label("length"),
    DOCUMENTS.c.created_at,
    DOCUMENTS.c.updated_at,
)


async def add_document(
    database: AsyncEngine, user_id: str, title: str, content: str, metadata: Mapping[str, Any]
) -> dict[str, Any]:
    """A new document of *user_id*, searchable at once."""
    row = {
        "id": f"doc_{uuid4().hex}",
        "user_id": user_id,
        "title": title,
        "content": content,
        "metadata": dict(metadata),
    }
    async with database.connect() as connection:
        added = await connection.execute(insert(DOCUMENTS).values(row).returning(*DOCUMENT))
        return values(added.one())


async def list_documents(database: AsyncEngine, user_id: str, page: Page) -> dict[str, Any]:
    """The documents of *user_id*, newest first."""
    query = select(*DOCUMENT).where(DOCUMENTS.c.user_id == user_id)
    newest = (DOCUMENTS.c.created_at.desc(), DOCUMENTS.c.id)
    return await fetch_page(database, query.order_by(*newest), page)


async def search_documents(database: AsyncEngine, user_id: str, words: str, page: Page) -> dict[str, Any]:
    """The documents of *user_id* that *words* match, best first, each with ``score`` and ``excerpt``."""
    wanted = func.websearch_to_tsquery(SEARCH_LANGUAGE, words)
    score = func.ts_rank(DOCUMENTS.c.words, wanted).label("score")
    excerpt = func.ts_headline(
        SEARCH_LANGUAGE, DOCUMENTS.c.content, wanted, "StartSel='', StopSel='', MaxWords=30, MinWords=10"
    ).label("excerpt")
    query = select(*DOCUMENT, score, excerpt).where(DOCUMENTS.c.user_id == user_id, DOCUMENTS.c.words.op("@@")(wanted))
    return await fetch_page(database, query.order_by(score.desc(), DOCUMENTS.c.id), page)


async def get_document(database: AsyncEngine, user_id: str, document_id: str) -> dict[str, Any]:
    """The document *document_id* with its ``content``.

    Raises:
        NotFoundError: There is none, or it is another user's.
    """
    query = select(*DOCUMENT, DOCUMENTS.c.content).where(DOCUMENTS.c.id == document_id, DOCUMENTS.c.user_id == user_id)
    async with database.connect() as connection:
        row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise NotFoundError(f"unknown document {document_id!r}", code="DOCUMENT_NOT_FOUND")
    return values(row)
