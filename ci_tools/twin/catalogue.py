"""The catalogue of faults: every way in which the twin can be made to fail, as data.

A fault acts on a real part of the twin, so the failure is genuine; none is a canned error. Cause ids
are those of the diagnosis knowledge; a fault that several causes could explain names the one that
was switched.
"""

import socket

from ci_tools.twin.effects import (
    BehaviourEffect,
    BystanderEffect,
    CertificateEffect,
    Delay,
    EdgeEffect,
    EnvironEffect,
    Fault,
    IdleEffect,
    Parameter,
    PassageEffect,
    ProcessEffect,
    ProxyEffect,
    ProxyMode,
    ResolverEffect,
    SettingEffect,
)
from ci_tools.twin.passage import Width

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
    Fault(
        name="secret_missing",
        cause="secret_missing",
        dependency="auth",
        summary="a secret that every service is given is absent: auth does not start, the backend tells its name",
        effects=(
            EnvironEffect(service="auth", key="SESSION_SECRET_KEY", value=None),
            EnvironEffect(service="backend", key="SESSION_SECRET_KEY", value=None),
        ),
    ),
    Fault(
        name="secret_dirty",
        cause="secret_dirty",
        dependency="redis",
        summary="the backend's REDIS_HOST ends in a newline: an address is looked up as a name, for 5 s, in vain",
        # The backend only: auth was given a clean version, reaches the same Redis, and so exonerates the network.
        # The client waits longer than the resolver, as in the recorded crisis: its own timer would hide the errno.
        effects=(
            EnvironEffect(service="backend", key="REDIS_HOST", value="{}\n"),
            ResolverEffect(service="backend", delay_s=5.0, errno=socket.EAI_AGAIN, spare_known=True),
            SettingEffect(service="backend", path="durations.dependency_connect_s", value=10.0, scaled=True),
        ),
    ),
    Fault(
        name="name_resolution",
        cause="name_resolution",
        dependency="postgresql",
        summary="the name server answers SERVFAIL: names do not resolve, addresses are still reached",
        effects=(
            ResolverEffect(service="backend", errno=socket.EAI_AGAIN),
            ResolverEffect(service="auth", errno=socket.EAI_AGAIN),
        ),
    ),
    Fault(
        name="network_route",
        cause="network_route",
        dependency="vpc_connector",
        summary="packets to every private address are dropped; public ones, as the language model's, are reached",
        effects=(
            ProxyEffect(proxy="redis", mode=ProxyMode.BLACKHOLE),
            ProxyEffect(proxy="postgresql", mode=ProxyMode.BLACKHOLE),
        ),
    ),
    Fault(
        name="redis_auth",
        cause="redis_auth",
        dependency="redis",
        summary="the backend has another Redis password than Redis",
        effects=(EnvironEffect(service="backend", key="REDIS_PASSWORD", value="{}-of-the-version-before"),),
    ),
    Fault(
        name="event_loop_blocked",
        cause="event_loop_blocked",
        dependency="backend",
        summary="a health check waits for Redis with a synchronous client: everything else of the backend waits, too",
        effects=(BehaviourEffect(service="backend", point="health.blocking_redis", params={"block_s": 5.0}),),
        parameter=Parameter(name="block_s", unit="seconds", least=0.0, most=30.0),
    ),
    Fault(
        name="pool_exhausted",
        cause="pool_exhausted",
        dependency="postgresql",
        summary="whoever lists threads keeps a connection of the backend's small pool, in a transaction",
        effects=(
            SettingEffect(service="backend", path="pool.size", value=2),
            SettingEffect(service="backend", path="pool.max_overflow", value=1),
            SettingEffect(service="backend", path="pool.timeout_s", value=5.0, scaled=True),
            BehaviourEffect(service="backend", point="threads.leak"),
        ),
    ),
    Fault(
        name="clickhouse_down",
        cause="clickhouse_down",
        dependency="clickhouse",
        summary="ClickHouse is configured, and its port refuses",
        # A port below 1024 that no program of ours may open, and that nobody uses.
        effects=(
            EnvironEffect(service="backend", key="CLICKHOUSE_HOST", value="127.0.0.1"),
            EnvironEffect(service="backend", key="CLICKHOUSE_PORT", value="1"),
        ),
    ),
    Fault(
        name="startup_failed",
        cause="startup_failed",
        dependency="backend",
        summary="the backend's start ends in the phase SERVICES: a module that it needs is not there",
        effects=(EnvironEffect(service="backend", key="AGENT_REGISTRY_MODULE", value="ci_tools.twin.agents.registry"),),
    ),
    Fault(
        name="jwt_secret_mismatch",
        cause="jwt_secret_mismatch",
        dependency="auth",
        summary="auth signs with another secret than the backend verifies with",
        effects=(EnvironEffect(service="auth", key="JWT_SECRET_STAGING", value="{}-of-the-version-before"),),
    ),
    Fault(
        name="auth_rejected",
        cause="auth_rejected",
        dependency="auth",
        summary="auth expects another E2E key than the one that campaigns hold",
        effects=(EnvironEffect(service="auth", key="E2E_OAUTH_SIMULATION_KEY", value="{}-of-the-version-before"),),
    ),
    Fault(
        name="bad_deploy",
        cause="bad_deploy",
        dependency="backend",
        summary="another revision of the backend fails whenever a message is added to a thread; dependencies are well",
        effects=(
            SettingEffect(service="backend", path="identity.revision", value="{}-next"),
            SettingEffect(service="backend", path="identity.sha", value="5ca1ab1e0ddba11deadbea7c0ffee0ddc0de5eed"),
            BehaviourEffect(service="backend", point="messages.regression"),
        ),
    ),
    Fault(
        name="product_defect",
        cause="product_defect",
        dependency="backend",
        summary="a changed title of a thread is told to the client and not kept; everything else is well",
        effects=(BehaviourEffect(service="backend", point="threads.lost_update"),),
    ),
    Fault(
        name="connections_exhausted",
        cause="connections_exhausted",
        dependency="postgresql",
        summary="another program holds every connection that PostgreSQL has for its users",
        effects=(BystanderEffect(),),
    ),
    Fault(
        name="connector_exhausted",
        cause="connector_exhausted",
        dependency="vpc_connector",
        summary="the way to private addresses is narrow: under load Redis and PostgreSQL answer late, or not in time",
        effects=(PassageEffect(width=Width(bytes_per_s=1_000.0, burst_bytes=20_000, cap_s=20.0)),),
    ),
    Fault(
        name="cold_start",
        cause="cold_start",
        dependency="backend",
        summary="the backend has no instance until one is asked for, and again none after it was idle",
        effects=(IdleEffect(service="backend", idle_s=10.0),),
    ),
    Fault(
        name="tls_domain",
        cause="tls_domain",
        dependency="edge",
        summary="the certificate of the edge does not name the frontend's host",
        effects=(CertificateEffect(host="app.twin.localhost"),),
    ),
    Fault(
        name="out_of_memory",
        cause="out_of_memory",
        dependency="backend",
        summary="every run of an agent keeps its memory: the backend exceeds its limit, is killed and started again",
        effects=(
            SettingEffect(service="backend", path="memory_limit_mib", value=192),
            BehaviourEffect(service="backend", point="agents.retain", params={"mib": 16}),
        ),
    ),
)

CATALOGUE = {fault.name: fault for fault in _FAULTS}
"""Every fault by its name."""
