"""The catalogue of faults: every way in which the twin can be made to fail, as data.

A fault acts on a real part of the twin, so the failure is genuine; none is a canned error. Cause ids
are those of the diagnosis knowledge; a fault that several causes could explain names the one that
was switched.
"""

import difflib
from collections.abc import Iterable

from ci_tools.errors import UsageError
from ci_tools.twin.effects import (
    SESSION,
    BehaviourEffect,
    Delay,
    EdgeEffect,
    EnvironEffect,
    Fault,
    ProcessEffect,
    ProxyEffect,
    ProxyMode,
    SettingEffect,
    Switch,
)

_LOGIN_CHUNKS = 3
"""A PostgreSQL client logs in with three messages: startup, SASL start, SASL proof."""

_FAULTS = (
    Fault(
        name="redis_down",
        cause="redis_down",
        dependency="redis",
        summary="Redis refuses connections and closes those it had",
        effects=(ProxyEffect(proxy="redis", mode=ProxyMode.REFUSE),),
    ),
    Fault(
        name="redis_blackhole",
        cause="network_route",
        dependency="redis",
        summary="packets to Redis are dropped: connecting times out, open connections fall silent",
        effects=(ProxyEffect(proxy="redis", mode=ProxyMode.BLACKHOLE),),
    ),
    Fault(
        name="database_down",
        cause="database_down",
        dependency="postgresql",
        summary="PostgreSQL refuses connections and closes those it had",
        effects=(ProxyEffect(proxy="postgresql", mode=ProxyMode.REFUSE),),
    ),
    Fault(
        name="database_slow",
        cause="database_slow",
        dependency="postgresql",
        summary="PostgreSQL accepts logins, and takes seconds for every query, with a tail",
        effects=(
            ProxyEffect(
                proxy="postgresql",
                mode=ProxyMode.DELAY,
                delay=Delay(median_s=5.0, sigma=0.5, cap_s=20.0, seed=20250916, spared_chunks=_LOGIN_CHUNKS),
            ),
        ),
    ),
    Fault(
        name="agent_silent",
        cause="agent_silent",
        dependency="agents",
        summary="the message router swallows agent messages: no event ever comes",
        effects=(BehaviourEffect(service="backend", point="websocket.route"),),
    ),
    Fault(
        name="agent_timeout",
        cause="agent_timeout",
        dependency="agents",
        summary="the language model never answers and the backend does not bound its call",
        effects=(
            ProxyEffect(proxy="llm", mode=ProxyMode.BLACKHOLE),
            SettingEffect(service="backend", path="durations.llm_s", value=None),
        ),
    ),
    Fault(
        name="agent_failed",
        cause="agent_failed",
        dependency="agents",
        summary="the language model refuses connections: every agent run ends in agent_error",
        effects=(ProxyEffect(proxy="llm", mode=ProxyMode.REFUSE),),
    ),
    Fault(
        name="mocked_answers",
        cause="mocked_answers",
        dependency="agents",
        summary="agents answer at once with a mock body and run nothing",
        effects=(BehaviourEffect(service="backend", point="agents.mock"),),
    ),
    Fault(
        name="websocket_auth_off",
        cause="websocket_auth_off",
        dependency="websocket",
        summary="demo mode is on: an anonymous WebSocket is accepted as a demo user",
        effects=(EnvironEffect(service="backend", key="DEMO_MODE", value="1"),),
    ),
    Fault(
        name="websocket_handshake",
        cause="websocket_handshake",
        dependency="websocket",
        summary="half of the WebSocket handshakes end before the service is ready",
        effects=(
            BehaviourEffect(service="backend", point="websocket.handshake", params={"rate": 0.5, "seed": 20250916}),
        ),
    ),
    Fault(
        name="jwt_expired",
        cause="jwt_expired",
        dependency="auth",
        summary="issued and refreshed access tokens have already expired",
        effects=(SettingEffect(service="auth", path="durations.access_token_s", value=-60.0),),
    ),
    Fault(
        name="edge_throttled",
        cause="edge_throttled",
        dependency="edge",
        summary="the edge answers a small burst with 429 and bans the address",
        effects=(EdgeEffect(rate_per_min=30.0, burst=5),),
    ),
    Fault(
        name="service_unavailable",
        cause="service_unavailable",
        dependency="backend",
        summary="the backend's process is gone: the edge answers 503",
        effects=(ProcessEffect(service="backend"),),
    ),
)

CATALOGUE = {fault.name: fault for fault in _FAULTS}
"""Every fault by its name."""


def parse_fault(text: str) -> Switch:
    """The switch that *text* names: ``NAME`` or ``NAME@session=SESSION``.

    Raises:
        UsageError: The name is unknown, the scope is malformed, or the fault cannot be scoped.
    """
    name, scoped, scope = text.partition("@")
    fault = CATALOGUE.get(name)
    if fault is None:
        raise UsageError(_unknown(name))
    return Switch(fault, _session(text, fault, scope) if scoped else None)


def parse_faults(texts: Iterable[str]) -> tuple[Switch, ...]:
    """The switches that *texts* name, each once, in their order."""
    return tuple({str(switch): switch for switch in map(parse_fault, texts)}.values())


def catalogue_json() -> list[dict[str, str]]:
    """The catalogue as plain data: name, cause, dependency and summary of every fault."""
    return [
        {"name": fault.name, "cause": fault.cause, "dependency": fault.dependency, "summary": fault.summary}
        for fault in CATALOGUE.values()
    ]


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, CATALOGUE, n=1)
    meant = f"; did you mean '{near[0]}'?" if near else ""
    return f"unknown fault '{name}'{meant}; known: {', '.join(sorted(CATALOGUE))}"


def _session(text: str, fault: Fault, scope: str) -> str:
    key, _, session = scope.partition("=")
    if key != "session" or not SESSION.fullmatch(session):
        raise UsageError(
            f"malformed scope in fault '{text}'; allowed: {fault.name}@session=SESSION, "
            "where SESSION is the tests' X-Test-Session header (1 to 128 visible ASCII characters)"
        )
    if not fault.scopable:
        scopable = ", ".join(sorted(each.name for each in CATALOGUE.values() if each.scopable))
        raise UsageError(
            f"fault '{fault.name}' strikes everyone and cannot be scoped to session '{session}'; "
            f"scopable: {scopable}. Switch it without '@session='"
        )
    return session
