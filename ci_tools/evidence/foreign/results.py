"""What a file of foreign results says, whatever its format."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ci_tools.model import Outcome
from ci_tools.numbers import finite

HEAD_CHARS = 16_000
TAIL_CHARS = 32_000
"""Of a longer text only its beginning and its end are kept while reading; more than is shown, so that a secret at the
edge of what is shown can still be recognised."""
_NAME_CHARS = 1_000
_NUMBER = re.compile(r"\d{1,15}(?:\.\d{0,20})?(?:[eE][+-]?\d{1,2})?|\.\d{1,20}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignAttempt:
    """One attempt at a test."""

    outcome: Outcome
    duration_s: float = 0.0
    message: str = ""
    exc_type: str = ""
    text: str = ""
    dropped: int = 0
    """Characters that are missing in the middle of *text*, after its first :data:`HEAD_CHARS`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignTest:
    """One test as its file tells of it, with at least one attempt, the first one first."""

    suite: str
    """What the file calls the group it stands in; empty where it has no such word."""
    node_id: str
    attempts: tuple[ForeignAttempt, ...]

    @property
    def outcome(self) -> Outcome:
        """What the file itself calls the outcome: a pass after re-runs is one to it, though not to a gate."""
        last = self.attempts[-1].outcome
        return last if last is Outcome.PASSED else self.attempts[0].outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignProblem:
    """Why the file does not tell all; it is no pass then."""

    about: str
    """A file, suite or test."""
    text: str
    missing: int = 0
    """Tests that the file says there were, and does not tell of."""


Entry = ForeignTest | ForeignProblem
Reader = Callable[[Iterable[bytes]], Iterator[Entry]]
"""From the bytes of a file, in pieces of any size, to what it says.

Raises:
    MalformedResultsError: it cannot be read on from there; what came before stands.
"""


class MalformedResultsError(ValueError):
    """A file of results is broken. Lines and columns count from 1; the text says what stands there."""

    def __init__(self, text: str, *, line: int, column: int) -> None:
        super().__init__(f"line {line}, column {column}: {text}")
        self.line = line
        self.column = column


class Gathered:
    """A text that arrives in pieces and of which a bounded part is kept."""

    __slots__ = ("_head", "_room", "_tail", "dropped")

    def __init__(self) -> None:
        self._head: list[str] = []
        self._room = HEAD_CHARS
        self._tail = ""
        self.dropped = 0
        """Characters between the beginning and the end that is kept."""

    def add(self, piece: str) -> None:
        """Take the next *piece*."""
        if self._room:
            self._head.append(piece[: self._room])
            piece = piece[self._room :]
            self._room -= len(self._head[-1])
        if piece:
            self._tail += piece
            surplus = len(self._tail) - TAIL_CHARS
            if surplus > 0:
                self._tail = self._tail[surplus:]
                self.dropped += surplus

    @property
    def text(self) -> str:
        """What is kept."""
        return "".join(self._head) + self._tail


def kept(text: str) -> tuple[str, int]:
    """What is kept of *text*, and how many characters are not."""
    if len(text) <= HEAD_CHARS:
        return text, 0
    gathered = Gathered()
    gathered.add(text)
    return gathered.text, gathered.dropped


def name_of(text: str) -> str:
    """*text* as a name: on one line, and no longer than a person could read; a longer one keeps its own ending."""
    flat = " ".join(text.split())
    if len(flat) <= _NAME_CHARS:
        return flat
    return f"{flat[: _NAME_CHARS // 2]}…{len(flat) - _NAME_CHARS}…{flat[-_NAME_CHARS // 2 :]}"


def joined(*parts: str) -> str:
    """A node id of those of *parts* that say something and do not repeat what stands before them."""
    said: list[str] = []
    for part in map(name_of, parts):
        if part and (not said or part != said[-1]):
            said.append(part)
    return "::".join(said) or "(unnamed)"


def seconds(text: str) -> float:
    """A duration as tools write it: also ``1,234.5`` and ``0,5``; what is no duration took no known time."""
    plain = text.strip()
    plain = plain.replace(",", "") if "." in plain else plain.replace(",", ".")
    return float(plain) if _NUMBER.fullmatch(plain) else 0.0


def duration_of(value: object, unit_s: float = 1.0) -> float:
    """A duration in seconds from a number of JSON in units of *unit_s*; anything else took no known time."""
    return max((finite(value) or 0.0) * unit_s, 0.0)
