"""A service as an application: its routes behind request ids, CORS and error envelopes."""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from ci_tools.twin.services.recorder import Recorder, recorder_of_process
from ci_tools.twin.services.traffic import RequestContext, Traffic
from ci_tools.twin.services.web import (
    ApiError,
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    TooLargeError,
    UnauthenticatedError,
    refuse,
)
from ci_tools.twin.settings import ServiceSettings

ALLOWED_ORIGIN: Final = r"https://([a-z0-9-]+\.)+staging\.netrasystems\.ai"
METHODS: Final = ("GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "HEAD")
REQUEST_HEADERS: Final = (
    "Authorization",
    "Content-Type",
    "X-Request-ID",
    "X-Test-Type",
    "X-Test-Environment",
    "X-Test-Session",
)

Handlers = Mapping[Any, Callable[[Request, Exception], Any]]
Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]

BY_STATUS: Mapping[int, type[ApiError]] = {
    error.status: error
    for error in (UnauthenticatedError, ForbiddenError, NotFoundError, ConflictError, TooLargeError, InvalidError)
}


def _told(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return refuse(request, error)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    known = BY_STATUS.get(error.status_code, ApiError)
    told = known(f"{request.method} {request.url.path}: {error.detail.lower()}")
    if known is ApiError:
        told.status = error.status_code
        told.code = error.detail.upper().replace(" ", "_")
        told.user_message = "This request is not supported."
    told.headers.update(error.headers or {})
    return refuse(request, told)


def origins(settings: ServiceSettings) -> str:
    """The pattern of the origins that may call a service from a browser."""
    own = (re.escape(url) for url in settings.public.values() if url.startswith("http"))
    return "|".join((ALLOWED_ORIGIN, *own))


def application(
    routes: Sequence[BaseRoute],
    settings: ServiceSettings,
    *,
    lifespan: Lifespan | None = None,
    handlers: Handlers | None = None,
    inside: Sequence[Middleware] = (),
) -> Starlette:
    """A service: *routes* behind request ids, CORS and error envelopes; ``app.state.traffic`` counts."""
    traffic = Traffic(recorder=recorder_of_process() or Recorder.of(settings))
    app = Starlette(
        routes=list(routes),
        lifespan=lifespan,
        exception_handlers={ApiError: _told, HTTPException: _http, **(handlers or {})},
        middleware=[
            Middleware(RequestContext, traffic=traffic),
            Middleware(
                CORSMiddleware,
                allow_origin_regex=origins(settings),
                allow_methods=METHODS,
                allow_headers=REQUEST_HEADERS,
                allow_credentials=True,
                expose_headers=["x-request-id"],
                max_age=3600,
            ),
            *inside,
        ],
    )
    app.state.settings = settings
    app.state.traffic = traffic
    return app
