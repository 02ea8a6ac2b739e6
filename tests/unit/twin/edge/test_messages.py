from http import HTTPStatus

import pytest

from ci_tools.twin.edge.messages import Answer, Head, chunk, page


def request(*headers: tuple[bytes, bytes], method: bytes = b"GET", version: str = "1.1") -> Head:
    """A request with *headers* to a host of the twin."""
    return Head(
        target=b"/api/x?y=1",
        headers=[(b"host", b"Api.Twin.localhost:8443"), *headers],
        method=method,
        version=version,
        request_id=b"id-1",
    )


@pytest.mark.parametrize(
    ("sent", "host"),
    [
        (b"api.twin.localhost", "api.twin.localhost"),
        (b"API.twin.localhost:8443", "api.twin.localhost"),
        (b"[::1]", "[::1]"),
        (b"[::1]:443", "[::1]"),
        (b"", ""),
    ],
)
def test_a_host_is_compared_without_case_and_port(sent: bytes, host: str) -> None:
    """The virtual host is the bare name."""
    assert Head(headers=[(b"host", sent)]).host == host


def test_a_path_has_no_query() -> None:
    """Limits look at the path alone."""
    assert request().path == b"/api/x"


def test_a_request_keeps_its_id() -> None:
    """The client's request id goes through."""
    head = request((b"x-request-id", b"mine"))
    head.identify()

    assert head.request_id == b"mine"


def test_a_request_without_an_id_gets_one() -> None:
    """Every request has an id, none twice."""
    first, second = request(), request()
    first.identify()
    second.identify()

    assert first.request_id
    assert first.request_id != second.request_id


def test_the_service_learns_of_the_client() -> None:
    """Address, scheme and host are told; hop-by-hop headers and forged schemes are not passed."""
    head = request((b"connection", b"keep-alive"), (b"x-forwarded-proto", b"http"), (b"accept", b"*/*"))
    lines = head.forwarded("192.0.2.1").split(b"\r\n")

    assert lines[0] == b"GET /api/x?y=1 HTTP/1.1"
    assert b"x-forwarded-for: 192.0.2.1" in lines
    assert b"x-forwarded-proto: https" in lines
    assert b"x-forwarded-host: Api.Twin.localhost:8443" in lines
    assert b"x-request-id: id-1" in lines
    assert b"accept: */*" in lines
    assert not [line for line in lines if line.startswith(b"connection") or line == b"x-forwarded-proto: http"]


def test_an_address_is_appended_to_those_before() -> None:
    """A client behind a proxy of its own is seen through it."""
    assert b"x-forwarded-for: 1.1.1.1, 2.2.2.2\r\n" in request((b"x-forwarded-for", b"1.1.1.1")).forwarded("2.2.2.2")


def test_an_upgrade_to_a_websocket_is_passed() -> None:
    """The service sees that a WebSocket is asked for."""
    sent = request((b"upgrade", b"WebSocket"), (b"connection", b"upgrade")).forwarded("a")

    assert b"connection: Upgrade\r\nupgrade: websocket\r\n" in sent


def test_any_other_upgrade_is_not_passed() -> None:
    """The edge speaks HTTP/1.1 to the services, whatever the client would like."""
    assert b"upgrade" not in request((b"upgrade", b"h2c"), (b"connection", b"upgrade")).forwarded("a")


def test_an_answer_of_known_length_is_not_chunked() -> None:
    """A content length is enough."""
    assert not Answer(200, b"OK", [(b"content-length", b"3")]).needs_chunks(request())


def test_an_answer_of_unknown_length_is_chunked() -> None:
    """Without a length chunks tell the end."""
    assert Answer(200, b"OK", []).needs_chunks(request())


@pytest.mark.parametrize("head", [request(method=b"HEAD"), request(version="1.0")])
def test_some_clients_get_no_chunks(head: Head) -> None:
    """HEAD has no body, and HTTP/1.0 knows no chunks."""
    assert not Answer(200, b"OK", []).needs_chunks(head)


@pytest.mark.parametrize("status", [204, 304])
def test_some_answers_have_no_body(status: int) -> None:
    """204 and 304 end with their head."""
    answer = Answer(status, b"", [])

    assert answer.sized()
    assert not answer.needs_chunks(request())


def test_an_answer_carries_the_request_id_once() -> None:
    """The service's own id is kept, a missing one is added."""
    kept = Answer(200, b"OK", [(b"x-request-id", b"theirs")]).relayed(request(), chunked=False, close=False)
    added = Answer(200, b"OK", []).relayed(request(), chunked=False, close=False)

    assert kept.count(b"x-request-id") == 1
    assert b"x-request-id: theirs\r\n" in kept
    assert b"x-request-id: id-1\r\n" in added


def test_a_page_is_html_with_the_time_to_wait() -> None:
    """The edge's own answer is a page, unlike a service's JSON."""
    whole = page(HTTPStatus.TOO_MANY_REQUESTS, "Slow down.", head=request(), close=False, retry_after_s=60)
    head, _, body = whole.partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 429 Too Many Requests\r\n")
    assert b"retry-after: 60" in head
    assert b"content-type: text/html" in head
    assert f"content-length: {len(body)}".encode() in head
    assert b"Slow down." in body


def test_a_page_for_head_is_only_a_head() -> None:
    """HEAD gets the headers of the page alone."""
    assert page(HTTPStatus.NOT_FOUND, "x", head=request(method=b"HEAD"), close=True).endswith(b"\r\n\r\n")


def test_a_chunk_states_its_size() -> None:
    """The size is hexadecimal."""
    assert chunk(b"a" * 17) == b"11\r\n" + b"a" * 17 + b"\r\n"
