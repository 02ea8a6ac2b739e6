"""What the backend sees of itself: pool, alerts, recent errors, breakers, counters."""

import time
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ci_tools.twin.services.backend.context import Backend, backend_of
from ci_tools.twin.services.breaker import BreakerState
from ci_tools.twin.services.identity import authenticate
from ci_tools.twin.services.storage import pool_status
from ci_tools.twin.services.traffic import Traffic
from ci_tools.twin.services.web import Json, page, timestamp

BUSY_SHARE: Final = 0.8
"""A pool that is used beyond this share of its limit is worth an alert."""

OPTIONAL: Final = ("clickhouse",)
"""Dependencies without which the backend still serves."""


def _pool(backend: Backend) -> dict[str, Any]:
    now = pool_status(backend.database)
    limit = backend.settings.pool.size + backend.settings.pool.max_overflow
    return {**now, "limit": limit, "used_share": round(now["in_use"] / limit, 3)}


async def _pool_status(request: Request) -> Response:
    await authenticate(request)
    backend = backend_of(request)
    body = _pool(backend)
    healthy = body["used_share"] < BUSY_SHARE
    return Json({"status": "healthy" if healthy else "warning", "pool": body, "timestamp": timestamp()})


def alerts(backend: Backend, now: float) -> list[dict[str, str]]:
    """What a person should look at, at monotonic *now*: the busy pool, breakers, failing dependencies."""
    pool = _pool(backend)
    found = []
    if pool["used_share"] >= BUSY_SHARE:
        text = f"{pool['in_use']} of {pool['limit']} connections in use"
        found.append({"name": "pool_busy", "severity": "warning", "message": text})
    for name, checked in backend.board.seen.items():
        if not checked.connected:
            severity = "warning" if name in OPTIONAL else "critical"
            alert = {"name": f"{name}_unavailable", "severity": severity, "message": checked.error or ""}
            found.append(alert)
    for name, breaker in backend.breakers.items():
        if breaker.state(now) is not BreakerState.CLOSED:
            text = f"{breaker.failures} failures in a row"
            found.append({"name": f"{name}_breaker_open", "severity": "warning", "message": text})
    return found


async def _alerts(request: Request) -> Response:
    await authenticate(request)
    found = alerts(backend_of(request), time.monotonic())
    return Json({"data": found, "total": len(found), "timestamp": timestamp()})


async def _errors(request: Request) -> Response:
    await authenticate(request)
    wanted = page(request)
    traffic: Traffic = request.app.state.traffic
    newest = traffic.recorder.newest_first
    return Json(wanted.of(newest[wanted.offset : wanted.offset + wanted.limit], len(newest)))


async def _breakers(request: Request) -> Response:
    await authenticate(request)
    now = time.monotonic()
    breakers = {
        name: {"state": breaker.state(now), "failures": breaker.failures, "threshold": breaker.threshold}
        for name, breaker in backend_of(request).breakers.items()
    }
    return Json({"circuit_breakers": breakers, "timestamp": timestamp()})


async def _raw(request: Request) -> Response:
    await authenticate(request)
    traffic: Traffic = request.app.state.traffic
    return Json(
        {
            "uptime_seconds": round(traffic.uptime_s, 3),
            "requests_total": sum(traffic.answers.values()),
            "requests_by_status": dict(traffic.answers),
            "requests_in_flight": traffic.in_flight,
            "request_seconds_total": round(traffic.seconds, 6),
            "pool": _pool(backend_of(request)),
            "timestamp": timestamp(),
        }
    )


routes: Final = [
    Route("/api/monitoring/pool-status", _pool_status, methods=["GET"]),
    Route("/api/monitoring/alerts", _alerts, methods=["GET"]),
    Route("/api/monitoring/errors", _errors, methods=["GET"]),
    Route("/api/metrics/circuit_breakers", _breakers, methods=["GET"]),
    Route("/api/metrics/raw", _raw, methods=["GET"]),
]
