"""Standard input, output and error as a command finds them: closed, full, or of another encoding."""

import os
import sys
from io import BufferedWriter, FileIO, TextIOWrapper
from typing import Any

from ci_tools.errors import CampaignError

_OUTPUT = 1


class OutputNotWrittenError(CampaignError):
    """Standard output took no more (a full disk): what was to be said is not, so it is no verdict."""


class _Output(FileIO):
    """Standard output, whose failures are told from those of all other files."""

    def write(self, data: Any, /) -> int:
        """Raises BrokenPipeError where nobody reads, else OutputNotWrittenError."""
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputNotWrittenError(
                f"cannot write standard output: {error.strerror}; free space or send it elsewhere"
            ) from error


class _Errors(FileIO):
    """Standard error; what it does not take is lost, for the exit code says most of it and must not depend on it."""

    def write(self, data: Any, /) -> int:
        """All of *data*, written or lost."""
        try:
            return super().write(data)
        except OSError:
            return len(data)


def open_streams() -> None:
    """All three are there, and a character that one cannot show is replaced: a sign must not cost a verdict.

    One that was closed is empty, or nobody reads it, and no file that is opened later takes its place.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            _reopen(number)
            setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8", closefd=False))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    for name, raw in (("stdout", _Output), ("stderr", _Errors)):
        stream = getattr(sys, name)
        # Whoever has put another one in its place, such as a test, reads that one.
        if stream is getattr(sys, f"__{name}__"):
            setattr(sys, name, _over(raw(stream.fileno(), "w", closefd=False), stream))


def drop_unwritten() -> None:
    """Nothing is left that standard output does not take: Python would end with an exit code of its own for it."""
    try:
        sys.stdout.flush()
    except (OSError, OutputNotWrittenError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _reopen(number: int) -> None:
    """Descriptor *number* is open: a pipe that nobody reads for standard output, else as good as empty."""
    reading, descriptor = os.pipe() if number == _OUTPUT else (None, os.open(os.devnull, os.O_RDWR))
    if reading is not None:
        os.close(reading)
    if descriptor != number:
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.set_inheritable(number, True)


def _over(raw: FileIO, stream: TextIOWrapper) -> TextIOWrapper:
    """What *stream* was, over *raw*; if it was unbuffered, it is written line by line."""
    return TextIOWrapper(
        BufferedWriter(raw),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering or stream.write_through,
    )
