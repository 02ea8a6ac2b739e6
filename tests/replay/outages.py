"""What goes wrong in a replay, and in which words probes and tests speak of it.

Most tests see a symptom only: of ten that fail when Redis is gone, three say so.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outage:
    """One cause. Words stand in editions: the same cause is told in others after a library was renewed."""

    name: str
    dependency: str
    gate: str
    """The reliability gate that asks for it."""
    probe: str
    seen: tuple[str, ...]
    """What its probe sees, by edition."""
    told: tuple[tuple[tuple[str, str], ...], ...]
    """By edition: exception types and words of failing tests, taken in turn."""

    def seen_in(self, edition: int) -> str:
        """What its probe sees in that *edition*."""
        return self.seen[edition % len(self.seen)]

    def told_in(self, edition: int, turn: int) -> tuple[str, str]:
        """Exception type and words of the test whose *turn* it is."""
        words = self.told[edition % len(self.told)]
        return words[turn % len(words)]


REDIS = Outage(
    name="Redis is down",
    dependency="redis",
    gate="redis_reachable",
    probe="redis",
    seen=(
        "503 instead of 200: redis: Error 111 connecting to 10.166.204.83:6379. Connection refused.",
        "503 instead of 200: redis: [Errno 111] Connect call failed ('10.166.204.83', 6379)",
        "checks.redis.connected is false: connection refused by 10.166.204.83:6379",
    ),
    told=(
        (
            ("AssertionError", "503 instead of 201: redis: Error 111 connecting to 10.166.204.83:6379."),
            ("AssertionError", "POST /api/agents/execute answered 503 instead of 200"),
            ("TimeoutError", "no agent_completed within 30.0 s; seen: agent_started"),
            ("InvalidStatus", "server rejected WebSocket connection: HTTP 503"),
            ("AssertionError", "expected 5 events in order, got 1: ['connection_established']"),
            ("ConnectionClosedError", "received 1011 (internal error); then sent 1011 (internal error)"),
            ("AssertionError", "the run is 'unknown' after a reconnect, expected 'running'"),
            ("AssertionError", "assert 500 == 200"),
            ("AssertionError", "redis: Error 111 connecting to 10.166.204.83:6379. Connection refused."),
            ("AssertionError", "401 instead of 200 with a token that was issued 2 s before"),
        ),
        (
            ("ExceptionGroup", "redis.exceptions.ConnectionError: Connection closed by server"),
            ("HTTPStatusError", "Server error '503 Service Unavailable' for url 'https://api.staging/api/runs'"),
            ("AssertionError", "agent_thinking never came; the last frame was {'type': 'agent_started'}"),
            ("WebSocketException", "timed out during opening handshake"),
            ("AssertionError", "expected status 'completed', got None"),
            ("AssertionError", "two answers where one was asked for: the lock was not kept"),
        ),
        (
            ("AssertionError", "failed to connect to redis: [Errno 111] Connect call failed"),
            ("AssertionError", "status 502, expected 200 (request id e2e-7f3a)"),
            ("TimeoutError", "the conversation said nothing for 35 s"),
            ("AssertionError", "the session is gone after 1.2 s, it should live for 3600 s"),
        ),
    ),
)
DATABASE = Outage(
    name="PostgreSQL is down",
    dependency="postgresql",
    gate="database_response",
    probe="postgresql",
    seen=(
        "503 instead of 200: postgresql: [Errno 111] Connect call failed ('10.7.0.3', 5432)",
        "checks.postgresql.connected is false: connection refused by 10.7.0.3:5432",
    ),
    told=(
        (
            ("AssertionError", "503 instead of 201: postgresql: [Errno 111] Connect call failed ('10.7.0.3', 5432)"),
            ("AssertionError", "GET /api/threads answered 503 instead of 200"),
            ("AssertionError", "assert 500 == 200"),
            ("AssertionError", "the thread has 0 messages, 3 were written"),
            ("TimeoutError", "no answer to POST /api/threads within 10 s"),
        ),
        (
            ("AssertionError", "could not connect to server: is the server running on 10.7.0.3 and port 5432?"),
            ("AssertionError", "status 502, expected 200 (request id e2e-91bc)"),
            ("KeyError", "'thread_id'"),
        ),
    ),
)
OUTAGES: Mapping[str, Outage] = {one.name: one for one in (REDIS, DATABASE)}
