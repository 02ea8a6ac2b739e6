"""What a campaign and its pytest session say to each other at a phase's barrier: JSON lines on a socket."""

import json
import select
import socket
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from ci_tools.model import NodeId, Runs

_PART_BYTES = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPhase:
    """The campaign lets a phase begin."""

    phase: int
    deadline: float
    """On the machine's monotonic clock; what has not begun by then is not run."""
    failing: Mapping[str, str] = field(default_factory=dict)
    """Dependencies that fail their gate, and why: tests that require one are blocked."""
    durations_s: Mapping[NodeId, float] = field(default_factory=dict)
    seed: int | None = None
    part: int = 1
    parts: int = 1
    """Of what the phase collects, this session runs the *part*-th of so many equal parts."""
    runs: Runs = Runs.ALL
    again: list[NodeId] = field(default_factory=list)
    """Only these, which were held back before: what held them is up again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """While a phase runs: from now on, these dependencies are down, and why; all others are not."""

    held: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Every worker of the session has collected and is idle."""

    workers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseBegun:
    """The session runs what it was ordered to."""

    phase: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseDone:
    """The session has run what it could of a phase; every worker is idle."""

    phase: int
    left: int
    """Tests that the deadline kept from beginning."""
    unknown: int = 0
    """Tests that no worker knows any more: those that did were replaced, and the new ones collected others."""


class Line:
    """One end of the socket."""

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        end.set_inheritable(False)
        self._end = end
        self._received = b""
        self._unsent = b""

    @classmethod
    def pair(cls) -> tuple[Self, socket.socket]:
        """Our end, and the other one for a child to inherit."""
        ours, theirs = socket.socketpair()
        return cls(ours), theirs

    @classmethod
    def inherited(cls, descriptor: int) -> Self:
        """The end that a parent handed over."""
        return cls(socket.socket(fileno=descriptor))

    def send(self, message: RunPhase | Hold | Ready | PhaseBegun | PhaseDone) -> None:
        """Say *message* without waiting: what the other end does not take now goes out during :meth:`receive`.

        An end that is gone does not hear it, which the next :meth:`receive` tells.
        """
        self._unsent += json.dumps(asdict(message)).encode() + b"\n"
        self._push()

    def receive(self, within_s: float | None = None) -> dict[str, Any] | None:
        """The next message; None when the other end is gone.

        Raises:
            TimeoutError: nothing whole came *within_s* seconds.
        """
        until = None if within_s is None else time.monotonic() + within_s
        while b"\n" not in self._received:
            self._wait(until)
            self._push()
            if not self._pull():
                return None
        line, _, self._received = self._received.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message

    def close(self) -> None:
        """Release this end; the other one hears it."""
        self._end.close()

    def _wait(self, until: float | None) -> None:
        ready = select.poll()
        ready.register(self._end, select.POLLIN | (select.POLLOUT if self._unsent else 0))
        if not ready.poll(None if until is None else max(0.0, until - time.monotonic()) * 1000):
            raise TimeoutError("the other end of the line has said nothing")

    def _push(self) -> None:
        try:
            while self._unsent:
                self._unsent = self._unsent[self._end.send(self._unsent) :]
        except BlockingIOError:
            pass
        except OSError:
            self._unsent = b""

    def _pull(self) -> bool:
        """Take what there is; False if the other end is gone."""
        try:
            part = self._end.recv(_PART_BYTES)
        except BlockingIOError:
            return True
        except ConnectionError:
            return False
        self._received += part
        return bool(part)
