import asyncio
from typing import Any

import pytest

from ci_tools.errors import TargetError, ThrottledError, UnreachableError, UsageError
from ci_tools.model import EdgeLimit
from ci_tools.target.evidence import Evidence
from ci_tools.target.http import USER_AGENT, HttpClient

FORBIDDEN_AGENTS = ("bot", "crawler", "spider", "scraper", "scanner")


async def test_answer_is_returned_whole(client: HttpClient, server: Any) -> None:
    """Status, headers, body, request id and time of an answer are told as they came."""
    server.answers({"status": "healthy"}, status=207, x_extra="1")

    answer = await client.request("backend", "GET", "/health")

    assert (answer.status, answer.json(), answer.request_id) == (207, {"status": "healthy"}, "server-1")
    assert answer.headers["x-extra"] == "1"
    assert 0 < answer.elapsed_s < 5


async def test_request_carries_name_marks_and_token(client: HttpClient, server: Any) -> None:
    """The server reads the host's name, our marks, the token and the body, not the mapped address."""
    await client.request("backend", "POST", "/api/x", json={"a": 1}, params={"q": 2}, bearer="token-1")

    asked = server.asked[0]
    assert (asked.method, asked.target, asked.body) == ("POST", "/api/x?q=2", b'{"a":1}')
    assert asked.headers["host"] == f"one.test:{server.port}"
    assert asked.headers["authorization"] == "Bearer token-1"
    assert asked.headers["x-test-session"] == "session-1"
    assert asked.headers["x-test-environment"] == "loopback"
    assert asked.headers["x-request-id"]


def test_user_agent_is_none_that_the_edge_refuses() -> None:
    """Our user agent names us, and holds no word for which the edge refuses a client."""
    assert USER_AGENT.startswith("netra-campaign/")
    assert not any(word in USER_AGENT.lower() for word in FORBIDDEN_AGENTS)


async def test_connection_is_kept(client: HttpClient, server: Any) -> None:
    """Requests one after another use one connection."""
    for _ in range(3):
        await client.request("backend", "GET", "/health")

    assert (len(server.asked), server.connections) == (3, 1)


async def test_cookies_do_not_travel_between_users(client: HttpClient, server: Any) -> None:
    """A cookie that one answer sets is not sent with the next request."""
    server.answers({}, set_cookie="session=user-1; Path=/")
    await client.request("backend", "GET", "/health")

    await client.request("backend", "GET", "/health")

    assert "cookie" not in server.asked[1].headers


async def test_redirect_is_an_answer(client: HttpClient, server: Any) -> None:
    """A redirect is returned, not followed."""
    server.answers({}, status=302, location="https://example.com/")

    answer = await client.request("backend", "GET", "/auth/login")

    assert (answer.status, answer.headers["location"]) == (302, "https://example.com/")


async def test_answer_that_is_no_json_says_so(client: HttpClient, server: Any) -> None:
    """Reading HTML as JSON names the request, the type and the first words."""
    server.answers("<h1>Bad gateway</h1>", status=502)
    answer = await client.request("backend", "GET", "/health")

    with pytest.raises(TargetError, match=r"GET .*/health answered 502 with 'text/html' instead of JSON.*Bad gateway"):
        answer.json()


async def test_answer_that_is_nested_without_end_is_no_json(client: HttpClient, server: Any) -> None:
    """Brackets that nobody can follow are told as any other body that is no JSON."""
    server.answers("[" * 100_000)
    answer = await client.request("backend", "GET", "/health")

    with pytest.raises(TargetError, match="instead of JSON"):
        answer.json()


async def test_body_that_cannot_be_decoded_is_no_answer(client: HttpClient, server: Any, evidence: Evidence) -> None:
    """What is no gzip though it says so is an unreachable error of kind protocol, and recorded."""
    server.answers({}, content_encoding="gzip")

    with pytest.raises(UnreachableError, match="decompressing") as broken:
        await client.request("backend", "GET", "/health", evidence=evidence)

    assert broken.value.kind == "protocol"
    assert evidence.as_dict()["exchanges"][0]["status"] is None


async def test_representation_shows_errors_only(client: HttpClient, server: Any) -> None:
    """The representation of a success holds no body, for it may hold a token; that of an error does."""
    server.answers({"access_token": "secret-1"})
    good = repr(await client.request("auth", "POST", "/auth/login"))
    server.answers({"message": "redis is unavailable"}, status=503)
    bad = repr(await client.request("backend", "GET", "/api/threads"))

    assert "secret-1" not in good
    assert "redis is unavailable" in bad


async def test_throttling_is_no_answer(client: HttpClient, server: Any) -> None:
    """429 is a throttled error with the patience that it asks for, asked once and never again."""
    server.answers("<h1>Too many requests</h1>", status=429, retry_after="600")

    with pytest.raises(ThrottledError, match="asks for 600 s") as throttled:
        await client.request("backend", "GET", "/health")

    assert throttled.value.retry_after_s == 600
    assert len(server.asked) == 1


@pytest.mark.parametrize("retry_after", ["Thu, 01 Jan 2026 00:00:00 GMT", "-1", "²", "9" * 400])
async def test_patience_that_is_no_number_is_unknown(client: HttpClient, server: Any, retry_after: str) -> None:
    """A Retry-After that cannot be waited for leaves the throttling as it is."""
    server.answers("slow down", status=429, retry_after=retry_after)

    with pytest.raises(ThrottledError) as throttled:
        await client.request("backend", "GET", "/health")

    assert throttled.value.retry_after_s is None


async def test_ban_is_throttling(client: HttpClient, server: Any) -> None:
    """The edge's HTML 403 is a throttled error without a known end."""
    server.answers("<h1>Forbidden</h1>", status=403)

    with pytest.raises(ThrottledError) as throttled:
        await client.request("backend", "GET", "/health")

    assert throttled.value.retry_after_s is None


async def test_forbidden_by_the_service_is_an_answer(client: HttpClient, server: Any) -> None:
    """A JSON 403 is the service's own decision and returned."""
    server.answers({"error": True}, status=403)

    assert (await client.request("backend", "POST", "/api/tools/execute")).status == 403


async def test_refused_connection_is_unreachable(make_client: Any, unused_tcp_port: int) -> None:
    """Nothing listening is an unreachable error of kind tcp, caused by the genuine error."""
    client = make_client(unused_tcp_port)

    with pytest.raises(UnreachableError, match="ECONNREFUSED") as refused:
        await client.request("backend", "GET", "/health")

    assert (refused.value.kind, refused.value.code) == ("tcp", "ECONNREFUSED")
    assert refused.value.__cause__ is not None


@pytest.mark.parametrize("name", ["no-such-host.invalid", "no..name"])
async def test_unknown_name_is_unreachable(make_client: Any, name: str) -> None:
    """A name that nothing resolves, or that nobody can be asked for, is an unreachable error of kind dns."""
    client = make_client(1, hosts={"backend": f"http://{name}"}, resolve={})

    with pytest.raises(UnreachableError) as unknown:
        await client.request("backend", "GET", "/health")

    assert unknown.value.kind == "dns"


async def test_silence_is_unreachable_in_time(make_client: Any, server: Any) -> None:
    """An answer that does not come within the scaled time is an unreachable error of kind timeout."""
    silent = asyncio.Event()

    async def never(_: object) -> Any:
        await silent.wait()
        return server.reply({})

    server.answering = never
    client = make_client(server.port, time_scale=0.1)

    with pytest.raises(UnreachableError, match=r"within 0.2 s") as late:
        await client.request("backend", "GET", "/health", timeout_s=2.0)
    silent.set()

    assert late.value.kind == "timeout"


async def test_names_that_share_an_address_are_verified_each(make_client: Any, tls_server: Any, ca_file: str) -> None:
    """A second name on the same address is not covered by the first one's connection."""
    hosts = {"backend": f"https://one.test:{tls_server.port}", "auth": f"https://two.test:{tls_server.port}"}
    client = make_client(tls_server.port, hosts=hosts, ca_file=ca_file)
    good = await client.request("backend", "GET", "/health")

    with pytest.raises(UnreachableError, match=r"not valid for 'two\.test'") as mismatch:
        await client.request("auth", "GET", "/health")

    assert good.status == 200
    assert (mismatch.value.kind, mismatch.value.code) == ("tls", "CERTIFICATE_VERIFY_FAILED")


async def test_untrusted_authority_is_unreachable(make_client: Any, tls_server: Any) -> None:
    """A certificate of an authority that nobody trusts is an unreachable error of kind tls."""
    client = make_client(tls_server.port, hosts={"backend": f"https://one.test:{tls_server.port}"})

    with pytest.raises(UnreachableError) as untrusted:
        await client.request("backend", "GET", "/health")

    assert untrusted.value.kind == "tls"


async def test_unknown_host_is_a_usage_error(client: HttpClient) -> None:
    """A host that the environment lacks is nothing that the deployed system did."""
    with pytest.raises(UsageError, match="no host 'database'"):
        await client.request("database", "GET", "/")


async def test_requests_are_paced(make_client: Any, server: Any) -> None:
    """A request waits for its turn."""
    client = make_client(server.port, limits=(EdgeLimit(path_prefix="/", rate_per_min=300, burst=1),))
    loop = asyncio.get_running_loop()
    began = loop.time()

    await client.request("backend", "GET", "/health")
    await client.request("backend", "GET", "/health")

    assert loop.time() - began >= 60 / 300


async def test_exchange_is_evidence(client: HttpClient, server: Any, evidence: Evidence) -> None:
    """An exchange is recorded with id, method, path without its query, status and an error's words."""
    server.answers({"message": "redis is unavailable"}, status=503)

    await client.request("backend", "GET", "/api/threads", params={"token": "abc"}, evidence=evidence)

    recorded = evidence.as_dict()["exchanges"][0]
    assert (recorded["request_id"], recorded["method"], recorded["status"]) == ("server-1", "GET", 503)
    assert recorded["url"] == f"http://one.test:{server.port}/api/threads"
    assert "redis is unavailable" in recorded["text"]
    assert recorded["elapsed_s"] > 0


@pytest.mark.parametrize("status", [200, 401])
async def test_auth_bodies_are_no_evidence(client: HttpClient, server: Any, evidence: Evidence, status: int) -> None:
    """What the auth service answers is recorded without its body."""
    server.answers({"access_token": "secret-1"}, status=status)

    await client.request("auth", "POST", "/auth/login", bearer="secret-2", evidence=evidence)

    assert evidence.as_dict()["exchanges"][0]["text"] == ""
    assert "secret" not in str(evidence.as_dict())


async def test_unanswered_request_is_evidence(make_client: Any, unused_tcp_port: int, evidence: Evidence) -> None:
    """A request without an answer is recorded with our own id, without a status, and with the reason."""
    client = make_client(unused_tcp_port)

    with pytest.raises(UnreachableError):
        await client.request("backend", "GET", "/health", evidence=evidence)

    recorded = evidence.as_dict()["exchanges"][0]
    assert recorded["status"] is None
    assert recorded["request_id"].startswith("e2e-")
    assert "ECONNREFUSED" in recorded["text"]
