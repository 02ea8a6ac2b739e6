"""The tables of the twin's PostgreSQL, as the services query them.

``schema.sql`` is written from them: ``python -m ci_tools.twin.services.tables > …/schema.sql``.

The backend's tables name their owner by the subject of a token and hold no foreign key to
``users``: accounts belong to the auth service.
"""

from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR, dialect
from sqlalchemy.schema import CreateIndex, CreateTable

METADATA: Final = MetaData()
SEARCH_LANGUAGE: Final = "english"


def _instant(name: str, *, nullable: bool = False) -> Column[Any]:
    default = None if nullable else func.clock_timestamp()
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=default)


def _document(name: str) -> Column[Any]:
    return Column(name, JSONB, nullable=False, server_default=text("'{}'"))


def _owner() -> Column[Any]:
    return Column("user_id", Text, nullable=False)


USERS: Final = Table(
    "users",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("email", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False, server_default=""),
    Column("password", Text),
    Column("permissions", ARRAY(Text), nullable=False),
    _instant("created_at"),
)

SESSIONS: Final = Table(
    "sessions",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("user_id", Text, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("refresh_id", Text, nullable=False),
    Column("user_agent", Text, nullable=False, server_default=""),
    _instant("created_at"),
    _instant("last_used_at"),
    _instant("expires_at"),
    _instant("revoked_at", nullable=True),
)

PROFILES: Final = Table(
    "profiles",
    METADATA,
    Column("user_id", Text, primary_key=True),
    _document("profile"),
    _document("settings"),
    _document("preferences"),
    _instant("updated_at"),
)

API_KEYS: Final = Table(
    "api_keys",
    METADATA,
    Column("id", Text, primary_key=True),
    _owner(),
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    _instant("created_at"),
    _instant("last_used_at", nullable=True),
    Index("api_keys_by_user", "user_id", "created_at"),
)

THREADS: Final = Table(
    "threads",
    METADATA,
    Column("id", Text, primary_key=True),
    _owner(),
    Column("title", Text, nullable=False, server_default=""),
    _document("metadata"),
    Column("message_count", Integer, nullable=False, server_default=text("0")),
    _instant("created_at"),
    _instant("updated_at"),
    Index("threads_by_user", "user_id", "updated_at"),
)

MESSAGES: Final = Table(
    "messages",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("position", BigInteger, Identity(always=True), nullable=False),
    Column("thread_id", Text, ForeignKey("threads.id", ondelete="CASCADE"), nullable=False),
    _owner(),
    Column("role", Text, nullable=False),
    Column("content", Text, nullable=False),
    _document("metadata"),
    _instant("created_at"),
    Index("messages_by_thread", "thread_id", "position"),
)

DOCUMENTS: Final = Table(
    "documents",
    METADATA,
    Column("id", Text, primary_key=True),
    _owner(),
    Column("title", Text, nullable=False),
    Column("content", Text, nullable=False),
    _document("metadata"),
    _instant("created_at"),
    _instant("updated_at"),
    Column(
        "words",
        TSVECTOR,
        Computed(f"to_tsvector('{SEARCH_LANGUAGE}', title || ' ' || content)", persisted=True),
    ),
    Index("documents_by_user", "user_id", "created_at"),
    Index("documents_by_words", "words", postgresql_using="gin"),
)


def script() -> str:
    """The data definition, in an order that satisfies the foreign keys; safe to run again."""
    target = dialect()  # type: ignore[no-untyped-call]
    statements: list[CreateTable | CreateIndex] = [
        *(CreateTable(table, if_not_exists=True) for table in METADATA.sorted_tables),
        *(
            CreateIndex(index, if_not_exists=True)
            for table in METADATA.sorted_tables
            for index in sorted(table.indexes, key=lambda index: str(index.name))
        ),
    ]
    texts = (str(statement.compile(dialect=target)).strip() for statement in statements)
    lines = ";\n\n".join(texts).replace("\t", "  ").splitlines()
    return "\n".join(line.rstrip() for line in lines) + ";\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(script())
