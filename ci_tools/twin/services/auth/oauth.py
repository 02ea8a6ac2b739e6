"""Signing in through Google: what is configured, and the redirect that begins it."""

from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ci_tools.twin.services.auth.context import Auth, auth_of
from ci_tools.twin.services.auth.entry import PRODUCTION
from ci_tools.twin.services.auth.tokens import STATE_LIFE_S
from ci_tools.twin.services.configuration import facts
from ci_tools.twin.services.web import InvalidError, Json

GOOGLE: Final = "https://accounts.google.com/o/oauth2/v2/auth"
SCOPES: Final = ("openid", "email", "profile")
PROVIDER_VARIABLES: Final = {
    "google": ("GOOGLE_OAUTH_CLIENT_ID_STAGING", "GOOGLE_OAUTH_CLIENT_SECRET_STAGING"),
}


def configured(env: dict[str, str], provider: str) -> bool:
    """Whether every variable of *provider* is sound."""
    return all(facts(name, env).sound for name in PROVIDER_VARIABLES[provider])


def _providers(auth: Auth) -> list[dict[str, Any]]:
    return [
        {
            "name": provider,
            "configured": configured(auth.settings.env, provider),
            "login_url": f"/auth/login?provider={provider}",
            "scopes": list(SCOPES),
        }
        for provider in PROVIDER_VARIABLES
    ]


async def _status(request: Request) -> Response:
    providers = _providers(auth_of(request))
    ready = [provider["name"] for provider in providers if provider["configured"]]
    return Json(
        {
            "status": "healthy" if len(ready) == len(providers) else "degraded",
            "configured": bool(ready),
            "oauth_enabled": bool(ready),
            "providers": ready,
        }
    )


async def _list(request: Request) -> Response:
    return Json({"providers": _providers(auth_of(request))})


async def _begin(request: Request) -> Response:
    auth = auth_of(request)
    provider = request.query_params.get("provider", "")
    if provider not in PROVIDER_VARIABLES:
        known = ", ".join(PROVIDER_VARIABLES)
        problem = {"field": "provider", "message": f"one of {known} is required"}
        raise InvalidError("invalid request: provider", details={"errors": [problem]})
    state = auth.issuer.claims("", "oauth_state", uuid4().hex, datetime.now(UTC), STATE_LIFE_S)
    query = {
        "client_id": auth.settings.env["GOOGLE_OAUTH_CLIENT_ID_STAGING"],
        "redirect_uri": f"{auth.settings.public.get('auth', '')}/auth/callback",
        "response_type": "code",
        "scope": " ".join(SCOPES),
        "state": auth.issuer.sign(state),
    }
    return RedirectResponse(f"{GOOGLE}?{urlencode(query)}", status_code=302)


async def _config(request: Request) -> Response:
    auth = auth_of(request)
    settings = auth.settings
    own = settings.public.get("auth", "")
    paths = ("login", "logout", "register", "refresh", "validate", "verify", "me")
    durations = settings.durations
    return Json(
        {
            "environment": settings.identity.environment,
            "oauth_enabled": any(provider["configured"] for provider in _providers(auth)),
            "providers": [provider["name"] for provider in _providers(auth)],
            "endpoints": {path: f"{own}/auth/{path}" for path in paths},
            "access_token_lifetime_s": durations.access_token_s,
            "refresh_token_lifetime_s": durations.refresh_token_s,
            "e2e_simulation": settings.identity.environment != PRODUCTION
            and bool(settings.env.get("E2E_OAUTH_SIMULATION_KEY")),
        }
    )


routes: Final = [
    Route("/auth/login", _begin, methods=["GET"]),
    Route("/auth/config", _config, methods=["GET"]),
    *(Route(f"{prefix}/oauth/status", _status, methods=["GET"]) for prefix in ("", "/auth")),
    *(Route(f"{prefix}/oauth/providers", _list, methods=["GET"]) for prefix in ("", "/auth")),
]
