"""The edge over real TLS, before services that say exactly the bytes a test wants."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ci_tools.twin.certificates import Certificates
from ci_tools.twin.edge.limits import Allowance, Allowances
from ci_tools.twin.edge.server import Edge

HOST = "api.twin.localhost"
WITHIN_S = 5.0
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def generous() -> Allowances:
    """Limits that no test meets by accident."""
    much = Allowance(rate_per_min=1e9, burst=10**6, ban_s=1.0)
    return Allowances(api=much, other=much)


@dataclass
class Service:
    """What the service behind the edge says to each request, and what it was asked."""

    answers: list[bytes] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    connections: int = 0
    hang: bool = False
    close_after: bool = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer each request in turn with the next of the answers."""
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.heads.append(head)
                self.bodies.append(await reader.readexactly(length_of(head)))
                if self.hang:
                    await reader.read()
                writer.write(self.answers.pop(0) if self.answers else OK)
                if self.close_after:
                    break
                if b"101 Switching" in head or b"websocket" in head.lower():
                    while data := await reader.read(65536):
                        writer.write(data.upper())
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


def length_of(head: bytes) -> int:
    """The length of the body that *head* announces."""
    lines = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return int(lines[0].split(b":")[1]) if lines else 0


@dataclass
class World:
    """An edge, the service behind it, and who trusts it."""

    edge: Edge
    service: Service
    trust: ssl.SSLContext
    stop_service: Callable[[], Awaitable[None]]

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Connection]:
        """A TLS connection to the edge."""
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.edge.port, ssl=self.trust, server_hostname=HOST
        )
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    async def whole(self, request: bytes) -> bytes:
        """Everything that the edge says to *request* until it closes."""
        async with self.connected() as (reader, writer):
            writer.write(request)
            return await asyncio.wait_for(reader.read(-1), WITHIN_S)


def get(path: str = "/x", *headers: str, method: str = "GET", host: str = HOST, close: bool = True) -> bytes:
    """A request without a body."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *headers, *(["Connection: close"] if close else [])]
    return "\r\n".join([*lines, "", ""]).encode()


async def answer_of(connection: Connection) -> tuple[bytes, bytes]:
    """Head and body of the next answer with a length."""
    head = await asyncio.wait_for(connection[0].readuntil(b"\r\n\r\n"), WITHIN_S)
    return head, await asyncio.wait_for(connection[0].readexactly(length_of(head)), WITHIN_S)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """A server's context, and the file of who vouches for it."""
    ca_file = tmp_path_factory.mktemp("edge") / "ca.pem"
    return Certificates([HOST, "auth.twin.localhost"], ca_file).context, ca_file


@pytest.fixture
async def world(certificates: tuple[ssl.SSLContext, Path]) -> AsyncIterator[World]:
    """An edge before one service."""
    service = Service()
    server = await asyncio.start_server(service.serve, "127.0.0.1", 0)

    async def stop_service() -> None:
        server.close()

    edge = Edge({HOST: server.sockets[0].getsockname()[1]}, generous(), request_timeout_s=WITHIN_S)
    await edge.start(certificates[0])
    yield World(edge, service, ssl.create_default_context(cafile=certificates[1]), stop_service)
    edge.stop()
    server.close()


async def test_an_answer_comes_through(world: World) -> None:
    """A request reaches the service by its host, and its answer the client."""
    answer = await world.whole(get("/x?y=1"))

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\nok")
    assert world.service.heads[0].startswith(b"GET /x?y=1 HTTP/1.1\r\n")


async def test_connections_are_kept_alive_on_both_sides(world: World) -> None:
    """Many requests use one connection of the client and one of the service."""
    async with world.connected() as connection:
        for _ in range(5):
            connection[1].write(get(close=False))
            await answer_of(connection)

    assert world.service.connections == 1


async def test_pipelined_requests_are_answered_in_order(world: World) -> None:
    """Requests sent at once get their own answers, in their order."""
    world.service.answers = [b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d" % number for number in range(4)]
    async with world.connected() as connection:
        connection[1].write(get(close=False) * 4)
        bodies = [(await answer_of(connection))[1] for _ in range(4)]

    assert bodies == [b"0", b"1", b"2", b"3"]


async def test_a_body_is_forwarded(world: World) -> None:
    """A large body with a length arrives whole."""
    body = b"z" * 1_000_000
    head = f"POST /x HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    await world.whole(head.encode() + body)

    assert world.service.bodies == [body]


async def test_a_large_answer_reaches_a_slow_client(world: World) -> None:
    """An answer larger than every buffer arrives whole although it is read late."""
    body = b"y" * 8_000_000
    world.service.answers = [b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body]
    answer = await world.whole(get())

    assert answer.endswith(body)


async def test_chunks_stay_chunks(world: World) -> None:
    """A streamed answer is streamed on."""
    world.service.answers = [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"]
    answer = await world.whole(get())

    assert b"transfer-encoding: chunked" in answer
    assert answer.endswith(b"3\r\nabc\r\n0\r\n\r\n")


async def test_an_unsized_answer_ends_with_the_services_connection(world: World) -> None:
    """A body that ends by closing becomes chunks, complete ones."""
    world.service.answers = [b"HTTP/1.1 200 OK\r\n\r\nabc"]
    world.service.close_after = True

    assert (await world.whole(get())).endswith(b"3\r\nabc\r\n0\r\n\r\n")


async def test_an_old_client_gets_no_chunks(world: World) -> None:
    """HTTP/1.0 gets the bare body, ended by the connection."""
    world.service.answers = [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"]
    answer = await world.whole(f"GET / HTTP/1.0\r\nHost: {HOST}\r\n\r\n".encode())

    assert answer.endswith(b"\r\n\r\nabc")
    assert b"transfer-encoding" not in answer


async def test_head_has_no_body_and_keeps_the_connection(world: World) -> None:
    """A HEAD's length announces no bytes; the next request on the connection is answered."""
    world.service.answers = [b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", OK]
    async with world.connected() as connection:
        connection[1].write(get(method="HEAD", close=False))
        head = await asyncio.wait_for(connection[0].readuntil(b"\r\n\r\n"), WITHIN_S)
        connection[1].write(get(close=False))
        _, body = await answer_of(connection)

    assert b"Content-Length: 99".lower() in head.lower()
    assert body == b"ok"
    assert world.service.connections == 1


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
async def test_an_answer_without_a_body_keeps_the_connection(world: World, status: bytes) -> None:
    """After 204 or 304 the next request is answered on the same connection."""
    world.service.answers = [b"HTTP/1.1 %s\r\n\r\n" % status, OK]
    async with world.connected() as connection:
        connection[1].write(get(close=False))
        first = await asyncio.wait_for(connection[0].readuntil(b"\r\n\r\n"), WITHIN_S)
        connection[1].write(get(close=False))
        _, body = await answer_of(connection)

    assert status in first
    assert body == b"ok"


async def test_who_waits_to_continue_is_told(world: World) -> None:
    """An interim answer of the service is passed on before the final one."""
    world.service.answers = [b"HTTP/1.1 100 Continue\r\n\r\n" + OK]
    head = f"POST /x HTTP/1.1\r\nHost: {HOST}\r\nExpect: 100-continue\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    answer = await world.whole(head.encode())

    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")


async def test_a_websocket_is_spliced(world: World) -> None:
    """After a 101 bytes go both ways untouched, also those sent with the request."""
    world.service.answers = [b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhi"]
    async with world.connected() as (reader, writer):
        writer.write(get("/ws", "Upgrade: websocket", "Connection: Upgrade", close=False) + b"early")
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), WITHIN_S)
        first = await asyncio.wait_for(reader.readexactly(7), WITHIN_S)
        writer.write(b"late")
        second = await asyncio.wait_for(reader.readexactly(4), WITHIN_S)

    assert head.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
    assert (first, second) == (b"hiEARLY", b"LATE")


async def test_a_refused_websocket_is_an_answer(world: World) -> None:
    """A service that does not switch is heard, and the connection ends."""
    world.service.answers = [b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"]
    answer = await world.whole(get("/ws", "Upgrade: websocket", "Connection: Upgrade", close=False))

    assert answer.startswith(b"HTTP/1.1 403 ")
    assert answer.endswith(b"no")


async def test_a_stopped_service_is_unavailable(world: World) -> None:
    """Who refuses connections is answered for with 503."""
    await world.stop_service()
    answer = await world.whole(get())

    assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert b"text/html" in answer
    assert world.edge.answers == {"failed_to_connect_to_backend": 1}


@pytest.mark.parametrize("said", [b"junk\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\nContent-"])
async def test_a_broken_answer_is_told_as_one(world: World, said: bytes) -> None:
    """No HTTP, nothing at all, and half a head are 503, in Cloud Run's words."""
    world.service.answers = [said]
    world.service.close_after = True

    answer = await world.whole(get())

    assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert b"the HTTP response was malformed or connection to the instance had an error" in answer
    assert world.edge.answers == {"backend_connection_closed_before_data_sent_to_client": 1}


async def test_a_broken_body_breaks_the_connection(world: World) -> None:
    """An answer that ends early is not completed by the edge."""
    world.service.answers = [b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\npart"]
    world.service.close_after = True

    assert (await world.whole(get(close=False))).endswith(b"\r\n\r\npart")


async def test_a_silent_service_is_a_gateway_timeout(certificates: tuple[ssl.SSLContext, Path]) -> None:
    """The request timeout ends in 504."""
    service = Service(hang=True)
    server = await asyncio.start_server(service.serve, "127.0.0.1", 0)
    edge = Edge({HOST: server.sockets[0].getsockname()[1]}, generous(), request_timeout_s=0.1)
    await edge.start(certificates[0])
    trust = ssl.create_default_context(cafile=certificates[1])
    answer = await World(edge, service, trust, asyncio.Event().wait).whole(get())  # type: ignore[arg-type]
    edge.stop()
    server.close()

    assert answer.startswith(b"HTTP/1.1 504 Gateway Timeout\r\n")


async def test_an_unknown_host_is_not_found(world: World) -> None:
    """A host that the edge does not serve is 404, and no service is asked."""
    answer = await world.whole(get(host="www.twin.localhost"))

    assert answer.startswith(b"HTTP/1.1 404 Not Found\r\n")
    assert world.service.heads == []


async def test_automated_agents_are_forbidden(world: World) -> None:
    """A crawler's user agent is 403."""
    assert (await world.whole(get("/x", "User-Agent: evil-crawler"))).startswith(b"HTTP/1.1 403 Forbidden\r\n")


async def test_a_burst_is_throttled(world: World) -> None:
    """Beyond the burst the edge answers 429 with a page and the time to wait, and keeps the connection."""
    world.edge.allow(
        Allowances(
            api=Allowance(rate_per_min=1.0, burst=1, ban_s=7.0), other=Allowance(rate_per_min=1.0, burst=1, ban_s=7.0)
        )
    )
    async with world.connected() as connection:
        connection[1].write(get(close=False) * 3)
        heads = [(await answer_of(connection))[0] for _ in range(3)]

    assert [head.split()[1] for head in heads] == [b"200", b"429", b"429"]
    assert b"retry-after: 7\r\n" in heads[1]
    assert b"text/html" in heads[1]


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", b"400"),
        (b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 400_000, b"431"),
    ],
)
async def test_a_malformed_request_is_refused(world: World, request_bytes: bytes, status: bytes) -> None:
    """What is no request of HTTP/1.1 is answered by the edge, which then closes."""
    assert (await world.whole(request_bytes)).split()[1] == status


async def test_a_client_that_leaves_ends_its_request(world: World, eventually: Callable[..., None]) -> None:
    """The service's connection is closed with the client's."""
    world.service.hang = True
    async with world.connected() as (_, writer):
        writer.write(get())
        await asyncio.to_thread(eventually, lambda: world.service.heads, within_s=WITHIN_S, what="the request arrived")
    await asyncio.to_thread(
        eventually,
        lambda: not any(pool.open for pool in world.edge.pools.values()),
        within_s=WITHIN_S,
        what="it is closed",
    )

    assert world.service.connections == 1


async def test_plain_http_gets_no_answer(world: World) -> None:
    """The port speaks TLS only."""
    reader, writer = await asyncio.open_connection("127.0.0.1", world.edge.port)
    writer.write(get())
    answer = await asyncio.wait_for(reader.read(), WITHIN_S)
    writer.close()

    assert b"HTTP" not in answer


async def test_many_clients_at_once(world: World) -> None:
    """Fifty connections are each answered."""
    answers = await asyncio.gather(*(world.whole(get()) for _ in range(50)))

    assert all(answer.endswith(b"ok") for answer in answers)
