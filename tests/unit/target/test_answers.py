from datetime import UTC, datetime
from typing import Any

import pytest

from ci_tools.errors import TargetError
from ci_tools.target.answers import accepted, envelope, instant, mocked, rows
from ci_tools.target.http import HttpClient

ENVELOPE = {
    "error": True,
    "error_code": "NOT_FOUND",
    "message": "no such thread",
    "user_message": "We could not find it.",
    "details": {},
    "trace_id": "t-1",
    "timestamp": "2025-09-16T10:00:00Z",
    "request_id": "server-1",
}


@pytest.mark.parametrize("text", ["Mock response", '"Mock answer"', "Fallback answer", "Degraded mode", "\n Mock x"])
def test_stand_in_is_mocked(text: str) -> None:
    """A text that begins like a stand-in is one, quoted or not."""
    assert mocked(text)


@pytest.mark.parametrize("text", ["", "The average is 1500", "We mock nothing", "Mocking is no answer", "Fallbacks"])
def test_genuine_text_is_not_mocked(text: str) -> None:
    """A text that only speaks of mocks is genuine."""
    assert not mocked(text)


@pytest.mark.parametrize("status", [200, 201, 299])
async def test_granted_answer_is_its_body(client: HttpClient, server: Any, status: int) -> None:
    """The body of a success is returned."""
    server.answers({"id": 1}, status=status)

    assert accepted(await client.request("backend", "GET", "/")) == {"id": 1}


@pytest.mark.parametrize("status", [302, 404, 503, 599])
async def test_denied_answer_is_told_with_its_words(client: HttpClient, server: Any, status: int) -> None:
    """Any other status is a failure of the target that holds the answer's words."""
    server.answers({"message": "redis is unavailable"}, status=status)

    with pytest.raises(TargetError, match=rf"answered {status}.*redis is unavailable"):
        accepted(await client.request("backend", "GET", "/"))


@pytest.mark.parametrize("length", range(330, 400, 10))
async def test_a_password_where_the_words_are_cut_is_masked(client: HttpClient, server: Any, length: int) -> None:
    """Whoever sees the half of it that is left would not know it for one."""
    server.answers({"message": f"{'x' * length} postgresql://shop:{'hunter2-' * 10}@db refused"}, status=500)

    with pytest.raises(TargetError) as caught:
        accepted(await client.request("backend", "GET", "/"))

    assert "xxx" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("body", [[{"id": 1}], {"data": [{"id": 1}]}])
async def test_rows_of_a_list(client: HttpClient, server: Any, body: Any) -> None:
    """A list is the body itself or its data."""
    server.answers(body)

    assert rows(await client.request("backend", "GET", "/")) == [{"id": 1}]


@pytest.mark.parametrize("body", [{"items": []}, {"data": {}}, "text"])
async def test_no_list_is_told(client: HttpClient, server: Any, body: Any) -> None:
    """A body without a list is a failure of the target."""
    server.answers(body)

    with pytest.raises(TargetError):
        rows(await client.request("backend", "GET", "/"))


async def test_rows_under_another_name(client: HttpClient, server: Any) -> None:
    """A list can stand under a name of its own."""
    server.answers({"tools": [{"name": "calculator"}]})

    assert rows(await client.request("backend", "GET", "/"), "tools") == [{"name": "calculator"}]


async def test_envelope_of_this_request(client: HttpClient, server: Any) -> None:
    """A complete envelope about this very request is returned."""
    server.answers(ENVELOPE, status=404)

    assert envelope(await client.request("backend", "GET", "/")) == ENVELOPE


@pytest.mark.parametrize(
    "body",
    [
        {name: value for name, value in ENVELOPE.items() if name != "trace_id"},
        {**ENVELOPE, "error": False},
        {**ENVELOPE, "request_id": "another"},
        [],
    ],
    ids=["field missing", "no error", "other request", "no object"],
)
async def test_what_is_no_envelope_is_told(client: HttpClient, server: Any, body: Any) -> None:
    """An envelope that lacks a field, denies the error or is about another request is a failure."""
    server.answers(body, status=404)

    with pytest.raises(TargetError, match="without the error envelope"):
        envelope(await client.request("backend", "GET", "/"))


def test_instant_has_its_zone() -> None:
    """A timestamp with an offset, or Z, is an aware instant."""
    assert instant("2025-09-16T10:00:00Z") == datetime(2025, 9, 16, 10, tzinfo=UTC)


@pytest.mark.parametrize("text", ["yesterday", "2025-09-16T10:00:00", ""])
def test_what_is_no_instant_is_told(text: str) -> None:
    """A text that is no timestamp, or is without an offset, is a failure of the target."""
    with pytest.raises(TargetError):
        instant(text)
