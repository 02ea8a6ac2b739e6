"""Edge: failures that others have written down, a JSON object a line, answered a line each."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, TextIO

from ci_tools.diagnosis.failures import Failure, parse
from ci_tools.diagnosis.joint import read_together
from ci_tools.diagnosis.knowledge import Knowledge
from ci_tools.diagnosis.naming import Naming
from ci_tools.diagnosis.reading import Reader, Reading
from ci_tools.errors import EvidenceError, UsageError
from ci_tools.evidence.redaction import Redactor

LONGEST_LINE_BYTES = 16 * 1024 * 1024
"""A longer line is skipped unread: no failure needs it, and a file without line ends must not fill the memory."""
KEYS = ("kind", "test", "exc_type", "message", "excerpt", "duration_s", "timestamp")
"""What is read of a line, beside its ``id``; any of them may be missing."""
_WIDEST_WHY = 300
_NOTHING = Failure(id="")


@dataclass(slots=True)
class FailuresFile:
    """A file of failures, read a line at a time."""

    path: Path
    problems: list[str] = field(default_factory=list)
    """What could not be read, by line; complete once all failures were taken."""
    lines: int = 0
    mute: int = 0
    """How many failures hold nothing under any of KEYS, so that their cause cannot be told."""

    def failures(self) -> Iterator[Failure]:
        """Every failure that can be read.

        Raises:
            UsageError: there is no such file, or nothing in it.
        """
        try:
            with self.path.open("rb") as stream:
                while line := stream.readline(LONGEST_LINE_BYTES):
                    self.lines += 1
                    if not line.endswith(b"\n") and len(line) == LONGEST_LINE_BYTES:
                        self._note(f"longer than {LONGEST_LINE_BYTES} bytes, skipped")
                        _skip_line(stream)
                    elif line.strip():
                        yield from self._failure(line)
        except OSError as error:
            raise UsageError(f"cannot read {str(self.path)!r}: {error.strerror}; name a file of failures") from error

    def _failure(self, line: bytes) -> Iterator[Failure]:
        try:
            failure = parse(line.decode("utf-8", "replace"), self.lines)
        except EvidenceError as error:
            self._note(str(error))
            return
        self.mute += replace(failure, id=_NOTHING.id) == _NOTHING
        yield failure

    def _note(self, problem: str) -> None:
        self.problems.append(f"{self.path}:{self.lines}: {problem}")


def _skip_line(stream: BinaryIO) -> None:
    """Go on to the next line's beginning."""
    while (piece := stream.readline(LONGEST_LINE_BYTES)) and not piece.endswith(b"\n"):
        pass


def answers(file: FailuresFile, knowledge: Knowledge, *, joint: bool) -> Iterator[Reading]:
    """What each failure in *file* is read as: as it comes or, if *joint*, once all are known."""
    reader = Reader(knowledge, Naming())
    readings = (reader.read(failure) for failure in file.failures())
    yield from read_together(list(readings), knowledge) if joint else readings


def answer(reading: Reading, redactor: Redactor) -> str:
    """*reading* as one line of JSON, in ASCII: whatever its words hold, it is inert and holds no secret."""
    return json.dumps(
        {
            "id": redactor.value(reading.failure.id),
            "fingerprint": reading.fingerprint.digest,
            "cause": reading.cause.id,
            "confidence": reading.confidence.value,
            "why": redactor.text(reading.why)[:_WIDEST_WHY],
        }
    )


def diagnose(path: Path, told: TextIO, knowledge: Knowledge, redactor: Redactor, *, joint: bool) -> FailuresFile:
    """Answer every failure in *path* in *told*, and return what was read.

    Raises:
        UsageError: there is nothing to read.
    """
    file = FailuresFile(path)
    answered = 0
    for reading in answers(file, knowledge, joint=joint):
        told.write(f"{answer(reading, redactor)}\n")
        answered += 1
    if not answered and not file.problems:
        raise UsageError(
            f"{str(path)!r} holds no failure: {file.lines} lines, all empty; one JSON object a line is read"
        )
    return file
