"""JSON read piece by piece, so that a document of any length takes the memory of one of its values."""

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from ci_tools.evidence.foreign.results import MalformedResultsError

LONGEST_VALUE = 16 << 20
"""Characters of one value."""
_TELLING_BYTES = 4
_CUT_CHARS = 64
"""An escape or a word that is cut off begins no further from the end."""
_CUT_STRING = "Unterminated string"
"""Python's words for a string that is cut off, which it finds wrong where it begins."""
_NO_END = "a number that does not end"
_ENDS = frozenset(" \t\r\n,]}")
"""What stands behind a number that is whole."""
_BLANK = re.compile(r"[ \t\r\n]*")


class JsonStream:
    """A reader of one document. Every error says where."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._texts = _decoded(chunks)
        self._text = ""
        self._at = 0
        self._over = False
        self._line = 1
        self._column = 1
        self._decoder = json.JSONDecoder()

    def members(self) -> Iterator[str]:
        """The names in the object that begins here; its caller reads each value before the next."""
        self._expect("{")
        if self._peek() == "}":
            self._at += 1
            return
        while True:
            if self._peek() != '"':
                raise self._malformed("a name in quotes is missing")
            name = self.value()
            self._expect(":")
            yield str(name)
            if self._next_of("}"):
                return

    def items(self) -> Iterator[Any]:
        """The values in the array that begins here, one by one."""
        self._expect("[")
        if self._peek() == "]":
            self._at += 1
            return
        while True:
            yield self.value()
            if self._next_of("]"):
                return

    def value(self) -> Any:
        """The whole value that begins here."""
        self._peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                problem, at = error.msg, error.pos - self._at
            except (ValueError, RecursionError) as error:
                raise self._malformed(f"a value that cannot be read: {type(error).__name__}") from error
            else:
                # A number at the end of what is there may go on; anything else tells its own end.
                if not isinstance(value, int | float) or self._text[end : end + 1] in _ENDS or self._over:
                    self._at = end
                    return value
                problem, at = _NO_END, end - self._at
            if self._is_certain(problem, at):
                raise self._malformed(problem, self._at + at)
            self._more(double=True)

    def _is_certain(self, problem: str, at: int) -> bool:
        """Whether what is wrong does not go away with more: what is only cut off is wrong at its end."""
        return self._over or (len(self._text) - self._at - at > _CUT_CHARS and not problem.startswith(_CUT_STRING))

    def opens(self, bracket: str) -> bool:
        """Whether the value that begins here is an object (``{``) or an array (``[``)."""
        return self._peek() == bracket

    def ended(self) -> None:
        """Nothing must follow.

        Raises:
            MalformedResultsError: something does.
        """
        if self._peek():
            raise self._malformed("more follows after the document's end")

    def _next_of(self, closing: str) -> bool:
        found = self._peek()
        if found not in (",", closing) or not found:
            raise self._malformed(f"a comma or {closing!r} is missing" if found else "the document ends here")
        self._at += 1
        return found == closing

    def _expect(self, sign: str) -> None:
        found = self._peek()
        if found != sign:
            raise self._malformed(f"{sign!r} is missing" if found else "the document ends here")
        self._at += 1

    def _peek(self) -> str:
        """The next character that is no blank; nothing at the end."""
        while True:
            blank = _BLANK.match(self._text, self._at)
            at = blank.end() if blank else self._at
            if at < len(self._text):
                self._at = at
                return self._text[at]
            self._at = at
            if not self._more():
                return ""

    def _more(self, *, double: bool = False) -> bool:
        """Read on, as much again as there is where *double*, so that a long value is tried a few times only."""
        self._forget()
        room = LONGEST_VALUE - len(self._text)
        if room < 0:
            raise self._malformed(f"a value is longer than {LONGEST_VALUE >> 20} million characters")
        wanted = min(len(self._text), room) if double else 0
        pieces: list[str] = []
        size = 0
        while size <= wanted and (piece := self._read()):
            pieces.append(piece)
            size += len(piece)
        self._text += "".join(pieces)
        return bool(pieces)

    def _read(self) -> str:
        try:
            for piece in self._texts:
                if piece:
                    return piece
        except UnicodeDecodeError as error:
            raise self._malformed(f"it is no {error.encoding}: {error.reason}", len(self._text)) from error
        self._over = True
        return ""

    def _forget(self) -> None:
        gone = self._text[: self._at]
        self._line, self._column = _moved(self._line, self._column, gone)
        self._text, self._at = self._text[self._at :], 0

    def _malformed(self, text: str, at: int | None = None) -> MalformedResultsError:
        line, column = _moved(self._line, self._column, self._text[: self._at if at is None else at])
        return MalformedResultsError(text, line=line, column=column)


def _moved(line: int, column: int, over: str) -> tuple[int, int]:
    lines = over.count("\n")
    return line + lines, (len(over) - over.rfind("\n") if lines else column + len(over))


def _decoded(chunks: Iterable[bytes]) -> Iterator[str]:
    pieces = iter(chunks)
    beginning = b""
    # The first four bytes tell the encoding.
    while len(beginning) < _TELLING_BYTES and (piece := next(pieces, b"")):
        beginning += piece
    decode = codecs.getincrementaldecoder(encoding_of(beginning))().decode
    yield decode(beginning)
    for piece in pieces:
        yield decode(piece)
    yield decode(b"", True)


def encoding_of(beginning: bytes) -> str:
    """The encoding of JSON that begins so."""
    return json.detect_encoding(beginning)
