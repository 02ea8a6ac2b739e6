"""Signing in, prolonging and signing out: register, login, refresh, logout, and the door for E2E."""

import asyncio
import hmac
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ci_tools.twin.services.auth import accounts, passwords
from ci_tools.twin.services.auth.context import Auth, auth_of
from ci_tools.twin.services.auth.tokens import Account, Session
from ci_tools.twin.services.identity import authenticate, decode
from ci_tools.twin.services.web import (
    ApiError,
    ConflictError,
    ForbiddenError,
    Json,
    UnauthenticatedError,
    read,
)

Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        to_lower=True,
        max_length=254,
        pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$",
    ),
]
Name = Annotated[str, StringConstraints(max_length=200)]
DEFECT_EXPIRES_IN: Final = "token.expires_in"
PRODUCTION: Final = "production"


class Registration(BaseModel):
    """The body of ``POST /auth/register``."""

    model_config = ConfigDict(extra="ignore")

    email: Email
    password: Annotated[str, Field(min_length=8, max_length=1024)]
    name: Name = ""


class Login(BaseModel):
    """The body of ``POST /auth/login``."""

    email: Email
    password: Annotated[str, Field(min_length=1, max_length=1024)]


class Refresh(BaseModel):
    """The body of ``POST /auth/refresh``."""

    refresh_token: Annotated[str, Field(min_length=1)]


class Simulation(BaseModel):
    """The body of ``POST /auth/e2e/test-auth``."""

    email: Email
    name: Name = "E2E"
    permissions: Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=100)] = [
        *accounts.REGISTERED_PERMISSIONS
    ]
    simulate_oauth: bool = True


class SimulationOffError(ApiError):
    """The door for E2E has no key."""

    status = 503
    code = "E2E_NOT_CONFIGURED"
    user_message = "This door is not open here."


def _sign_in(request: Request, auth: Auth) -> accounts.SignIn:
    return accounts.SignIn(
        session=accounts.fresh_session(),
        user_agent=request.headers.get("user-agent", "")[:200],
        expires_at=datetime.now(UTC) + timedelta(seconds=auth.settings.durations.refresh_token_s),
    )


def _pair(auth: Auth, account: Account, session: Session) -> dict[str, Any]:
    now = datetime.now(UTC)
    life_s = auth.settings.durations.access_token_s
    defect = auth.behaviours.at(DEFECT_EXPIRES_IN)
    told_s = float(defect.params.get("expires_in", 3600)) if defect else life_s
    return {
        "access_token": auth.issuer.access(account, session, uuid4().hex, now),
        "refresh_token": auth.issuer.refresh(account, session, now),
        "token_type": "Bearer",
        "expires_in": int(told_s),
        "user": {"id": account.user_id, "email": account.email},
    }


async def _register(request: Request) -> Response:
    auth = auth_of(request)
    asked = await read(request, Registration)
    digest = await asyncio.to_thread(passwords.digest, asked.password)
    sign_in = _sign_in(request, auth)
    account = await accounts.register(auth.database, asked.email, asked.name, digest, sign_in)
    if account is None:
        raise ConflictError("an account with this e-mail address exists", code="EMAIL_TAKEN")
    return Json(_pair(auth, account, sign_in.session), status_code=201)


async def _login(request: Request) -> Response:
    auth = auth_of(request)
    asked = await read(request, Login)
    found = await accounts.find(auth.database, asked.email)
    stored = found[1] if found else None
    if not await asyncio.to_thread(passwords.matches, asked.password, stored) or found is None:
        raise UnauthenticatedError("wrong e-mail address or password", code="INVALID_CREDENTIALS")
    sign_in = _sign_in(request, auth)
    await accounts.open_session(auth.database, found[0].user_id, sign_in)
    return Json(_pair(auth, found[0], sign_in.session))


async def _refresh(request: Request) -> Response:
    auth = auth_of(request)
    claims = decode((await read(request, Refresh)).refresh_token, auth.issuer.secret, ("refresh",))
    used = Session(session_id=str(claims.get("sid", "")), refresh_id=claims["jti"])
    current = Session(session_id=used.session_id, refresh_id=uuid4().hex)
    account = await accounts.rotate(auth.database, used, current.refresh_id)
    if account is None:
        raise UnauthenticatedError("refresh token was used before or its session is over", code="TOKEN_REUSED")
    return Json(_pair(auth, account, current))


async def _logout(request: Request) -> Response:
    auth = auth_of(request)
    holder = await authenticate(request)
    await auth.identity.revoke(holder)
    if holder.session_id:
        await accounts.close_session(auth.database, holder.session_id)
    return Json({"success": True, "message": "signed out"})


async def _simulate(request: Request) -> Response:
    auth = auth_of(request)
    _admit(auth, request.headers.get("x-e2e-bypass-key", ""))
    asked = await read(request, Simulation)
    sign_in = _sign_in(request, auth)
    account = await accounts.simulate(auth.database, asked.email, asked.name, asked.permissions, sign_in)
    return Json(_pair(auth, account, sign_in.session))


def _admit(auth: Auth, offered: str) -> None:
    if auth.settings.identity.environment == PRODUCTION:
        raise ForbiddenError("simulated sign-in is refused in production", code="E2E_FORBIDDEN")
    key = auth.settings.env.get("E2E_OAUTH_SIMULATION_KEY", "")
    if not key:
        raise SimulationOffError("simulated sign-in is not configured: E2E_OAUTH_SIMULATION_KEY is missing")
    if not hmac.compare_digest(offered.encode(), key.encode()):
        raise UnauthenticatedError("missing or wrong X-E2E-Bypass-Key", code="INVALID_BYPASS_KEY")


routes: Final = [
    Route("/auth/register", _register, methods=["POST"]),
    Route("/auth/login", _login, methods=["POST"]),
    Route("/auth/refresh", _refresh, methods=["POST"]),
    Route("/auth/logout", _logout, methods=["POST"]),
    Route("/auth/e2e/test-auth", _simulate, methods=["POST"]),
]
