"""Users and sessions in PostgreSQL; each change is one statement, so that none is ever half done."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid4, uuid5

from sqlalchemy import CTE, Insert, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.types import DateTime

from ci_tools.twin.services.auth.tokens import Account, Session
from ci_tools.twin.services.tables import SESSIONS, USERS

REGISTERED_PERMISSIONS: Final = ("read", "write")
SESSION_COLUMNS: Final = ["id", "user_id", "refresh_id", "user_agent", "expires_at"]


@dataclass(frozen=True, slots=True)
class SignIn:
    """A session to be: whose browser it is and when it ends."""

    session: Session
    user_agent: str
    expires_at: datetime


def fresh_session() -> Session:
    """A session that nobody has."""
    return Session(session_id=f"session_{uuid4().hex}", refresh_id=uuid4().hex)


def simulated_user_id(email: str) -> str:
    """The id of an account that came by simulated OAuth: the same for the same address."""
    return str(uuid5(NAMESPACE_URL, f"mailto:{email}"))


def _account(row: Any) -> Account:
    return Account(user_id=row.id, email=row.email, permissions=tuple(row.permissions))


def _open(user: CTE, sign_in: SignIn) -> Insert:
    row = select(
        literal(sign_in.session.session_id),
        user.c.id,
        literal(sign_in.session.refresh_id),
        literal(sign_in.user_agent),
        literal(sign_in.expires_at, DateTime(timezone=True)),
    )
    return insert(SESSIONS).from_select(SESSION_COLUMNS, row).returning(SESSIONS.c.user_id)


async def register(database: AsyncEngine, email: str, name: str, password: str, sign_in: SignIn) -> Account | None:
    """A new account, signed in; None: the address is taken. *password* is a digest."""
    account = Account(user_id=str(uuid4()), email=email, permissions=REGISTERED_PERMISSIONS)
    row = {
        "id": account.user_id,
        "email": email,
        "name": name,
        "password": password,
        "permissions": list(account.permissions),
    }
    user = upsert(USERS).values(row).on_conflict_do_nothing(index_elements=[USERS.c.email])
    statement = _open(user.returning(USERS.c.id).cte("account"), sign_in)
    async with database.connect() as connection:
        made = (await connection.execute(statement)).one_or_none()
    return account if made else None


async def simulate(database: AsyncEngine, email: str, name: str, permissions: list[str], sign_in: SignIn) -> Account:
    """The account of *email* with exactly *permissions*, made if need be, signed in."""
    row = {"id": simulated_user_id(email), "email": email, "name": name, "permissions": permissions}
    fresh = upsert(USERS).values(row)
    user = fresh.on_conflict_do_update(
        index_elements=[USERS.c.email],
        set_={"name": fresh.excluded.name, "permissions": fresh.excluded.permissions},
    )
    statement = _open(user.returning(USERS.c.id).cte("account"), sign_in)
    async with database.connect() as connection:
        user_id = (await connection.execute(statement)).scalar_one()
    return Account(user_id=user_id, email=email, permissions=tuple(permissions))


async def find(database: AsyncEngine, email: str) -> tuple[Account, str | None] | None:
    """The account of *email* and its password digest, if it has one."""
    query = select(USERS.c.id, USERS.c.email, USERS.c.permissions, USERS.c.password)
    async with database.connect() as connection:
        row = (await connection.execute(query.where(USERS.c.email == email))).one_or_none()
    return (_account(row), row.password) if row else None


async def name_of(database: AsyncEngine, user_id: str) -> str | None:
    """The name of the account *user_id*; None: there is none."""
    async with database.connect() as connection:
        name: str | None = await connection.scalar(select(USERS.c.name).where(USERS.c.id == user_id))
    return name


async def open_session(database: AsyncEngine, user_id: str, sign_in: SignIn) -> None:
    """*user_id* is signed in."""
    row = {
        "id": sign_in.session.session_id,
        "user_id": user_id,
        "refresh_id": sign_in.session.refresh_id,
        "user_agent": sign_in.user_agent,
        "expires_at": sign_in.expires_at,
    }
    async with database.connect() as connection:
        await connection.execute(insert(SESSIONS).values(row))


async def rotate(database: AsyncEngine, used: Session, refresh_id: str) -> Account | None:
    """The account of the session *used*, whose refresh token is from now on *refresh_id*.

    None: the session is over, or *used* is not its current refresh token. Then the session is over
    for everybody: either the thief or the owner came second (RFC 9700, section 4.14.2).
    """
    statement = (
        update(SESSIONS)
        .where(
            SESSIONS.c.id == used.session_id,
            SESSIONS.c.refresh_id == used.refresh_id,
            SESSIONS.c.revoked_at.is_(None),
            SESSIONS.c.user_id == USERS.c.id,
        )
        .values(refresh_id=refresh_id, last_used_at=func.clock_timestamp())
        .returning(USERS.c.id, USERS.c.email, USERS.c.permissions)
    )
    async with database.connect() as connection:
        row = (await connection.execute(statement)).one_or_none()
    if row is None:
        await close_session(database, used.session_id)
        return None
    return _account(row)


async def close_session(database: AsyncEngine, session_id: str) -> None:
    """The session *session_id* cannot be prolonged any more."""
    statement = (
        update(SESSIONS)
        .where(SESSIONS.c.id == session_id, SESSIONS.c.revoked_at.is_(None))
        .values(revoked_at=func.clock_timestamp())
    )
    async with database.connect() as connection:
        await connection.execute(statement)
