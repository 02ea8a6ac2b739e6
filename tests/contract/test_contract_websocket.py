import asyncio
import json
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.contract.checks import check_conforms, check_refused, is_fresh
from tests.contract.client import WEBSOCKET_PATH, Deployed, User, bearer
from tests.contract.forgery import FORGERIES, subprotocol
from tests.contract.schemas import FRAME, WELCOME
from tests.contract.sockets import Socket

PATHS = (WEBSOCKET_PATH, "/ws")
CONTENT = "Describe 10, 20, 30 and 40."
MESSAGE_BYTES = 8192
MESSAGES_PER_MIN = 30
HEARTBEAT_S = 39 * 0.1


async def refusal(deployed: Deployed, **how: Any) -> object:
    """How the server refuses a connection: the HTTP status, or the close code after AUTH_FAILED."""
    try:
        async with deployed.socket(welcomed=False, **how) as socket:
            code, frames = await socket.closed()
    except InvalidStatus as error:
        return error.response.status_code
    assert [frame["data"]["code"] for frame in frames] == ["AUTH_FAILED"], frames
    return code


def ping_of(size_bytes: int) -> str:
    """A ping frame of exactly *size_bytes*."""
    empty = json.dumps({"type": "ping", "data": {"pad": ""}})
    return json.dumps({"type": "ping", "data": {"pad": "x" * (size_bytes - len(empty))}})


@pytest.mark.parametrize("path", PATHS)
async def test_welcome_is_the_first_frame(deployed: Deployed, user: User, path: str) -> None:
    """With a bearer the first frame welcomes the user whose token it is, on both paths."""
    async with deployed.socket(user=user, path=path) as socket:
        welcome = check_conforms(socket.welcome, FRAME)

    data = check_conforms(welcome["data"], WELCOME)
    assert data["user_id"] == user.user_id
    assert data["mode"] != "demo"
    assert is_fresh(welcome["timestamp"])


async def test_connections_have_ids_of_their_own(deployed: Deployed, user: User) -> None:
    """Two connections of one user are told apart."""
    async with deployed.socket(user=user) as first, deployed.socket(user=user) as second:
        ids = {socket.welcome["data"]["connection_id"] for socket in (first, second)}

    assert len(ids) == 2


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_token_may_come_as_subprotocol(deployed: Deployed, user: User, order: tuple[int, int]) -> None:
    """A token beside jwt-auth authenticates, and an offered subprotocol is echoed that is not the token."""
    offered = ("jwt-auth", subprotocol(user.access_token))
    async with deployed.socket(subprotocols=(offered[order[0]], offered[order[1]])) as socket:
        chosen = socket.connection.subprotocol

    assert socket.welcome["data"]["user_id"] == user.user_id
    assert chosen == "jwt-auth"


async def test_header_and_subprotocol_go_together(deployed: Deployed, user: User) -> None:
    """A bearer in the header with jwt-auth offered is accepted and echoed."""
    async with deployed.socket(user=user, subprotocols=("jwt-auth",)) as socket:
        chosen = socket.connection.subprotocol

    assert chosen == "jwt-auth"


@pytest.mark.parametrize("path", PATHS)
async def test_anonymous_is_refused(deployed: Deployed, path: str) -> None:
    """Without a token nobody is let in, on either path."""
    assert await refusal(deployed, path=path) in (401, 403, 1008)


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_forged_bearers_are_refused(deployed: Deployed, user: User, forgery: str) -> None:
    """A token that is not ours, not of type access or not unchanged lets nobody in."""
    token = FORGERIES[forgery](user.access_token, user.refresh_token)

    assert await refusal(deployed, headers=bearer(token)) in (401, 403, 1008)


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_forged_subprotocols_are_refused(deployed: Deployed, user: User, forgery: str) -> None:
    """The same holds for a token that comes as subprotocol."""
    token = FORGERIES[forgery](user.access_token, user.refresh_token)

    assert await refusal(deployed, subprotocols=("jwt-auth", subprotocol(token))) in (401, 403, 1008)


@pytest.mark.parametrize("offered", [("jwt-auth",), ("jwt-auth", "jwt."), ("jwt-auth", "jwt.e30")])
async def test_subprotocol_without_a_token_is_refused(deployed: Deployed, offered: tuple[str, ...]) -> None:
    """The name of the subprotocol alone is no authentication."""
    assert await refusal(deployed, subprotocols=offered) in (401, 403, 1008)


async def test_revoked_tokens_are_refused(deployed: Deployed, auth: httpx.AsyncClient, user: User) -> None:
    """A token that was signed out opens no connection."""
    await auth.post("/auth/logout", headers=user.bearer)

    assert await refusal(deployed, headers=user.bearer) in (401, 403, 1008)


@pytest.mark.parametrize("offered", [("graphql-ws",), ("jwt", "chat")])
async def test_no_subprotocol_in_common_is_1003(deployed: Deployed, user: User, offered: tuple[str, ...]) -> None:
    """A client that speaks another subprotocol is told 1003, and gets no frame."""
    async with deployed.socket(user=user, subprotocols=offered, welcomed=False) as socket:
        code, frames = await socket.closed()

    assert code == 1003
    assert frames == []


@pytest.mark.parametrize("path", PATHS)
async def test_plain_get_asks_for_an_upgrade(api: httpx.AsyncClient, user: User, path: str) -> None:
    """A plain GET on a WebSocket path is 426: it says nothing of the service's health."""
    answer = await api.get(path, headers=user.bearer)

    check_refused(answer, 426)


async def test_ping_is_answered_with_pong(deployed: Deployed, user: User) -> None:
    """A ping has one pong."""
    async with deployed.socket(user=user) as socket:
        await socket.send("ping")
        pong = check_conforms(await socket.expect("pong"), FRAME)

    assert is_fresh(pong["timestamp"])


async def test_server_id_stays(deployed: Deployed, user: User) -> None:
    """All frames of a server carry the same server_id."""
    async with deployed.socket(user=user) as socket:
        await socket.send("ping")
        pong = await socket.expect("pong")

    assert pong["server_id"] == socket.welcome["server_id"]


async def test_correlation_id_comes_back(deployed: Deployed, user: User) -> None:
    """An answer has the correlation id of the message that it answers."""
    async with deployed.socket(user=user) as socket:
        await socket.connection.send(json.dumps({"type": "ping", "data": {}, "correlation_id": "contract-9"}))
        pong = await socket.expect("pong")

    assert pong["correlation_id"] == "contract-9"


async def test_unknown_types_are_acknowledged(deployed: Deployed, user: User) -> None:
    """A type that the server does not know is acknowledged and starts nothing."""
    async with deployed.socket(user=user) as socket:
        await socket.send("telepathy", content=CONTENT)
        ack = check_conforms(await socket.expect("ack"), FRAME)
        after = await socket.silent(for_s=0.3)

    assert ack["data"]
    assert after == []


@pytest.mark.parametrize("text", ["{", "", "not json", '{"type": "ping"', "\x00"])
async def test_invalid_json_is_told(deployed: Deployed, user: User, text: str) -> None:
    """What is no JSON is answered with JSON_PARSE_ERROR, and the connection stays."""
    async with deployed.socket(user=user) as socket:
        await socket.connection.send(text)
        error = check_conforms(await socket.expect("error_message"), FRAME)
        await socket.send("ping")
        await socket.expect("pong")

    assert error["data"]["code"] == "JSON_PARSE_ERROR"


@pytest.mark.parametrize("text", ["[]", "7", "null", "{}", '{"type": 7}', '{"type": ""}'])
async def test_frames_without_a_type_are_told(deployed: Deployed, user: User, text: str) -> None:
    """JSON that is no frame is answered with another error, and the connection stays."""
    async with deployed.socket(user=user) as socket:
        await socket.connection.send(text)
        error = check_conforms(await socket.expect("error_message"), FRAME)
        await socket.send("ping")
        await socket.expect("pong")

    assert error["data"]["code"] != "JSON_PARSE_ERROR"


async def test_heartbeat_comes_to_the_idle(deployed: Deployed, user: User) -> None:
    """After 39 s without a frame, scaled, the server says heartbeat, and not before."""
    async with deployed.socket(user=user) as socket:
        before = await socket.silent(for_s=0.1)
        began = asyncio.get_running_loop().time()
        heartbeat = check_conforms(await socket.expect("heartbeat", within_s=1.5 * HEARTBEAT_S), FRAME)
        waited_s = asyncio.get_running_loop().time() - began

    assert before == []
    assert is_fresh(heartbeat["timestamp"])
    assert waited_s > 0.8 * HEARTBEAT_S


@pytest.mark.parametrize(
    "data",
    [{}, {"content": ""}, {"content": 7}, {"content": "x", "agent": "astrologer"}, {"content": "x", "context": "text"}],
)
async def test_invalid_agent_messages_are_told(deployed: Deployed, user: User, data: dict[str, object]) -> None:
    """A message without content or for an unknown agent is an error, starts nothing, and the connection stays."""
    async with deployed.socket(user=user) as socket:
        await socket.send("user_message", **data)
        error = check_conforms(await socket.expect("error_message"), FRAME)
        await socket.send("ping")
        await socket.expect("pong")

    assert error["data"]["code"]


@pytest.mark.parametrize("run_id", [None, "run_unknown"])
async def test_cancelling_nothing_is_an_error(deployed: Deployed, user: User, run_id: str | None) -> None:
    """Cancelling no run, or an unknown one, is an error."""
    async with deployed.socket(user=user) as socket:
        await socket.send("cancel_agent", run_id=run_id)
        error = await socket.expect("error_message")

    assert error["data"]["code"]


async def test_a_fourth_connection_is_refused(deployed: Deployed, user: User, stranger: User) -> None:
    """Three connections of a user are served, a fourth is closed with 1008; strangers are not concerned."""
    async with (
        deployed.socket(user=user) as first,
        deployed.socket(user=user) as second,
        deployed.socket(user=user) as third,
        deployed.socket(user=stranger) as theirs,
    ):
        async with deployed.socket(user=user, welcomed=False) as fourth:
            code, frames = await fourth.closed()
        pongs = [await _pong(socket) for socket in (first, second, third, theirs)]

    assert code == 1008
    assert "connection_established" not in [frame["type"] for frame in frames]
    assert pongs == ["pong"] * 4


async def test_a_closed_connection_makes_room(deployed: Deployed, user: User) -> None:
    """When one of three connections has closed another is served; no count leaks."""
    async with deployed.socket(user=user), deployed.socket(user=user):
        served = [await _visit(deployed, user) for _ in range(5)]

    assert served == ["pong"] * 5


async def test_a_refused_connection_takes_no_room(deployed: Deployed, user: User) -> None:
    """A connection that was refused for the limit is not counted."""
    async with deployed.socket(user=user), deployed.socket(user=user):
        async with deployed.socket(user=user), deployed.socket(user=user, welcomed=False) as fourth:
            await fourth.closed()
        served = await _visit(deployed, user)

    assert served == "pong"


async def test_thirty_messages_a_minute_are_served(deployed: Deployed, user: User, stranger: User) -> None:
    """The thirtieth message within a minute is served, the thirty-first is not; strangers are not concerned."""
    async with deployed.socket(user=user) as socket, deployed.socket(user=stranger) as theirs:
        served = [await _pong(socket) for _ in range(MESSAGES_PER_MIN)]
        await socket.send("ping")
        error = await socket.expect("error_message")
        other = await _pong(theirs)

    assert served == ["pong"] * MESSAGES_PER_MIN
    assert error["data"]["code"] == "RATE_LIMITED"
    assert other == "pong"


async def test_the_rate_is_the_users(deployed: Deployed, user: User) -> None:
    """A new connection does not start a new minute."""
    async with deployed.socket(user=user) as socket:
        served = [await _pong(socket) for _ in range(MESSAGES_PER_MIN)]
    async with deployed.socket(user=user) as socket:
        await socket.send("ping")
        error = await socket.expect("error_message")

    assert len(served) == MESSAGES_PER_MIN
    assert error["data"]["code"] == "RATE_LIMITED"


async def test_a_message_of_8192_bytes_is_served(deployed: Deployed, user: User) -> None:
    """The largest message is served."""
    async with deployed.socket(user=user) as socket:
        await socket.connection.send(ping_of(MESSAGE_BYTES))
        answer = await socket.receive()

    assert answer["type"] == "pong"


@pytest.mark.parametrize("size_bytes", [MESSAGE_BYTES + 1, 100_000])
async def test_a_larger_message_is_refused(deployed: Deployed, user: User, size_bytes: int) -> None:
    """A byte more is told as too large, by an error or by close code 1009, and is not served."""
    async with deployed.socket(user=user) as socket:
        await socket.connection.send(ping_of(size_bytes))
        refused_with = await _too_large(socket)

    assert refused_with in ("MESSAGE_TOO_LARGE", 1009)


async def test_bytes_are_counted_not_characters(deployed: Deployed, user: User) -> None:
    """A message of fewer characters but more bytes is too large."""
    async with deployed.socket(user=user) as socket:
        await socket.connection.send(json.dumps({"type": "ping", "data": {"pad": "é" * 4200}}, ensure_ascii=False))
        refused_with = await _too_large(socket)

    assert refused_with in ("MESSAGE_TOO_LARGE", 1009)


async def _pong(socket: Socket) -> str:
    await socket.send("ping")
    return str((await socket.receive())["type"])


async def _visit(deployed: Deployed, user: User) -> str:
    async with deployed.socket(user=user) as socket:
        return await _pong(socket)


async def _too_large(socket: Socket) -> object:
    try:
        return (await socket.expect("error_message"))["data"]["code"]
    except ConnectionClosed as error:
        return error.rcvd.code if error.rcvd else None
