import pytest

from ci_tools.diagnosis.failures import EXCERPT_CHARACTERS, MESSAGE_CHARACTERS, Failure
from ci_tools.diagnosis.knowledge import Role
from ci_tools.diagnosis.naming import Naming
from ci_tools.diagnosis.reading import Confidence, Reader
from ci_tools.knowledge_file import knowledge
from tests.unit.diagnosis.growth import growth_is_linear

KNOWN = knowledge()
READER = Reader(KNOWN, Naming())


def test_a_discriminating_sign_is_enough() -> None:
    """One such sign, and no rival with one as heavy, is high confidence."""
    reading = READER.read(Failure(id="a", message="FATAL: sorry, too many clients already"))

    assert (reading.cause.id, reading.confidence) == ("connections_exhausted", Confidence.HIGH)
    assert reading.why == "the server refuses because of its number of clients"


def test_words_that_tell_nothing_are_unknown() -> None:
    """Unknown is a good answer."""
    reading = READER.read(Failure(id="a", message="something"))

    assert (reading.cause.role, reading.confidence) == (Role.UNKNOWN, Confidence.LOW)


def test_two_causes_with_equal_signs_are_no_high_confidence() -> None:
    """Where as much speaks for another cause, that is said."""
    reading = READER.read(Failure(id="a", message="Signature has expired; Signature verification failed"))

    assert reading.confidence is Confidence.MEDIUM
    assert "jwt_secret_mismatch" in reading.why


@pytest.mark.parametrize(
    ("excerpt", "cause"),
    [
        ("tests/test_cart.py:4: in test_add\nE   AttributeError: 'Cart' object has no attribute 'total'", "test_code"),
        (
            (
                "tests/test_cart.py:4: in test_add\nshop/cart.py:9: in add\n"
                "E   AttributeError: 'Cart' object has no attribute 'total'"
            ),
            "product_defect",
        ),
    ],
)
def test_the_innermost_frame_tells_whose_code_is_wrong(excerpt: str, cause: str) -> None:
    """The same words are the test's or the product's, by where they were raised."""
    failure = Failure(
        id="a", exc_type="AttributeError", message=excerpt.splitlines()[-1], excerpt=excerpt, duration_s=1.0
    )

    assert READER.read(failure).cause.id == cause


def test_a_log_is_the_products() -> None:
    """A module that is missing is the deploy's fault in a log, and the test's in a test."""
    message = "ModuleNotFoundError: No module named 'shop.cart'"

    assert READER.read(Failure(id="a", kind="gcp_log", message=message)).cause.id == "bad_deploy"
    assert READER.read(Failure(id="a", kind="pytest", message=message)).cause.id == "test_code"


def test_a_status_of_a_log_entry_counts() -> None:
    """An entry without words has the status of its request."""
    excerpt = '{"textPayload": null, "httpRequest": {"status": 503}}'

    assert READER.read(Failure(id="a", kind="gcp_log", excerpt=excerpt)).cause.id == "service_unavailable"


def test_captured_output_speaks_where_the_error_does_not() -> None:
    """What was printed tells of what the assertion only counts."""
    excerpt = "E   assert False\n---- Captured stdout call ----\nerror: server rejected WebSocket connection: HTTP 503"

    assert READER.read(Failure(id="a", message="assert False", excerpt=excerpt)).cause.id == "websocket_handshake"


def test_captured_output_does_not_outweigh_the_error() -> None:
    """Everything that happened was printed, also what is not the failure."""
    excerpt = "E   it\n---- Captured stdout call ----\nserver rejected WebSocket connection: HTTP 503"
    message = "FATAL: sorry, too many clients already"

    assert READER.read(Failure(id="a", message=message, excerpt=excerpt)).cause.id == "connections_exhausted"


def test_labels_around_a_log_entry_are_no_sign() -> None:
    """An entry of any service behind a connector has a label of that name."""
    excerpt = '{"labels": {"vpc-connectivity": "exhausted connector"}, "textPayload": "something"}'

    assert READER.read(Failure(id="a", kind="gcp_log", message="something", excerpt=excerpt)).cause.role is Role.UNKNOWN


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "redis ",
        "agent ",
        "timeout ",
        "websocket ",
        "1",
        "'",
        "A_KEY ",
        "database\n",
        "[Errno 111] ",
        'File "',
        "\\",
        "{",
        "TimeoutError ",
    ],
)
def test_no_text_takes_long(piece: str) -> None:
    """The longest text that is read, of any one thing, costs what its length makes of it: nothing backtracks."""

    def read(text: str) -> None:
        READER.read(Failure(id="a", message=text[:MESSAGE_CHARACTERS], excerpt=text))

    assert growth_is_linear(read, piece, EXCERPT_CHARACTERS)
