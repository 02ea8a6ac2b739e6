import pytest

from ci_tools.diagnosis.normaliser import READ, WORDS, levelled, masked_route, normalised, readable, uncut
from tests.unit.diagnosis.growth import growth_is_linear


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cart 1234 is gone", "cart 99 is gone"),
        ("run 5f1c2d3e-1111-2222-3333-444455556666 is gone", "run 0f1c2d3e-1111-2222-3333-44445555aaaa is gone"),
        ("object at 0x7f00aa11 leaked", "object at 0x000001D3CDA52F90 leaked"),
        ("at 2026-03-01T10:00:00Z it broke", "at 2025-01-31 23:59:59.123 it broke"),
        ("no answer from 10.1.2.3:80", "no answer from 10.9.9.9:81"),
        ("took 3.25 s too long", "took 17s too long"),
        ("cannot read /home/a/b/x.txt", "cannot read /tmp/x.txt"),
        ("cannot read C:\\Users\\b\\x.txt", "cannot read /tmp/q/x.txt"),
        ("POST /api/carts/12 broke", "POST /api/carts/7f3 broke"),
        ("cannot write /var/run/12345", "cannot write /tmp/b/777"),
        ("GET https://a.example/carts/12?x=1 broke", "GET https://b.example:8443/carts/7 broke"),
        ("user user_9f3 is gone", "user user_1a7 is gone"),
        ("commit deadbeef01 is gone", "commit 0123abc is gone"),
        ("AssertionError: it broke", "it broke"),
        ("collection failure: ValueError: it broke", "ValueError: it broke"),
        ("2026-03-01 10:00:00.5 | ERROR    | shop.cart:add:150 | <red>it broke", "it broke"),
        ("85 not less than 25 : it broke", "it broke"),
        ("\x1b[31mit broke\x1b[0m", "it broke"),
        ("it broke because of th...", "it broke because of ..."),
    ],
)
def test_what_differs_from_run_to_run_is_masked(one: str, other: str) -> None:
    """Two runs say the same in the same words."""
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("unexpected status 422", "unexpected status 404"),
        ("HTTP 503", "HTTP 502"),
        ("Error -3 connecting", "Error 111 connecting"),
        ("received 1008", "received 1011"),
        ("[Errno 61] broke", "[Errno 111] broke"),
        ("GET https://a.example/carts broke", "GET https://a.example/users broke"),
        ("POST /api/carts broke", "POST /api/users broke"),
        ("cannot read /tmp/x.txt", "cannot read /tmp/y.txt"),
        ("assert 503 == 200", "assert 404 == 200"),
        ("failed with status 422...", "failed with status 503..."),
    ],
)
def test_what_tells_failures_apart_is_kept(one: str, other: str) -> None:
    """Status, errno, close code, route and file are part of what failed."""
    assert normalised(one) != normalised(other)


def test_only_the_first_words_take_part() -> None:
    """A sentence is cut anywhere after it has said what failed."""
    assert len(normalised("word " * 400).split()) == WORDS


@pytest.mark.parametrize(
    ("text", "whole"),
    [("it bro...", "it "), ("it broke", "it broke"), ("status 422...", "status 422"), ("it …[line cut]", "it ")],
)
def test_a_cut_word_is_left_out(text: str, whole: str) -> None:
    """Half a word is another word each time."""
    assert uncut(text) == whole


@pytest.mark.parametrize("text", ["a\x00b", "a\u202eb", "a\x1b[31mb", "a\u200bb", "a\rb"])
def test_what_nobody_sees_is_left_out(text: str) -> None:
    """Control characters and marks of direction do not reach a reader."""
    assert readable(text) in ("a b", "ab")


@pytest.mark.parametrize(
    ("route", "said"),
    [("/v1/carts/12", "/v1/carts/*"), ("/carts/", "/carts"), ("/api/v1/websocket", "/api/v1/websocket"), ("", "")],
)
def test_a_route_is_told_without_its_ids(route: str, said: str) -> None:
    """A version is part of a route, an id is not."""
    assert masked_route(route) == said


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("10.1.2.3:6379", "10.1.9.9:6379"),
        ("took 5.0041 s", "took 5.9987 s"),
        ("trace 1234567890123456", "trace 6543210987654321"),
    ],
)
def test_levelling_makes_equal_what_means_the_same(one: str, other: str) -> None:
    """Two texts that no sign tells apart are one text."""
    assert levelled(one) == levelled(other)


@pytest.mark.parametrize(
    "text", ["HTTP 503", "Error -3 connecting to cache:6379", "received 1008", "errno 10061", "20.0s"]
)
def test_levelling_leaves_codes_alone(text: str) -> None:
    """Signs look for codes."""
    assert levelled(text) == text


@pytest.mark.parametrize(
    "piece",
    ["a", "1", "/a", "a.", "a_1-", "\\a", " ", "0x", "a:", "http://", "10.1.", "-1", "[Errno ", "ERROR: ", "(", "é1"],
)
def test_no_text_takes_long(piece: str) -> None:
    """What is read of a text costs what its length makes of it: nothing backtracks. Of a megabyte no more is read."""
    assert growth_is_linear(normalised, piece, READ)
    assert normalised(piece * (1_000_000 // len(piece))) == normalised(piece * (2 * READ // len(piece)))
