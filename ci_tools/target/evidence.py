"""What one test exchanged with the deployed system, bounded and without credentials."""

from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pytest

from ci_tools.evidence.redaction import Redactor

MAX_ENTRIES = 50
MAX_TEXT = 500
_MAX_NOTES = 20
_MAX_MASKED = 8 * MAX_TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One HTTP request or TLS handshake and what came of it; *status* is None when nothing was answered."""

    request_id: str
    method: str
    """``TLS`` for a handshake, whose *status* is one of :mod:`ci_tools.target.tls`."""
    url: str
    status: int | None
    elapsed_s: float
    text: str = ""
    """The first words of an error's body, or why nothing was answered; never those of an auth answer.

    Of a handshake: the protocol that was agreed on, or what stood against it.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameSeen:
    """One WebSocket frame (or opening, closing) at *t_s* after the connection was asked for."""

    connection: str
    direction: Literal["sent", "received", "opened", "closed"]
    type: str
    t_s: float
    size_bytes: int
    text: str


class Evidence:
    """Collects what clients did on behalf of one test; the oldest entries give way."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._redactor = Redactor(secrets)
        self._exchanges: deque[Exchange] = deque(maxlen=MAX_ENTRIES)
        self._frames: deque[FrameSeen] = deque(maxlen=MAX_ENTRIES)
        self._notes: deque[str] = deque(maxlen=_MAX_NOTES)
        self._counts = {"exchanges": 0, "frames": 0}

    def exchanged(self, exchange: Exchange) -> None:
        """Keep one HTTP exchange or TLS handshake."""
        self._counts["exchanges"] += 1
        self._exchanges.append(exchange)

    def saw(self, frame: FrameSeen) -> None:
        """Keep one frame."""
        self._counts["frames"] += 1
        self._frames.append(frame)

    def note(self, text: str) -> None:
        """Keep a fact that the test itself learned: a run id, a measured latency."""
        self._notes.append(self._text(text))

    def as_dict(self) -> dict[str, Any]:
        """A JSON object for the journal: what was kept, and how much was seen in all."""
        return {
            "exchanges": [self._entry(asdict(exchange)) for exchange in self._exchanges],
            "frames": [self._entry(asdict(frame)) for frame in self._frames],
            "notes": list(self._notes),
            "seen": dict(self._counts),
        }

    def _entry(self, entry: dict[str, Any]) -> dict[str, Any]:
        return {name: self._text(value) if isinstance(value, str) else value for name, value in entry.items()}

    def _text(self, text: str) -> str:
        # Masked before it is shortened: half a token is still a secret, and no pattern knows it.
        return self._redactor.text(text[:_MAX_MASKED])[:MAX_TEXT]


EVIDENCE_KEY: pytest.StashKey[Evidence] = pytest.StashKey()
"""Where the fixture ``evidence`` leaves a test's evidence on its item's stash."""
