import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager

import httpx
import pytest

from tests.contract.checks import check_refused
from tests.contract.client import Deployed, User

BURST = 5
AGENTS = ("a bot", "Googlebot/2.1", "CRAWLER", "my-Spider/1", "webscraper", "portscanner 3")
Switched = Callable[..., AbstractContextManager[None]]


@pytest.fixture
def throttled(switched: Switched) -> Iterator[None]:
    """The edge allows a burst of five requests; counts begin afresh."""
    with switched("edge_throttled"):
        yield


@pytest.fixture
async def neighbour(deployed: Deployed) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the backend at another address."""
    async with deployed.http("api", local_address="127.0.0.2") as client:
        yield client


async def statuses(client: httpx.AsyncClient, path: str, count: int) -> list[int]:
    """The statuses of *count* requests, one after the other."""
    return [(await client.get(path)).status_code for _ in range(count)]


@pytest.mark.parametrize(("path", "served"), [("/health", 200), ("/api/threads", 401)])
@pytest.mark.usefixtures("throttled")
async def test_requests_within_the_limit_are_served(api: httpx.AsyncClient, path: str, served: int) -> None:
    """Exactly as many requests as the limit allows at once are served, then 429."""
    seen = await statuses(api, path, BURST + 1)

    assert seen == [served] * BURST + [429]


@pytest.mark.usefixtures("throttled")
async def test_a_429_says_when_to_come_back(api: httpx.AsyncClient) -> None:
    """A 429 is a page of the edge, not of the service, and has Retry-After within the ban."""
    await statuses(api, "/health", BURST)
    answer = await api.get("/health")

    assert answer.status_code == 429
    assert answer.headers["content-type"].startswith("text/html")
    assert re.fullmatch(r"[1-9]\d*", answer.headers["retry-after"])
    assert int(answer.headers["retry-after"]) <= 60
    assert answer.headers["x-request-id"]


@pytest.mark.usefixtures("throttled")
async def test_a_ban_is_of_every_path_and_host(
    api: httpx.AsyncClient, auth: httpx.AsyncClient, frontend: httpx.AsyncClient
) -> None:
    """Who exceeded one limit is banned from all paths of all hosts."""
    await statuses(api, "/health", BURST + 1)
    seen = [await statuses(client, path, 1) for client in (api, auth, frontend) for path in ("/health", "/api/health")]

    assert seen == [[429]] * 6


@pytest.mark.usefixtures("throttled")
async def test_a_ban_outlasts_the_burst(api: httpx.AsyncClient) -> None:
    """A banned address stays banned although further requests are refused, not counted anew."""
    await statuses(api, "/health", BURST + 1)
    seen = await statuses(api, "/health", 20)

    assert seen == [429] * 20


@pytest.mark.usefixtures("throttled")
async def test_a_ban_is_of_one_address(api: httpx.AsyncClient, neighbour: httpx.AsyncClient) -> None:
    """Another address is served while one is banned."""
    await statuses(api, "/health", BURST + 1)
    seen = await statuses(neighbour, "/health", BURST)

    assert seen == [200] * BURST


@pytest.mark.usefixtures("throttled")
async def test_limits_of_api_and_the_rest_are_counted_apart(api: httpx.AsyncClient) -> None:
    """Requests on other paths take nothing from those below /api/."""
    health = await statuses(api, "/health", BURST)
    threads = await statuses(api, "/api/threads", BURST)

    assert health == [200] * BURST
    assert threads == [401] * BURST


@pytest.mark.usefixtures("throttled")
async def test_websockets_are_limited_too(deployed: Deployed, api: httpx.AsyncClient, user: User) -> None:
    """A banned address opens no WebSocket."""
    await statuses(api, "/health", BURST + 1)

    assert await deployed.handshake(user=user) == 429


async def test_limits_are_gone_with_the_fault(api: httpx.AsyncClient, switched: Switched) -> None:
    """When the limits are the environment's again, the ban is over and a burst is served."""
    with switched("edge_throttled"):
        banned = await statuses(api, "/health", BURST + 1)
    seen = await statuses(api, "/health", 2 * BURST)

    assert banned[-1] == 429
    assert seen == [200] * 2 * BURST


@pytest.mark.parametrize("agent", AGENTS)
async def test_automated_agents_are_refused(api: httpx.AsyncClient, agent: str) -> None:
    """A user agent that names itself a robot is refused, in whatever case."""
    answer = await api.get("/health", headers={"user-agent": agent})

    assert answer.status_code == 403


@pytest.mark.parametrize("agent", ["Mozilla/5.0", "python-httpx/0.28", "netra-campaign/1", "bo-t"])
async def test_other_agents_are_served(api: httpx.AsyncClient, agent: str) -> None:
    """Other user agents are served."""
    answer = await api.get("/health", headers={"user-agent": agent})

    assert answer.status_code == 200


async def test_agents_are_refused_on_every_host(auth: httpx.AsyncClient, frontend: httpx.AsyncClient) -> None:
    """The rule holds before every service."""
    answers = [await client.get("/", headers={"user-agent": "Googlebot"}) for client in (auth, frontend)]

    assert [answer.status_code for answer in answers] == [403, 403]


async def test_unknown_hosts_are_404(deployed: Deployed, api: httpx.AsyncClient) -> None:
    """A host that is not of this site is 404."""
    answer = await api.get("/health", headers={"host": f"nobody.twin.localhost:{deployed.port}"})

    assert answer.status_code == 404


async def test_hosts_are_told_apart(
    api: httpx.AsyncClient, auth: httpx.AsyncClient, frontend: httpx.AsyncClient
) -> None:
    """Each host is its own service."""
    names = [(await client.get("/health")).json()["service"] for client in (api, auth)]
    page = await frontend.get("/")

    assert len(set(names)) == 2
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("name", ["api", "auth", "app"])
async def test_certificate_covers_every_host(deployed: Deployed, name: str) -> None:
    """Each host's name is in the certificate, and the chain ends at the environment's CA."""
    async with deployed.http(name) as client:
        answer = await client.get("/health")

    assert answer.status_code in (200, 404)


async def test_other_names_have_no_certificate(deployed: Deployed) -> None:
    """A name outside the certificate fails at the handshake."""
    async with deployed.http("elsewhere.api") as client:
        with pytest.raises(httpx.ConnectError, match="Hostname mismatch"):
            await client.get("/health")


async def test_plain_http_is_not_spoken(deployed: Deployed) -> None:
    """The TLS port answers nothing to plain HTTP."""
    reader, writer = await asyncio.open_connection("127.0.0.1", deployed.port, family=socket.AF_INET)
    writer.write(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
    said = await asyncio.wait_for(reader.read(12), 5)
    writer.close()

    assert not said.startswith(b"HTTP/1.1 200")


async def raw(deployed: Deployed, request: bytes) -> bytes:
    """What the edge says to *request* until it closes the connection or 65,536 bytes are there."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", deployed.port, ssl=deployed.trust, server_hostname="api.twin.localhost"
    )
    writer.write(request)
    said = await asyncio.wait_for(reader.read(65_536), 5)
    writer.close()
    return said


async def test_what_is_no_http_is_400(deployed: Deployed) -> None:
    """Bytes that are no request are 400."""
    said = await raw(deployed, b"\x00\x01\x02 nonsense\r\n\r\n")

    assert said.startswith(b"HTTP/1.1 400")


async def test_head_has_no_body(api: httpx.AsyncClient) -> None:
    """HEAD is answered as GET, without the body."""
    answer = await api.head("/health")

    assert answer.status_code == 200
    assert answer.content == b""


async def test_large_bodies_go_through(api: httpx.AsyncClient, user: User) -> None:
    """A body of half a megabyte is stored and read back unchanged."""
    content = "0123456789 abcdefghij " * 20_000
    created = await api.post("/api/corpus", headers=user.bearer, json={"title": "Large", "content": content})
    answer = await api.get(f"/api/corpus/{created.json()['id']}/content", headers=user.bearer)

    assert answer.json()["content"] == content.strip()


async def test_many_requests_at_once_are_served(api: httpx.AsyncClient) -> None:
    """Fifty requests at once are each answered as their own, by request id."""
    ids = [f"contract-{number}" for number in range(50)]
    answers = await asyncio.gather(*(api.get("/health/live", headers={"x-request-id": each}) for each in ids))

    assert [answer.headers["x-request-id"] for answer in answers] == ids


async def test_refusals_have_request_ids(api: httpx.AsyncClient) -> None:
    """A 404 of the service has the id of its request."""
    answer = await api.get("/nowhere", headers={"x-request-id": "contract-77"})

    assert check_refused(answer, 404)["request_id"] == "contract-77"
