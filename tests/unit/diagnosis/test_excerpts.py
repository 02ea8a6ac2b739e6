import json

import pytest

from ci_tools.diagnosis.excerpts import of

WINDOWS = """\
tests\\e2e\\test_cart.py:44: in test_add
    add(cart)
shop\\cart.py:12: in add
    cart.client.get("/")
C:\\Users\\x\\AppData\\Python312\\site-packages\\httpx\\_client.py:99: in get
    raise
C:\\Program Files\\Python312\\Lib\\asyncio\\tasks.py:520: in wait_for
E   httpx.ConnectError: refused
E   second line
------------------------------ Captured stdout call ------------------------------
noise
"""
POSIX = """\
Traceback (most recent call last):
  File "/usr/local/lib/python3.11/asyncio/tasks.py", line 500, in wait_for
  File "/app/shop/start.py", line 7, in begin
  File "/home/u/.local/lib/python3.11/site-packages/asyncpg/pool.py", line 3, in acquire
"""


def test_frames_are_read_whatever_the_system() -> None:
    """Paths of both kinds become one, outermost first."""
    assert [frame.function for frame in of(WINDOWS).frames] == ["test_add", "add", "get", "wait_for"]
    assert of(WINDOWS).frames[0].path == "tests/e2e/test_cart.py"
    assert [frame.function for frame in of(POSIX).frames] == ["wait_for", "begin", "acquire"]


@pytest.mark.parametrize(("text", "place"), [(WINDOWS, "cart.py::add"), (POSIX, "start.py::begin")])
def test_the_innermost_frame_of_ours_is_neither_installed_nor_pythons(text: str, place: str) -> None:
    """It is where somebody who owns the code can look."""
    frame = of(text).innermost_of_ours

    assert frame is not None
    assert frame.place == place


def test_no_frame_of_ours_is_none() -> None:
    """A cut traceback may show the libraries only."""
    assert of("x/site-packages/websockets/a.py:3: in recv").innermost_of_ours is None


@pytest.mark.parametrize(("text", "package"), [(WINDOWS, "httpx"), (POSIX, "asyncpg")])
def test_the_library_is_the_first_after_ours(text: str, package: str) -> None:
    """What was called is told from what that calls in turn."""
    library = of(text).library

    assert library is not None
    assert library.package == package


def test_a_runner_is_no_library_that_was_waited_in() -> None:
    """Every asynchronous test runs below the runner's plugin."""
    assert of(".venv/lib/python3.12/site-packages/pytest_asyncio/plugin.py:426: in runtest").library is None


def test_errors_and_captured_output_are_kept_apart() -> None:
    """What was printed on the way is no error."""
    excerpt = of(WINDOWS)

    assert excerpt.errors == "httpx.ConnectError: refused\nsecond line"
    assert excerpt.captured.strip() == "noise"


ENTRY = {
    "labels": {"vpc-connectivity": "enabled", "message-id": "x"},
    "jsonPayload": {"message": "it broke", "labels": {"module": "shop"}, "error": {"value": "why"}},
    "textPayload": None,
    "httpRequest": {"status": 503, "url": "https://api.example.org/carts?page=2"},
}


def test_a_log_entry_is_what_it_says() -> None:
    """Labels and addresses around the words of a log are no words of it."""
    excerpt = of(json.dumps(ENTRY))

    assert excerpt.errors == "it broke\nwhy"
    assert (excerpt.status, excerpt.route) == ("503", "/carts")


def test_a_cut_log_entry_is_read_as_far_as_it_goes() -> None:
    """Half an entry still says what it says."""
    excerpt = of('{"httpRequest": {"status": 502}, "textPayload": "it broke, and the')

    assert excerpt.errors == "it broke, and the"
    assert excerpt.status == "502"


def test_parts_of_a_health_answer_keep_their_names() -> None:
    """A refusal says nothing without what refused."""
    whole = of('{"checks": {"redis": {"status": "failed", "error": "Connection refused"}}}')
    within = of('text {\n "redis": {"status": "failed", "error": "Connection refused"}}')

    assert "redis: Connection refused" in whole.errors
    assert within.errors == "redis: Connection refused"


@pytest.mark.parametrize("text", ["", "{", "{" * 5_000, '{"a":' * 5_000, "\x00", "E" * 10_000, 'File "' * 2_000])
def test_any_text_is_survived(text: str) -> None:
    """An excerpt comes from outside."""
    assert of(text).status == ""


def test_an_entry_that_nests_without_end_is_survived() -> None:
    """Depth is bounded."""
    assert of('{"error":' * 50 + '"deep"' + "}" * 50).errors == ""


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        (
            "Error 111 connecting to redis:6379.\n",
            "Error 111 connecting to redis:6379.",
        ),
        ("before\nE   it broke\nafter", "it broke"),
        ('File "/app/shop/cart.py", line 3, in total\n    return 1 / 0', ""),
    ],
    ids=["said", "marked", "called"],
)
def test_a_text_without_marks_and_calls_is_what_was_said(text: str, errors: str) -> None:
    """Without a message it is all that tells one failure from another."""
    assert of(text).errors == errors
