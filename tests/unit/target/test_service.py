import json
import socket
from typing import Any

import pytest

from ci_tools.errors import TargetError, ThrottledError, UnreachableError
from ci_tools.target.evidence import Evidence
from ci_tools.target.http import HttpClient
from ci_tools.target.service import Service
from tests.unit.target.conftest import MakeClient


async def _token_1() -> str:
    return "token-1"


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
async def test_method_asks_the_host_as_the_user(
    client: HttpClient, server: Any, evidence: Evidence, method: str
) -> None:
    """Each method asks with its own verb, the service's bearer and evidence."""
    service = Service(client, "backend", bearer=_token_1, evidence=evidence)

    answer = await getattr(service, method)("/api/threads")

    assert answer.status == 200
    assert server.asked[0].method == method.upper()
    assert server.asked[0].headers["authorization"] == "Bearer token-1"
    assert evidence.as_dict()["seen"]["exchanges"] == 1


async def test_bearer_of_a_request_wins(client: HttpClient, server: Any) -> None:
    """A bearer given with a request is used instead; None asks as nobody."""
    service = Service(client, "backend", bearer=_token_1)

    await service.get("/", bearer="token-2")
    await service.get("/", bearer=None)

    assert server.asked[0].headers["authorization"] == "Bearer token-2"
    assert "authorization" not in server.asked[1].headers


async def test_acting_as_keeps_host_and_evidence(client: HttpClient, server: Any, evidence: Evidence) -> None:
    """The same host can be asked as somebody, for the same test."""
    nobody = Service(client, "auth", evidence=evidence)

    await nobody.acting_as(_token_1).get("/auth/me")

    assert server.asked[0].headers["authorization"] == "Bearer token-1"
    assert evidence.as_dict()["seen"]["exchanges"] == 1
    assert nobody.environment is client.environment


async def test_patience_of_a_service_is_kept_by_whoever_it_acts_as(make_client: MakeClient) -> None:
    """A request that does not say how long it waits waits as long as its service does, and no longer."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = make_client(silent.getsockname()[1], time_scale=0.1)
        service = Service(client, "backend", patience_s=1.0).acting_as(_token_1)
        with pytest.raises(UnreachableError, match=r"within 0\.1 s: timeout"):
            await service.get("/")
        with pytest.raises(UnreachableError, match=r"within 0\.05 s: timeout"):
            await service.get("/", timeout_s=0.5)


async def test_events_are_read_in_order(client: HttpClient, server: Any, evidence: Evidence) -> None:
    """Names and JSON data of a stream are read as the standard frames them, comments left out."""
    stream = ': hello\n\nevent: agent_started\ndata: {"n":\ndata: 1}\n\ndata: {"n": 2}\n\nevent: lost\n'
    server.answers(stream, content_type="text/event-stream; charset=utf-8")

    async with Service(client, "backend", evidence=evidence).events("/stream", json={}) as events:
        seen = [(event.name, dict(event.data)) async for event in events]

    assert seen == [("agent_started", {"n": 1}), ("message", {"n": 2})]
    assert evidence.as_dict()["exchanges"][0]["method"] == "POST"


@pytest.mark.parametrize(
    ("body", "status", "content_type"),
    [
        ("<h1>no</h1>", 200, "text/html"),
        ("data: {}\n\n", 503, "text/event-stream"),
        ("data: {\n\n", 200, "text/event-stream"),
        ("data: [1]\n\n", 200, "text/event-stream"),
        (f"data: {'[' * 100_000}\n\n", 200, "text/event-stream"),
    ],
    ids=["no stream", "error", "no json", "no object", "nested without end"],
)
async def test_what_is_no_stream_of_objects_is_told(
    client: HttpClient, server: Any, body: str, status: int, content_type: str
) -> None:
    """An answer that is no successful stream of JSON objects is a failure of the target."""
    server.answers(body, status=status, content_type=content_type)

    with pytest.raises(TargetError):
        async with Service(client, "backend").events("/stream") as events:
            _ = [event async for event in events]


@pytest.mark.parametrize("charset", ["hex", "undefined", "utf-16"])
async def test_events_are_utf_8_whatever_is_said_of_them(client: HttpClient, server: Any, charset: str) -> None:
    """The standard knows no other encoding of an event stream."""
    server.answers('data: {"city": "Zürich"}\n\n', content_type=f"text/event-stream; charset={charset}")

    async with Service(client, "backend").events("/stream") as events:
        seen = [dict(event.data) async for event in events]

    assert seen == [{"city": "Zürich"}]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["\u2028", "\x85", "\x0b"])
async def test_only_line_breaks_end_a_line_of_events(client: HttpClient, server: Any, end: str, mark: str) -> None:
    """All three of the standard, and no other that stands in a text."""
    data = json.dumps({"text": f"one{mark}two"}, ensure_ascii=False)
    server.answers(end.join(["event: said", f"data: {data}", "", ""]), content_type="text/event-stream")

    async with Service(client, "backend").events("/stream") as events:
        seen = [(event.name, dict(event.data)) async for event in events]

    assert seen == [("said", {"text": f"one{mark}two"})]


@pytest.mark.parametrize("error", [TimeoutError("of a test"), FileNotFoundError("of a test")], ids=["time-out", "file"])
async def test_errors_of_a_reader_are_its_own(
    client: HttpClient, server: Any, evidence: Evidence, error: OSError
) -> None:
    """What goes wrong while an answer is read, and is not of it, says nothing against it."""
    server.answers("data: {}\n\n", content_type="text/event-stream")

    with pytest.raises(type(error), match="of a test"):
        async with Service(client, "backend", evidence=evidence).events("/stream"):
            raise error

    assert [exchange["status"] for exchange in evidence.as_dict()["exchanges"]] == [200]


@pytest.mark.parametrize(
    ("headers", "kind"),
    [({"transfer_encoding": "chunked"}, "protocol"), ({"content_length": "99"}, "timeout")],
    ids=["torn", "without an end"],
)
async def test_stream_that_is_not_read_to_its_end_is_unreachable(
    client: HttpClient, server: Any, headers: dict[str, str], kind: str
) -> None:
    """What goes wrong with the answer itself is told by its kind, however late in it that is."""
    server.answers("data: {}\r\n\r\n", content_type="text/event-stream", **headers)

    with pytest.raises(UnreachableError) as broken:
        async with Service(client, "backend").events("/stream", timeout_s=0.2) as events:
            _ = [event async for event in events]

    assert broken.value.kind == kind


async def test_throttled_stream_is_throttling(client: HttpClient, server: Any) -> None:
    """A stream that is answered by 429 is our own doing."""
    server.answers("slow down", status=429)

    with pytest.raises(ThrottledError):
        async with Service(client, "backend").events("/stream"):
            pytest.fail("no stream was opened")


async def test_body_is_json(client: HttpClient, server: Any) -> None:
    """What is given as json arrives as JSON with its content type."""
    await Service(client, "backend").post("/api/threads", json={"title": "Zürich"})

    assert json.loads(server.asked[0].body) == {"title": "Zürich"}
    assert server.asked[0].headers["content-type"] == "application/json"
