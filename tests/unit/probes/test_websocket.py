import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from ci_tools.model import DependencyState, Observation, ReadyToken
from ci_tools.questions import WebSocketProbe
from tests.unit.probes.frames import WELCOME, saying

Look = Callable[..., Awaitable[Observation]]
Serving = Callable[..., Awaitable[str]]


def probe(**fields: Any) -> WebSocketProbe:
    """Make a probe of the host ``there``."""
    fields = {"authenticated": False, "timeout_s": 5.0, **fields}
    return WebSocketProbe(name="socket_opens", dependency="websocket", host="there", **fields)


async def test_a_welcome_is_up(look: Look, serving: Serving) -> None:
    """A handshake with the welcome as its first frame is up, with the time until it came."""
    seen = await look(probe(), await serving(saying(WELCOME)))

    assert (seen.state, seen.code, seen.text) == (DependencyState.UP, None, "")
    assert seen.latency_s is not None
    assert 0 < seen.latency_s < 5


async def test_without_a_wanted_welcome_the_handshake_suffices(look: Look, serving: Serving) -> None:
    """A probe with an empty welcome is up once the connection is open."""
    seen = await look(probe(welcome=""), await serving(saying()))

    assert seen.state is DependencyState.UP
    assert seen.latency_s is not None


@pytest.mark.parametrize("status", [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.SERVICE_UNAVAILABLE])
async def test_a_refused_handshake_is_down_with_its_status(look: Look, serving: Serving, status: HTTPStatus) -> None:
    """A handshake that is answered with a status other than 101 is down with that status."""
    seen = await look(probe(), await serving(saying(), refuse=(status, "no entry")))

    assert (seen.state, seen.code) == (DependencyState.DOWN, str(status.value))
    assert "no entry" in seen.text


async def test_a_throttled_handshake_is_no_evidence(look: Look, serving: Serving) -> None:
    """A 429 at the handshake says nothing of the WebSocket service."""
    seen = await look(probe(), await serving(saying(), refuse=(HTTPStatus.TOO_MANY_REQUESTS, "slow down")))

    assert (seen.state, seen.code) == (DependencyState.UNKNOWN, "429")


async def test_a_close_instead_of_a_welcome_is_down_with_its_code(look: Look, serving: Serving) -> None:
    """A connection closed before its welcome is down with close code and reason."""
    seen = await look(probe(), await serving(saying(code=1011, reason="not ready")))

    assert (seen.state, seen.code) == (DependencyState.DOWN, "1011")
    assert "not ready" in seen.text


async def test_an_error_frame_before_the_close_is_told(look: Look, serving: Serving) -> None:
    """What the server said before it closed stands in the text."""
    frame = json.dumps({"type": "error_message", "data": {"code": "AUTH_FAILED"}})

    seen = await look(probe(), await serving(saying(frame, code=1008)))

    assert (seen.state, seen.code) == (DependencyState.DOWN, "1008")
    assert "AUTH_FAILED" in seen.text


async def test_a_welcome_that_is_not_first_is_down(look: Look, serving: Serving) -> None:
    """A welcome after another frame is down, with the frame that came first."""
    seen = await look(probe(), await serving(saying('{"type": "heartbeat"}', WELCOME)))

    assert seen.state is DependencyState.DOWN
    assert seen.text == 'the first frame was no \'connection_established\'; first frame: {"type": "heartbeat"}'


async def test_another_frame_alone_is_down_and_not_censored(look: Look, serving: Serving) -> None:
    """A server that says something else did answer: down, without a latency."""
    seen = await look(probe(timeout_s=10.0), await serving(saying("Mock welcome")), time_scale=0.1)

    assert (seen.state, seen.timed_out, seen.latency_s) == (DependencyState.DOWN, False, None)
    assert "Mock welcome" in seen.text


async def test_silence_after_the_handshake_is_censored(look: Look, serving: Serving) -> None:
    """No frame within the scaled patience is down; the latency is at least that long."""
    seen = await look(probe(timeout_s=10.0), await serving(saying()), time_scale=0.1)

    assert (seen.state, seen.timed_out, seen.latency_s) == (DependencyState.DOWN, True, 1.0)


async def test_an_unanswered_handshake_is_censored(look: Look, silent_url: str) -> None:
    """A handshake that nobody answers is down with a censored latency."""
    seen = await look(probe(timeout_s=2.0), silent_url.replace("http:", "ws:"), time_scale=0.1)

    assert (seen.state, seen.timed_out) == (DependencyState.DOWN, True)
    assert seen.latency_s is not None
    assert 0.2 <= seen.latency_s < 2


async def test_a_refused_connection_is_down(look: Look, refusing_url: str) -> None:
    """A host that refuses connections is down with the errno's name."""
    seen = await look(probe(), refusing_url.replace("http:", "ws:"))

    assert (seen.state, seen.code, seen.latency_s) == (DependencyState.DOWN, "ECONNREFUSED", None)


async def test_endless_nesting_is_down(look: Look, serving: Serving) -> None:
    """A first frame nested deeper than can be read is an observation, not a crash: it is none of JSON."""
    seen = await look(probe(timeout_s=2.0), await serving(saying("[" * 100_000)), time_scale=0.1)

    assert seen.state is DependencyState.DOWN
    assert "received instead: no JSON object with a type x1" in seen.text


async def test_an_authenticated_handshake_carries_the_token(look: Look, serving: Serving) -> None:
    """A probe that needs a user shakes hands with that user's bearer."""
    headers: list[str] = []

    async def talk(connection: ServerConnection) -> None:
        headers.append(connection.request.headers["authorization"])
        await connection.send(WELCOME)
        await connection.wait_closed()

    auth = ReadyToken(token_env="TOKEN")
    seen = await look(probe(authenticated=True), await serving(talk), {"TOKEN": "opaque-token"}, auth=auth)

    assert seen.state is DependencyState.UP
    assert headers == ["Bearer opaque-token"]
