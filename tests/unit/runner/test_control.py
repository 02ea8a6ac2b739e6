import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict

import pytest

from ci_tools.runner.control import Line, PhaseDone, RunPhase

PHASE = RunPhase(phase=2, deadline=12.5, failing={"redis": "refused"}, durations_s={"test_ä": 0.5}, seed=3)
DONE = PhaseDone(phase=2, left=1)


PATIENCE_S = 10.0
"""Far more than what is timed takes, and far less than what it would wait for."""


@pytest.fixture
def ends() -> Iterator[tuple[Line, socket.socket]]:
    """Our end of a line, and the bare socket at the other."""
    ours, theirs = Line.pair()
    with theirs:
        yield ours, theirs
    ours.close()


Ends = tuple[Line, socket.socket]


def test_what_is_said_is_heard(ends: Ends) -> None:
    """In both directions, whole, in the order in which it was said."""
    ours, theirs = ends
    other = Line(theirs)

    ours.send(PHASE)
    other.send(DONE)
    other.send(PhaseDone(phase=3, left=0, unknown=4))

    assert RunPhase(**(other.receive(1) or {})) == PHASE
    assert ours.receive(1) == asdict(DONE)
    assert ours.receive(1) == {"phase": 3, "left": 0, "unknown": 4}


def test_a_message_in_pieces_is_heard_whole(ends: Ends) -> None:
    """However the socket tears it."""
    ours, theirs = ends
    theirs.sendall(b'{"phase": 1, ')
    with pytest.raises(TimeoutError):
        ours.receive(0.01)

    theirs.sendall(b'"left": 0}\n{"pha')

    assert ours.receive(1) == {"phase": 1, "left": 0}


def test_silence_ends_with_the_time(ends: Ends) -> None:
    """The line stays usable."""
    ours, theirs = ends
    began = time.monotonic()

    with pytest.raises(TimeoutError):
        ours.receive(0.1)

    assert time.monotonic() - began >= 0.1
    theirs.sendall(b"{}\n")
    assert ours.receive(1) == {}


def test_drops_of_a_message_do_not_lengthen_the_time(ends: Ends) -> None:
    """A time-out counts from the question, not from the last byte."""
    ours, theirs = ends
    theirs.sendall(b'{"phase"')
    began = time.monotonic()

    with pytest.raises(TimeoutError):
        ours.receive(0.1)

    assert time.monotonic() - began < PATIENCE_S


def test_an_end_that_is_gone_is_told(ends: Ends) -> None:
    """As often as anybody asks, also without a time-out."""
    ours, theirs = ends
    theirs.close()

    assert ours.receive() is None
    assert ours.receive(1) is None


def test_what_was_said_before_the_end_is_still_heard(ends: Ends) -> None:
    """The last word of a process that ended."""
    ours, theirs = ends
    theirs.sendall(b'{"phase": 1, "left": 0}\n')
    theirs.close()

    assert ours.receive() == {"phase": 1, "left": 0}
    assert ours.receive() is None


def test_a_torn_last_message_is_no_message(ends: Ends) -> None:
    """Its sender died over it."""
    ours, theirs = ends
    theirs.sendall(b'{"phase": 1, "left"')
    theirs.close()

    assert ours.receive() is None


def test_speaking_to_an_end_that_is_gone_does_no_harm(ends: Ends) -> None:
    """Listening tells it."""
    ours, theirs = ends
    theirs.close()

    ours.send(PHASE)

    assert ours.receive() is None


def test_an_end_that_went_without_listening_is_told(ends: Ends) -> None:
    """The kernel calls this a reset."""
    ours, theirs = ends
    ours.send(PHASE)
    theirs.close()

    assert ours.receive() is None


LONG = RunPhase(phase=1, deadline=0, durations_s={f"test_{number}": number / 7 for number in range(50_000)})


def test_a_long_message_does_not_hold_up_who_says_it(ends: Ends) -> None:
    """The other end may listen only later, or never."""
    ours, _ = ends
    began = time.monotonic()

    ours.send(LONG)
    with pytest.raises(TimeoutError):
        ours.receive(0.1)

    assert time.monotonic() - began < PATIENCE_S


def test_a_long_message_is_heard_whole_while_its_sender_listens(ends: Ends) -> None:
    """More than a socket holds goes out as the other end takes it."""
    ours, theirs = ends
    heard: list[object] = []

    def answer() -> None:
        other = Line(theirs)
        heard.append(RunPhase(**(other.receive(10) or {})))
        other.send(DONE)

    answering = threading.Thread(target=answer)
    ours.send(LONG)
    answering.start()
    answered = ours.receive(10)
    answering.join()

    assert answered == asdict(DONE)
    assert heard == [LONG]


def test_an_inherited_end_is_not_inherited_further(ends: Ends) -> None:
    """A child of the child that kept it would hide that its parent is gone."""
    ours, theirs = ends
    descriptor = os.dup(theirs.fileno())
    os.set_inheritable(descriptor, True)

    other = Line.inherited(descriptor)

    assert not os.get_inheritable(descriptor)
    ours.send(PHASE)
    assert (other.receive(1) or {})["phase"] == 2
    other.close()
