"""What a campaign and its pytest session say to each other at a phase's barrier: JSON lines on a socket."""

import json
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPhase:
    """The campaign lets a phase begin."""

    phase: int
    deadline: float
    """On the machine's monotonic clock; what has not begun by then is not run."""
    failing: Mapping[str, str] = field(default_factory=dict)
    """Dependencies that fail their gate, and why: tests that require one are blocked."""
    durations_s: Mapping[str, float] = field(default_factory=dict)
    seed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseDone:
    """The session has run what it could of a phase; every worker is idle."""

    phase: int
    left: int
    """Tests that the deadline kept from beginning."""


class Line:
    """One end of the socket."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._received = b""

    @classmethod
    def pair(cls) -> tuple[Self, socket.socket]:
        """Our end, and the other one for a child to inherit."""
        ours, theirs = socket.socketpair()
        return cls(ours), theirs

    @classmethod
    def inherited(cls, descriptor: int) -> Self:
        """The end that a parent handed over."""
        return cls(socket.socket(fileno=descriptor))

    def send(self, message: RunPhase | PhaseDone) -> None:
        """Say *message*; an end that is gone does not hear it, which the next :meth:`receive` tells."""
        try:
            self._end.sendall(json.dumps(asdict(message)).encode() + b"\n")
        except OSError:
            self._received = b""

    def receive(self, within_s: float | None = None) -> dict[str, Any] | None:
        """The next message; None when the other end is gone.

        Raises:
            TimeoutError: nothing whole came *within_s* seconds.
        """
        self._end.settimeout(within_s)
        while b"\n" not in self._received:
            try:
                part = self._end.recv(1 << 16)
            except ConnectionError:
                return None
            if not part:
                return None
            self._received += part
        line, _, self._received = self._received.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message

    def close(self) -> None:
        """Release this end; the other one hears it."""
        self._end.close()
