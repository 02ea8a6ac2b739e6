"""``/api/v1/user``: profile, settings, preferences, sessions and API keys of the signed-in user."""

import hashlib
import secrets
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, RootModel
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ci_tools.twin.services.backend.context import backend_of
from ci_tools.twin.services.backend.threads import Content
from ci_tools.twin.services.identity import Principal, authenticate
from ci_tools.twin.services.storage import fetch_page, values
from ci_tools.twin.services.tables import API_KEYS, PROFILES, SESSIONS
from ci_tools.twin.services.web import InvalidError, Json, NotFoundError, page, read

SECTIONS: Final = ("profile", "settings", "preferences")
DEFAULTS: Final[dict[str, dict[str, Any]]] = {
    "profile": {"display_name": "", "company": "", "timezone": "UTC"},
    "settings": {"notifications": True, "auto_save": True, "default_agent": "supervisor"},
    "preferences": {"theme": "system", "language": "en", "items_per_page": 20},
}
SESSION: Final = (
    SESSIONS.c.id,
    SESSIONS.c.user_agent,
    SESSIONS.c.created_at,
    SESSIONS.c.last_used_at,
    SESSIONS.c.expires_at,
)
API_KEY: Final = (
    API_KEYS.c.id,
    API_KEYS.c.name,
    API_KEYS.c.prefix,
    API_KEYS.c.created_at,
    API_KEYS.c.last_used_at,
)


class Profile(BaseModel):
    """What ``PATCH /api/v1/user/profile`` may change."""

    model_config = ConfigDict(extra="forbid")

    display_name: Annotated[str, Field(max_length=200)] | None = None
    company: Annotated[str, Field(max_length=200)] | None = None
    timezone: Annotated[str, Field(max_length=64)] | None = None
    name: Annotated[str, Field(max_length=200)] | None = None


class Entries(RootModel[dict[str, Any]]):
    """What ``PATCH`` of settings or preferences may change: any JSON value by name."""


class NewApiKey(BaseModel):
    """The body of ``POST /api/v1/user/api-keys``."""

    model_config = ConfigDict(extra="forbid")

    name: Content


def _answer(user: Principal, section: str, stored: dict[str, Any]) -> dict[str, Any]:
    identity = {"user_id": user.user_id, "email": user.email} if section == "profile" else {}
    return identity | DEFAULTS[section] | stored


def _reader(section: str) -> Callable[[Request], Awaitable[Response]]:
    async def get(request: Request) -> Response:
        user = await authenticate(request)
        query = select(PROFILES.c[section]).where(PROFILES.c.user_id == user.user_id)
        async with backend_of(request).database.connect() as connection:
            stored = await connection.scalar(query)
        return Json(_answer(user, section, stored or {}))

    return get


def _writer(section: str) -> Callable[[Request], Awaitable[Response]]:
    async def patch(request: Request) -> Response:
        user = await authenticate(request)
        changes = await _changes(request, section)
        fresh = upsert(PROFILES).values(user_id=user.user_id, **{section: changes})
        merged = PROFILES.c[section].op("||")(fresh.excluded[section])
        statement = fresh.on_conflict_do_update(
            index_elements=[PROFILES.c.user_id], set_={section: merged, "updated_at": func.clock_timestamp()}
        ).returning(PROFILES.c[section])
        async with backend_of(request).database.connect() as connection:
            stored = (await connection.execute(statement)).scalar_one()
        return Json(_answer(user, section, stored))

    return patch


async def _changes(request: Request, section: str) -> dict[str, Any]:
    if section == "profile":
        changes = (await read(request, Profile)).model_dump(exclude_none=True)
    else:
        changes = (await read(request, Entries)).root
    if not changes:
        raise InvalidError(f"invalid request: no usable change of the {section}")
    return changes


async def _sessions(request: Request) -> Response:
    user = await authenticate(request)
    alive = (SESSIONS.c.user_id == user.user_id, SESSIONS.c.revoked_at.is_(None))
    query = select(*SESSION, (SESSIONS.c.id == (user.session_id or "")).label("current"))
    query = query.where(*alive).order_by(SESSIONS.c.created_at.desc(), SESSIONS.c.id)
    return Json(await fetch_page(backend_of(request).database, query, page(request)))


async def _end_session(request: Request) -> Response:
    user = await authenticate(request)
    session_id = request.path_params["session_id"]
    statement = (
        update(SESSIONS)
        .where(SESSIONS.c.id == session_id, SESSIONS.c.user_id == user.user_id, SESSIONS.c.revoked_at.is_(None))
        .values(revoked_at=func.clock_timestamp())
        .returning(SESSIONS.c.id)
    )
    async with backend_of(request).database.connect() as connection:
        if (await connection.execute(statement)).one_or_none() is None:
            raise NotFoundError(f"unknown session {session_id!r}", code="SESSION_NOT_FOUND")
    return Response(status_code=204)


async def _api_keys(request: Request) -> Response:
    user = await authenticate(request)
    query = select(*API_KEY).where(API_KEYS.c.user_id == user.user_id)
    query = query.order_by(API_KEYS.c.created_at.desc(), API_KEYS.c.id)
    return Json(await fetch_page(backend_of(request).database, query, page(request)))


async def _add_api_key(request: Request) -> Response:
    user = await authenticate(request)
    asked = await read(request, NewApiKey)
    key = f"netra_{secrets.token_urlsafe(32)}"
    row = {
        "id": f"key_{uuid4().hex}",
        "user_id": user.user_id,
        "name": asked.name,
        "prefix": key[:12],
        "digest": hashlib.sha256(key.encode()).hexdigest(),
    }
    async with backend_of(request).database.connect() as connection:
        added = await connection.execute(insert(API_KEYS).values(row).returning(*API_KEY))
        return Json({**values(added.one()), "key": key}, status_code=201)


async def _delete_api_key(request: Request) -> Response:
    user = await authenticate(request)
    key_id = request.path_params["key_id"]
    statement = delete(API_KEYS).where(API_KEYS.c.id == key_id, API_KEYS.c.user_id == user.user_id)
    async with backend_of(request).database.connect() as connection:
        if (await connection.execute(statement.returning(API_KEYS.c.id))).one_or_none() is None:
            raise NotFoundError(f"unknown API key {key_id!r}", code="API_KEY_NOT_FOUND")
    return Response(status_code=204)


routes: Final = [
    *(Route(f"/api/v1/user/{section}", _reader(section), methods=["GET"]) for section in SECTIONS),
    *(Route(f"/api/v1/user/{section}", _writer(section), methods=["PATCH"]) for section in SECTIONS),
    Route("/api/v1/user/sessions", _sessions, methods=["GET"]),
    Route("/api/v1/user/sessions/{session_id}", _end_session, methods=["DELETE"]),
    Route("/api/v1/user/api-keys", _api_keys, methods=["GET"]),
    Route("/api/v1/user/api-keys", _add_api_key, methods=["POST"]),
    Route("/api/v1/user/api-keys/{key_id}", _delete_api_key, methods=["DELETE"]),
]
