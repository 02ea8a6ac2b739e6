"""Asking about tokens and their holders: validate, verify, me, service tokens."""

import hmac
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import uuid4

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ci_tools.twin.services.auth import accounts
from ci_tools.twin.services.auth.context import auth_of
from ci_tools.twin.services.identity import authenticate, bearer
from ci_tools.twin.services.web import Json, UnauthenticatedError, read

SERVICE_PERMISSIONS: Final = ("service",)


class Validation(BaseModel):
    """The body of ``POST /auth/validate``; without a token the bearer is meant."""

    token: str | None = None


class ServiceLogin(BaseModel):
    """The body of ``POST /auth/service-token``."""

    service_id: Annotated[str, Field(min_length=1, max_length=200)]
    service_secret: Annotated[str, Field(min_length=1, max_length=1024)]


async def _validate(request: Request) -> Response:
    asked = await read(request, Validation)
    return Json(await _verdict(request, asked.token))


async def _verify(request: Request) -> Response:
    return Json(await _verdict(request, None))


async def _verdict(request: Request, token: str | None) -> dict[str, Any]:
    try:
        holder = await auth_of(request).identity.verify(token or bearer(request.headers))
    except UnauthenticatedError as error:
        nobody = dict.fromkeys(("user_id", "email", "expires_at"))
        return {"valid": False, **nobody, "permissions": [], "error": error.message}
    return {
        "valid": True,
        "user_id": holder.user_id,
        "email": holder.email,
        "permissions": sorted(holder.permissions),
        "expires_at": holder.expires_at,
    }


async def _me(request: Request) -> Response:
    holder = await authenticate(request)
    name = await accounts.name_of(auth_of(request).database, holder.user_id)
    return Json(
        {
            "id": holder.user_id,
            "email": holder.email,
            "name": name or "",
            "permissions": sorted(holder.permissions),
            "expires_at": holder.expires_at,
        }
    )


async def _service_token(request: Request) -> Response:
    auth = auth_of(request)
    asked = await read(request, ServiceLogin)
    env = auth.settings.env
    known = hmac.compare_digest(asked.service_id.encode(), env["SERVICE_ID"].encode())
    trusted = hmac.compare_digest(asked.service_secret.encode(), env["SERVICE_SECRET"].encode())
    if not (known and trusted):
        raise UnauthenticatedError("unknown service or wrong service secret", code="INVALID_CREDENTIALS")
    now = datetime.now(UTC)
    token = auth.issuer.service(asked.service_id, uuid4().hex, now, SERVICE_PERMISSIONS)
    life_s = int(auth.issuer.service_life_s)
    return Json({"access_token": token, "token_type": "Bearer", "expires_in": life_s})


routes: Final = [
    Route("/auth/validate", _validate, methods=["POST"]),
    Route("/auth/verify", _verify, methods=["GET"]),
    Route("/auth/me", _me, methods=["GET"]),
    Route("/auth/service-token", _service_token, methods=["POST"]),
]
