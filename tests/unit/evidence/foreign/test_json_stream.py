from typing import Any

import pytest

from ci_tools.evidence.foreign.json_stream import LONGEST_VALUE, JsonStream
from ci_tools.evidence.foreign.results import MalformedResultsError

DOCUMENT = b' {"a": [1, {"b": "\xc3\xa9\\u00e9"}, 12345, []], "c": {}, "d": -1.5e3, "e": [] } \n'


def pieces(content: bytes, size: int) -> list[bytes]:
    """*content* in pieces of *size* bytes."""
    return [content[at : at + size] for at in range(0, len(content), size)]


def values(stream: JsonStream) -> dict[str, Any]:
    """The members of a document, arrays read item by item."""
    return {name: list(stream.items()) if stream.opens("[") else stream.value() for name in stream.members()}


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_a_document_is_read_in_pieces_of_any_size(size: int) -> None:
    """A number that goes on in the next piece is one number."""
    stream = JsonStream(pieces(DOCUMENT, size))

    assert values(stream) == {"a": [1, {"b": "éé"}, 12345, []], "c": {}, "d": -1500.0, "e": []}
    stream.ended()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_encodings_of_json_are_understood(encoding: str) -> None:
    """Each that JSON may have."""
    assert values(JsonStream(pieces(DOCUMENT.decode().encode(encoding), 5)))["c"] == {}


def test_an_empty_object_has_no_members() -> None:
    """And nothing follows it."""
    stream = JsonStream([b"{}"])

    assert list(stream.members()) == []
    stream.ended()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "line 1, column 1: the document ends here"),
        (b"[]", "line 1, column 1: '{' is missing"),
        (b"{", "line 1, column 2: a name in quotes is missing"),
        (b'{"a" 1}', "line 1, column 6: ':' is missing"),
        (b'{"a": 1 "b"', "line 1, column 9: a comma or '}' is missing"),
        (b'{"a": 1', "line 1, column 8: the document ends here"),
        (b'{"a": [1,\n 2', "line 2, column 3: the document ends here"),
        (b'{"a":\n  [tru', "line 2, column 4: Expecting value"),
        (b'{"a": "x\ny"}', "line 1, column 9: Invalid control character at"),
        (b'{"a": "x', "line 1, column 7: Unterminated string starting at"),
        (b'{"a": 1} x', "line 1, column 10: more follows after the document's end"),
        (b'{"a": "\xff"}', "it is no utf-8: invalid start byte"),
        (b'{"a": {' + b'"x":{' * 100_000, "a value that cannot be read: RecursionError"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "line 1, column 7: a value that cannot be read: ValueError"),
    ],
)
def test_a_broken_document_says_where(content: bytes, said: str) -> None:
    """Line and column, counted from 1."""
    stream = JsonStream(pieces(content, 4096))

    with pytest.raises(MalformedResultsError) as caught:
        (values(stream), stream.ended())

    assert said in str(caught.value)


def test_a_position_counts_from_the_document_s_beginning() -> None:
    """Also where most of it is forgotten already."""
    stream = JsonStream(pieces(b'{"a": [\n' + b"1,\n" * 5_000 + b"  x]}", 100))

    with pytest.raises(MalformedResultsError, match="line 5002, column 3: Expecting value"):
        values(stream)


def test_an_error_is_told_where_it_is() -> None:
    """Nothing is read to the end in the hope that it goes away."""
    rest = iter([b'{"a": {"b": nope, "c": "' + b"x" * 1000, b"never asked for"])

    with pytest.raises(MalformedResultsError, match="line 1, column 13: Expecting value"):
        values(JsonStream(rest))

    assert next(rest) == b"never asked for"


def test_an_endless_value_is_refused() -> None:
    """One value has to be held whole, so it must have an end."""
    endless = [b'{"a": "', *([b"x" * (1 << 20)] * (2 + (LONGEST_VALUE >> 20)))]

    with pytest.raises(MalformedResultsError, match="line 1, column 7: a value is longer than 16 million characters"):
        values(JsonStream(endless))
