from dataclasses import replace

import pytest

from ci_tools.diagnosis.failures import Failure
from ci_tools.diagnosis.fingerprint import fingerprint, timer
from ci_tools.diagnosis.naming import Naming

NAMING = Naming()
REFUSED = Failure(
    id="a", exc_type="AssertionError", message="AssertionError: cart 12 was refused", test="tests/a.py::b"
)


def digest(failure: Failure) -> str:
    """The identity of *failure*."""
    return fingerprint(failure, NAMING).digest


@pytest.mark.parametrize(
    "other",
    [
        replace(REFUSED, id="b"),
        replace(REFUSED, message="AssertionError: cart 99 was refused"),
        replace(REFUSED, test="tests/other.py::c"),
        replace(REFUSED, duration_s=0.3),
        replace(REFUSED, excerpt="tests/a.py:44: in b\nE   AssertionError: cart 99 was refused"),
        replace(REFUSED, excerpt="tests\\a.py:45: in b\nE   AssertionError: cart 99 was refused"),
    ],
)
def test_what_differs_from_run_to_run_does_not_matter(other: Failure) -> None:
    """Ids, lines, styles of path, and which test saw it."""
    assert digest(other) == digest(REFUSED)


@pytest.mark.parametrize(
    "other",
    [
        replace(REFUSED, message="AssertionError: order 12 was refused"),
        replace(REFUSED, exc_type="ValueError"),
        replace(REFUSED, message="AssertionError: cart 12 was refused by redis"),
        replace(REFUSED, message=""),
    ],
)
def test_what_tells_failures_apart_does_matter(other: Failure) -> None:
    """Other words, another kind of exception, another dependency."""
    assert digest(other) != digest(REFUSED)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Error 111 connecting to 10.1.2.3:6379", "Error 111 connecting to 10.1.2.3:5432"),
        ("[Errno 111] Connect call failed ('127.0.0.1', 8000)", "[Errno 111] Connect call failed ('127.0.0.1', 8001)"),
        ("https://auth.a.example: connection refused", "https://app.a.example: connection refused"),
    ],
)
def test_two_dependencies_are_never_one(one: str, other: str) -> None:
    """The same words at two addresses are two failures."""
    assert digest(Failure(id="a", message=one)) != digest(Failure(id="a", message=other))


def test_the_same_words_in_a_log_and_in_a_test_are_one_failure() -> None:
    """Wrapping does not change what failed."""
    inner = Failure(id="a", message="Error -3 connecting to 10.1.2.3:6379. Try again.")
    outer = Failure(id="b", message="Failed to create client: Error -3 connecting to 10.1.2.3:6379")

    assert digest(inner) == digest(outer)


def test_a_name_missing_at_import_is_not_one_missing_in_a_test() -> None:
    """The one takes a whole file with it, the other a test."""
    at_import = Failure(id="a", message="name 'env' is not defined", excerpt="tests/a.py:3: in <module>\n    env")
    in_a_test = Failure(id="b", message="name 'env' is not defined", excerpt="tests/a.py:3: in test_a\n    env")

    assert digest(at_import) != digest(in_a_test)


def test_a_missing_module_is_the_same_wherever_it_is_imported() -> None:
    """What is missing is missing."""
    at_import = Failure(id="a", message="No module named 'shop.cart'", excerpt="tests/a.py:3: in <module>")
    in_a_test = Failure(id="b", message="No module named 'shop.cart'", excerpt="tests/b.py:9: in test_a")

    assert digest(at_import) == digest(in_a_test)


TIMED_OUT = Failure(
    id="a",
    test="tests/a.py::b",
    excerpt=".venv/lib/python3.12/site-packages/websockets/asyncio/connection.py:303: in recv",
    duration_s=31.0,
)


@pytest.mark.parametrize(
    "other",
    [
        replace(TIMED_OUT, duration_s=35.0),
        replace(TIMED_OUT, excerpt="C:\\Py\\site-packages\\websockets\\asyncio\\connection.py:322: in recv"),
        replace(TIMED_OUT, excerpt="/opt/lib/python3.13/site-packages/websockets/asyncio/messages.py:159: in get"),
    ],
)
def test_without_words_the_library_and_the_timer_are_the_identity(other: Failure) -> None:
    """Where it waited, and for how long, is all there is."""
    assert digest(other) == digest(TIMED_OUT)


@pytest.mark.parametrize(
    "other",
    [
        replace(TIMED_OUT, duration_s=3.0),
        replace(TIMED_OUT, duration_s=120.0),
        replace(TIMED_OUT, excerpt="x/site-packages/asyncpg/connection.py:303: in fetch"),
        replace(TIMED_OUT, excerpt="shop/cart.py:3: in add"),
        replace(TIMED_OUT, excerpt=""),
    ],
)
def test_without_words_another_timer_or_place_is_another_failure(other: Failure) -> None:
    """A silence of two minutes is not one of three seconds."""
    assert digest(other) != digest(TIMED_OUT)


@pytest.mark.parametrize(
    ("status", "url", "same"),
    [
        (503, "https://a.example/carts/8", True),
        (503, "https://a.example/users/7", False),
        (404, "https://a.example/carts/7", False),
    ],
)
def test_a_request_without_words_is_its_status_and_route(status: int, url: str, *, same: bool) -> None:
    """The entry of a request that nobody wrote a word about."""
    one = Failure(id="a", excerpt='{"httpRequest": {"status": 503, "url": "https://a.example/carts/7"}}')
    other = Failure(id="b", excerpt=f'{{"httpRequest": {{"status": {status}, "url": "{url}"}}}}')

    assert (digest(one) == digest(other)) is same


def test_nothing_at_all_has_an_identity() -> None:
    """A failure without a single word is one, too."""
    assert digest(Failure(id="a")) == digest(Failure(id="b"))


def test_a_digest_carries_its_version() -> None:
    """Fingerprints of two versions are never compared by accident."""
    assert digest(REFUSED).startswith("v1-")


def test_a_digest_is_the_same_in_every_process() -> None:
    """History compares fingerprints over months."""
    assert digest(Failure(id="a", message="server rejected WebSocket connection: HTTP 403")) == "v1-603e4234d310f617"


@pytest.mark.parametrize(
    ("duration_s", "name"),
    [
        (None, ""),
        (0.0, "at once"),
        (10.0, "~10 s"),
        (15.7, "~10 s"),
        (30.0, "~30 s"),
        (60.1, "~60 s"),
        (121.2, "~120 s"),
    ],
)
def test_usual_timers_are_told_apart(duration_s: float | None, name: str) -> None:
    """10, 30, 60 and 120 seconds are patience of clients."""
    assert timer(duration_s) == name
