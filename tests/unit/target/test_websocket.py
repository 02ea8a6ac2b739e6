import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus
from typing import Any

import pytest
import pytest_asyncio
import trustme
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from ci_tools.errors import ThrottledError, UnreachableError
from ci_tools.target.evidence import Evidence
from ci_tools.target.http import HttpClient
from ci_tools.target.websocket import (
    FrameMissingError,
    HandshakeRefusedError,
    SocketClosedError,
    TokenIn,
    open_socket,
)

Talk = Callable[[ServerConnection], Awaitable[None]]


class Peer:
    """A WebSocket server on an ephemeral port; *talk* is what it does with each connection."""

    def __init__(self) -> None:
        self.port = 0
        self.headers: list[dict[str, str]] = []
        self.refusal: tuple[HTTPStatus, str, dict[str, str]] | None = None
        self.talk: Talk = self._listen

    async def _listen(self, connection: ServerConnection) -> None:
        await connection.wait_closed()

    def says(self, *frames: dict[str, Any] | str) -> None:
        """From now on each connection is sent *frames* and then left open."""

        async def talk(connection: ServerConnection) -> None:
            for frame in frames:
                await connection.send(frame if isinstance(frame, str) else json.dumps(frame))
            await connection.wait_closed()

        self.talk = talk

    def closes(self, code: int, reason: str) -> None:
        """From now on each connection is closed at once."""

        async def talk(connection: ServerConnection) -> None:
            await connection.close(code, reason)

        self.talk = talk

    async def serve(self, connection: ServerConnection) -> None:
        """Talk."""
        await self.talk(connection)

    def admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Note the handshake, and refuse it where told to."""
        self.headers.append({name.lower(): value for name, value in request.headers.raw_items()})
        if self.refusal is None:
            return None
        status, text, headers = self.refusal
        response = connection.respond(status, text)
        for name in headers:
            response.headers.pop(name, None)
        for name, value in headers.items():
            response.headers[name] = value  # added to what is there of that name
        return response


@pytest_asyncio.fixture
async def peer() -> AsyncIterator[Peer]:
    """A WebSocket server without TLS."""
    serving = Peer()
    jwt_auth = Subprotocol("jwt-auth")
    async with serve(
        serving.serve,
        "127.0.0.1",
        0,
        process_request=serving.admit,
        select_subprotocol=lambda _, offered: jwt_auth if jwt_auth in offered else None,
    ) as listening:
        serving.port = next(iter(listening.sockets)).getsockname()[1]
        yield serving


@pytest.fixture
def client(peer: Peer, make_client: Any) -> HttpClient:
    """A client of the peer, in an environment ten times as fast."""
    client: HttpClient = make_client(peer.port, time_scale=0.1)
    return client


def event(type_: str, agent: str = "supervisor", run_id: str = "run-1") -> dict[str, Any]:
    """An agent event."""
    return {"type": type_, "run_id": run_id, "user_id": "user-1", "agent_name": agent, "data": {}}


async def test_token_travels_in_the_header(client: HttpClient, peer: Peer) -> None:
    """By default the handshake carries the token as a bearer, our marks, and the host's name."""
    async with open_socket(client, bearer="token-1"):
        pass

    headers = peer.headers[0]
    assert headers["authorization"] == "Bearer token-1"
    assert headers["host"] == f"one.test:{peer.port}"
    assert headers["user-agent"].startswith("netra-campaign/")
    assert headers["x-test-session"] == "session-1"


async def test_token_travels_in_the_subprotocol(client: HttpClient, peer: Peer) -> None:
    """As a browser would, the handshake offers jwt-auth and the token encoded beside it, and no header."""
    async with open_socket(client, bearer="token-1", token_in=TokenIn.SUBPROTOCOL) as socket:
        chosen = socket.subprotocol

    encoded = base64.urlsafe_b64encode(b"token-1").decode().rstrip("=")
    assert peer.headers[0]["sec-websocket-protocol"] == f"jwt-auth, jwt.{encoded}"
    assert "authorization" not in peer.headers[0]
    assert chosen == "jwt-auth"


async def test_nobody_sends_no_token(client: HttpClient, peer: Peer) -> None:
    """Without a bearer neither header nor subprotocol is sent."""
    async with open_socket(client, bearer=None):
        pass

    assert {"authorization", "sec-websocket-protocol"} & set(peer.headers[0]) == set()


async def test_expected_frame_is_found_behind_others(client: HttpClient, peer: Peer) -> None:
    """Other frames before the expected one are kept, in order."""
    peer.says({"type": "connection_established", "data": {"mode": "main"}}, {"type": "ack"}, {"type": "pong"})

    async with open_socket(client, bearer=None) as socket:
        pong = await socket.expect("pong", within_s=10)

    assert pong.type == "pong"
    assert [frame.type for frame in socket.frames] == ["connection_established", "ack", "pong"]
    assert socket.frames[0].data == {"mode": "main"}


async def test_missing_frame_is_told_with_what_came(client: HttpClient, peer: Peer) -> None:
    """A frame that does not come in the scaled time is told with the frames that did."""
    peer.says({"type": "ack"}, {"type": "ack"})

    async with open_socket(client, bearer=None) as socket:
        with pytest.raises(FrameMissingError, match=r"no 'pong' frame within 0.2 s \(2 s unscaled\).*ack x2"):
            await socket.expect("pong", within_s=2)


async def test_close_while_expecting_tells_its_code(client: HttpClient, peer: Peer) -> None:
    """A close instead of the expected frame tells code and reason at once."""
    peer.closes(1008, "no token")

    async with open_socket(client, bearer=None) as socket:
        with pytest.raises(SocketClosedError, match="closed with 1008") as closed:
            await socket.expect("connection_established", within_s=100)

    assert closed.value.code == 1008


async def test_expected_close_gives_its_code(client: HttpClient, peer: Peer) -> None:
    """Who waits for the close is given its code."""
    peer.closes(1011, "not ready")

    async with open_socket(client, bearer=None) as socket:
        assert await socket.closed(within_s=100) == 1011


async def test_close_that_does_not_come_is_told(client: HttpClient) -> None:
    """A connection that stays open although it should not is told."""
    async with open_socket(client, bearer=None) as socket:
        with pytest.raises(FrameMissingError, match=r"did not close within 0\.2 s"):
            await socket.closed(within_s=2)


async def test_broken_connection_is_closed_without_a_frame(client: HttpClient, peer: Peer) -> None:
    """A connection that breaks off counts as closed with 1006."""

    async def talk(connection: ServerConnection) -> None:
        connection.transport.abort()

    peer.talk = talk

    async with open_socket(client, bearer=None) as socket:
        assert await socket.closed(within_s=100) == 1006


@pytest.mark.parametrize("status", [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.SERVICE_UNAVAILABLE])
async def test_refused_handshake_tells_its_status(client: HttpClient, peer: Peer, status: HTTPStatus) -> None:
    """A handshake that is answered otherwise tells status and words."""
    peer.refusal = (status, "no entry", {})

    with pytest.raises(HandshakeRefusedError, match=f"answered {status.value}: no entry") as refused:
        async with open_socket(client, bearer=None):
            pass

    assert refused.value.code == status


@pytest.mark.parametrize(
    "headers",
    [
        {"Location": "ws://example.com/"},
        {"Location": "https://example.com/login"},
        {"Location": "http://[::1"},
        {"Location": "ws://example.com/", "location": "ws://example.org/"},
    ],
    ids=["elsewhere", "to a page", "to no URL", "twice"],
)
async def test_redirected_handshake_is_a_refusal(client: HttpClient, peer: Peer, headers: dict[str, str]) -> None:
    """A redirect is not followed, wherever it leads."""
    peer.refusal = (HTTPStatus.FOUND, "elsewhere", headers)

    with pytest.raises(HandshakeRefusedError) as refused:
        async with open_socket(client, bearer=None):
            pass

    assert refused.value.code == 302


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": "600"}),
        (HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": "600", "retry-after": "700"}),
        (HTTPStatus.FORBIDDEN, {"Content-Type": "text/html", "Retry-After": "600"}),
        (HTTPStatus.FORBIDDEN, {"Content-Type": "text/html", "content-type": "text/plain", "Retry-After": "600"}),
    ],
)
async def test_throttled_handshake_is_no_refusal(
    client: HttpClient, peer: Peer, status: HTTPStatus, headers: dict[str, str]
) -> None:
    """429, and the edge's HTML 403, are our own doing."""
    peer.refusal = (status, "slow down", headers)

    with pytest.raises(ThrottledError) as throttled:
        async with open_socket(client, bearer=None):
            pass

    assert throttled.value.retry_after_s == 600


async def test_refused_connection_is_unreachable(make_client: Any, unused_tcp_port: int) -> None:
    """Nothing listening is an unreachable error of kind tcp."""
    with pytest.raises(UnreachableError, match="ECONNREFUSED") as refused:
        async with open_socket(make_client(unused_tcp_port), bearer=None):
            pass

    assert refused.value.kind == "tcp"


async def test_handshake_without_an_answer_is_unreachable(make_client: Any, server: Any) -> None:
    """A handshake that nobody answers in time is an unreachable error of kind timeout."""
    silent = asyncio.Event()

    async def never(_: object) -> Any:
        await silent.wait()
        return server.reply({})

    server.answering = never

    with pytest.raises(UnreachableError) as late:
        async with open_socket(make_client(server.port, time_scale=0.02), bearer=None):
            pass
    silent.set()

    assert late.value.kind == "timeout"


async def test_secure_connection_verifies_the_name(make_client: Any, authority: trustme.CA, ca_file: str) -> None:
    """Over TLS the mapped address is connected to, and the name is verified."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("one.test").configure_cert(context)
    serving = Peer()
    async with serve(serving.serve, "127.0.0.1", 0, ssl=context, process_request=serving.admit) as listening:
        port = next(iter(listening.sockets)).getsockname()[1]
        hosts = {"websocket": f"wss://one.test:{port}/ws", "backend": f"wss://two.test:{port}/ws"}
        client = make_client(port, hosts=hosts, ca_file=ca_file)
        async with open_socket(client, bearer=None):
            pass
        with pytest.raises(UnreachableError, match=r"two\.test") as mismatch:
            async with open_socket(client, bearer=None, host="backend"):
                pass

    assert len(serving.headers) == 1
    assert mismatch.value.kind == "tls"


async def test_events_end_with_the_agent_that_began(client: HttpClient, peer: Peer) -> None:
    """Agents called in between end without ending the run; frames that are no events are left out."""
    peer.says(
        {"type": "connection_established"},
        event("agent_started"),
        {"type": "heartbeat"},
        event("agent_started", "triage"),
        event("agent_completed", "triage"),
        event("agent_completed"),
        event("agent_started"),
    )

    async with open_socket(client, bearer=None) as socket:
        events = await socket.events_of_run(within_s=100)

    assert [(frame.type, frame.agent_name) for frame in events] == [
        ("agent_started", "supervisor"),
        ("agent_started", "triage"),
        ("agent_completed", "triage"),
        ("agent_completed", "supervisor"),
    ]


async def test_events_of_other_runs_are_left_out(client: HttpClient, peer: Peer) -> None:
    """Only the events of the run asked for are given; an error ends it as well."""
    peer.says(
        event("agent_started", run_id="run-0"),
        event("agent_started"),
        event("agent_completed", run_id="run-0"),
        event("agent_error"),
    )

    async with open_socket(client, bearer=None) as socket:
        events = await socket.events_of_run(within_s=100, run_id="run-1")

    assert [(frame.run_id, frame.type) for frame in events] == [("run-1", "agent_started"), ("run-1", "agent_error")]


async def test_next_event_is_of_whatever_run(client: HttpClient, peer: Peer) -> None:
    """Events of several runs are taken as they come; what is no event is passed by and kept."""
    peer.says(
        {"type": "heartbeat"},
        {"type": "agent_started", "run_id": "a", "agent_name": "data"},
        {"type": "agent_started", "run_id": "b", "agent_name": "data"},
    )

    async with open_socket(client, bearer=None) as socket:
        events = [await socket.next_event(within_s=5), await socket.next_event(within_s=5)]

    assert [event.run_id for event in events] == ["a", "b"]
    assert [frame.type for frame in socket.frames] == ["heartbeat", "agent_started", "agent_started"]


async def test_silent_agent_is_told_apart(client: HttpClient, peer: Peer) -> None:
    """An acknowledged message without any event says that there was none at all."""
    peer.says({"type": "connection_established"}, {"type": "ack"})

    async with open_socket(client, bearer=None) as socket:
        with pytest.raises(FrameMissingError, match=r"no agent event at all within 0\.2 s.*ack x1"):
            await socket.events_of_run(within_s=2)


async def test_unfinished_run_is_told_apart(client: HttpClient, peer: Peer) -> None:
    """A run that began and did not end says which events there were."""
    peer.says(event("agent_started"), event("agent_thinking"))

    async with open_socket(client, bearer=None) as socket:
        with pytest.raises(FrameMissingError, match=r"no terminal event of run run-1.*agent_started, agent_thinking"):
            await socket.events_of_run(within_s=2)


async def test_hostile_frames_are_survived(client: HttpClient, peer: Peer) -> None:
    """Frames that are no JSON, no object, or whose fields are of the wrong kind, are kept and passed over."""
    peer.says("{", "[1]", '"text"', '{"type": 7, "data": "x"}', '{"type": "pong", "data": null}')

    async with open_socket(client, bearer=None) as socket:
        pong = await socket.expect("pong", within_s=10)

    assert len(socket.frames) == 5
    assert (pong.data, pong.run_id, socket.frames[3].data) == ({}, "", {})


async def test_sending_into_a_closed_connection_is_told(client: HttpClient, peer: Peer) -> None:
    """Sending after the server closed tells its code."""
    peer.closes(1001, "going away")

    async with open_socket(client, bearer=None) as socket:
        await socket.closed(within_s=100)
        with pytest.raises(SocketClosedError) as closed:
            await socket.send("ping")

    assert closed.value.code == 1001


async def test_aborted_connection_has_no_close_frame(client: HttpClient, peer: Peer, evidence: Evidence) -> None:
    """The server of an aborted connection sees it lost without a close frame; the evidence tells who did it."""
    lost: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

    async def talk(connection: ServerConnection) -> None:
        await connection.wait_closed()
        lost.set_result(connection.close_code)

    peer.talk = talk

    async with open_socket(client, bearer=None, evidence=evidence) as socket:
        socket.abort()
        code = await asyncio.wait_for(lost, 10)

    assert code == 1006
    assert [(frame["direction"], frame["type"]) for frame in evidence.as_dict()["frames"]][-1] == ("closed", "aborted")


async def test_frames_are_evidence(client: HttpClient, peer: Peer, evidence: Evidence) -> None:
    """Opening, each frame in its direction, and the close are recorded with type, time and size."""

    async def talk(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send('{"type":"pong"}')
        await connection.close(1001, "going away")

    peer.talk = talk

    async with open_socket(client, bearer="token-1", evidence=evidence) as socket:
        await socket.send("ping")
        await socket.closed(within_s=100)

    frames = evidence.as_dict()["frames"]
    assert [(frame["direction"], frame["type"]) for frame in frames] == [
        ("opened", "101"),
        ("sent", "ping"),
        ("received", "pong"),
        ("closed", "1001"),
    ]
    assert frames[2]["size_bytes"] == len('{"type":"pong"}')
    assert frames[0]["t_s"] <= frames[3]["t_s"]
    assert "token-1" not in str(frames)
