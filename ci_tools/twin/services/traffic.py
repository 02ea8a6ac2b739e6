"""Every request has an id and a test session, is counted, and is answered even when nobody did."""

import logging
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ci_tools.twin.behaviours import SESSION_HEADER, test_session
from ci_tools.twin.services.recorder import Recorder
from ci_tools.twin.services.web import ApiError, refuse

LOG = logging.getLogger(__name__)
REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}")
SERVER_ERRORS: Final = 500
"""From this status on the service itself is at fault."""


@dataclass(slots=True)
class Traffic:
    """What this process has answered since it started."""

    started: float = field(default_factory=time.monotonic)
    answers: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    in_flight: int = 0
    recorder: Recorder = field(default_factory=Recorder)
    """Where server errors are kept for people."""

    @property
    def uptime_s(self) -> float:
        """Seconds since the process began to serve."""
        return time.monotonic() - self.started

    def record(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one finished answer; server errors are kept for people."""
        self.answers[str(status)] += 1
        self.seconds += seconds
        refusal: ApiError | None = scope["state"].get("refusal")
        # Health that is 503 refuses nothing: it tells, and what it tells is logged by its checks.
        if status >= SERVER_ERRORS and refusal is not None:
            self.recorder.add(
                source="answer",
                message=refusal.message,
                error_code=refusal.code,
                dependency=refusal.details.get("dependency"),
                error=refusal.details.get("error"),
                method=scope["method"],
                path=scope["path"],
                status=status,
                request_id=scope["state"]["request_id"],
            )


class RequestContext:
    """Gives each request an id, its test session, a count, and an envelope for what nobody caught."""

    def __init__(self, app: ASGIApp, traffic: Traffic) -> None:
        self.app = app
        self.traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        scope.setdefault("state", {}).update(_ids(headers))
        token = test_session.set(headers.get(SESSION_HEADER))
        try:
            if scope["type"] == "http":
                await self._serve(scope, receive, send)
            else:
                await self.app(scope, receive, send)
        finally:
            test_session.reset(token)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        status = 0

        async def stamped(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = scope["state"]["request_id"]
            await send(message)

        self.traffic.in_flight += 1
        try:
            await self.app(scope, receive, stamped)
        except Exception as error:
            LOG.exception("%s %s was not answered", scope["method"], scope["path"])
            if status:
                raise
            defect = ApiError(f"unexpected {type(error).__name__}")
            await refuse(HTTPConnection(scope), defect)(scope, receive, stamped)
        finally:
            self.traffic.in_flight -= 1
            self.traffic.record(scope, status, time.perf_counter() - began)


def _ids(headers: Headers) -> dict[str, str]:
    offered = headers.get("x-request-id", "")
    trace = headers.get("traceparent", "").split("-")
    traced = len(trace) > 1 and re.fullmatch(r"[0-9a-f]{32}", trace[1])
    return {
        "request_id": offered if REQUEST_ID.fullmatch(offered) else uuid4().hex,
        "trace_id": trace[1] if traced else uuid4().hex,
    }
