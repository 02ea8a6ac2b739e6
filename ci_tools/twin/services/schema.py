"""The creation of the twin's tables; free of SQLAlchemy, because whoever starts the twin waits for it."""

from pathlib import Path
from typing import Final

import asyncpg

SCRIPT: Final = Path(__file__).with_name("schema.sql")
CONNECT_TIMEOUT_S: Final = 30.0


async def create(dsn: str) -> None:
    """All tables exist in the database *dsn* (``postgresql://user:password@host:port/name``)."""
    connection = await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT_S, ssl=False)
    try:
        await connection.execute(SCRIPT.read_text(encoding="utf-8"))
    finally:
        await connection.close()
