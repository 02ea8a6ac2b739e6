"""The journal on disk, and the campaign directory around it: the one place that opens their files.

``DIR/journal/WRITER.jsonl`` is appended to by one process, one ``write`` per event, so that a killed
writer loses at most the line it was writing. Merging jobs is putting their files into one directory.
"""

import heapq
import json
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from stat import S_ISREG
from typing import Any, TypeVar

from ci_tools.errors import EmptyJournalError, ForeignJournalError, JournalWriteError, UsageError
from ci_tools.evidence.events import Event, NotARecordError, Record, from_line, to_document
from ci_tools.evidence.lines import Speller, line_of
from ci_tools.evidence.redaction import LineRedactor, Redactor

T = TypeVar("T", bound=Event)
HEARTBEAT = "heartbeat-"
"""How the names of files begin that hold observations of no campaign."""
_FOLDER = "journal"
_OPENING = b'{"v":1,"event":'
"""How every line of ours begins; a torn first line is recognised by it."""
_BATCH = 500
_WRITER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")


class JournalWriter:
    """Appends events to one file that no other process writes."""

    def __init__(self, directory: Path, writer: str, redactor: Redactor) -> None:
        if not _WRITER.fullmatch(writer):
            raise ValueError(f"journal writer {writer!r} is not a file name")
        self.name = writer
        self._redactor = redactor
        self._seq = 0
        self._path = directory / _FOLDER / f"{writer}.jsonl"
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _cannot_write(self._path, error) from error

    def write(self, event: Event) -> None:
        """Append *event*, redacted.

        Raises:
            JournalWriteError: the line did not reach the file whole (full disk, lost permission).
        """
        self._append(line_of(self._record(event, datetime.now(UTC), time.monotonic()), self._redactor))

    def write_all(self, events: Iterable[Event]) -> None:
        """Append *events*, redacted, a batch at a time: for what can be read again where it came from.

        Raises:
            JournalWriteError: the lines did not reach the file whole.
        """
        speller = Speller(self.name, self._redactor)
        remaining = iter(events)
        while batch := list(islice(remaining, _BATCH)):
            at, mono_s = datetime.now(UTC), time.monotonic()
            self._append(b"".join(speller.line(self._record(event, at, mono_s)) for event in batch))

    def _record(self, event: Event, at: datetime, mono_s: float) -> Record:
        self._seq += 1
        return Record(writer=self.name, seq=self._seq, at=at, mono_s=mono_s, event=event)

    def _append(self, line: bytes) -> None:
        try:
            while line:
                line = line[os.write(self._file, line) :]
        except OSError as error:
            raise _cannot_write(self._path, error) from error

    def shown(self, text: str) -> str:
        """How *text* stands in the journal."""
        return self._redactor.text(text)

    def close(self) -> None:
        """Make what was written durable and release the file."""
        if self._file < 0:
            return
        try:
            os.fsync(self._file)
        except OSError as error:
            raise _cannot_write(self._path, error) from error
        finally:
            os.close(self._file)
            self._file = -1


def _cannot_write(path: Path, error: OSError) -> JournalWriteError:
    return JournalWriteError(
        f"cannot write the journal {path}: {error.strerror}; "
        "free space or choose another directory with --out DIR, and run it again: what is seen from here on is lost"
    )


@dataclass(frozen=True, slots=True)
class Journal:
    """All records of a campaign in the order they happened, and what could not be read."""

    records: tuple[Record, ...]
    problems: tuple[str, ...] = ()


def folder_of(directory: Path) -> Path:
    """The folder with the journal's files: *directory* itself, or its ``journal``."""
    inner = directory / _FOLDER
    return inner if inner.is_dir() else directory


def read(directory: Path) -> Journal:
    """Every readable event below *directory*.

    Raises:
        UsageError: there is no such directory.
        ForeignJournalError: there are files, but not a line of ours among them.
        EmptyJournalError: not one event could be read; what there was is torn or damaged.
    """
    if not directory.is_dir():
        raise UsageError(f"no campaign directory {str(directory)!r}; run: ci-tools campaign --out DIR")
    paths = sorted(folder_of(directory).glob("*.jsonl"))
    if not paths and folder_of(directory) == directory:
        raise ForeignJournalError(
            f"{str(directory)!r} holds no journal; give the directory of a campaign, "
            "as written by: ci-tools campaign --out DIR"
        )
    contents = {path.name: _content(path) for path in paths}
    readings = [read_file(name, content) for name, content in contents.items()]
    problems = [problem for reading in readings for problem in reading.problems]
    # Merged, not sorted: within a file the order of writing holds, even when the clock was set back.
    records = tuple(heapq.merge(*(reading.records for reading in readings), key=_order))
    if not records and any(_is_foreign(content) for content in contents.values()):
        raise ForeignJournalError(
            f"{str(directory)!r} holds no event that this version can read ({problems[0]}); "
            "give the directory of a campaign, as written by: ci-tools campaign --out DIR"
        )
    if not records:
        found = f"holds no whole event ({problems[0]})" if problems else "is empty"
        raise EmptyJournalError(f"the journal in {str(directory)!r} {found}: nothing was seen, so nothing passes")
    return Journal(records, tuple(problems))


def _content(path: Path) -> bytes:
    try:
        # A FIFO never begins, and a device may never end.
        if not S_ISREG(path.stat().st_mode):
            raise _cannot_read(path, "it is no regular file")
        return path.read_bytes()
    except OSError as error:
        raise _cannot_read(path, error.strerror) from error


def _cannot_read(path: Path, why: str | None) -> UsageError:
    return UsageError(
        f"cannot read the journal {str(path)!r}: {why}; "
        "make it readable, or move it out of the directory to judge the rest as incomplete"
    )


def _is_foreign(content: bytes) -> bool:
    words = content.strip(b"\0 \r\n\t")
    return not _OPENING.startswith(words[: len(_OPENING)])


def _order(record: Record) -> tuple[datetime, str, int]:
    return (record.at, record.writer, record.seq)


def read_file(name: str, content: bytes) -> Journal:
    """The records of one file's *content*; torn, damaged and missing lines are named as problems."""
    records: list[Record] = []
    problems: list[str] = []
    lines = content.split(b"\n")
    if lines[-1]:
        problems.append(f"{name}: the last line is torn ({len(lines[-1])} bytes dropped)")
    for number, line in enumerate(lines[:-1], 1):
        try:
            records.append(from_line(line))
        except NotARecordError as error:
            problems.append(f"{name}:{number}: {error}")
    problems += _gaps(name, records)
    return Journal(tuple(records), tuple(problems))


def _gaps(name: str, records: list[Record]) -> Iterator[str]:
    expected = 1
    for record in records:
        if record.writer != name.removesuffix(".jsonl"):
            yield f"{name}: an event of writer {record.writer!r} stands in a foreign file"
        if record.seq != expected:
            yield f"{name}: event {record.seq} follows {expected - 1}: events are missing or repeated"
        expected = record.seq + 1


def prefix_of(shard: int | None) -> str:
    """How the names of what *shard* alone writes begin, so that shards may share a directory; empty without one."""
    return "" if shard is None else f"shard{shard}-"


class JournalTail:
    """Follows a journal that other processes are writing; of one that shards share, the files of *shard*."""

    def __init__(self, directory: Path, shard: int | None = None) -> None:
        self._folder = directory / _FOLDER
        self._pattern = f"{prefix_of(shard)}*.jsonl"
        self._offsets: dict[Path, int] = {}

    def poll(self) -> list[Record]:
        """The whole records that were appended since the last call, in order; damage is left to :func:`read`."""
        records: list[Record] = []
        for path in sorted(filter(Path.is_file, self._folder.glob(self._pattern))):
            with path.open("rb") as file:
                file.seek(self._offsets.get(path, 0))
                content = file.read()
            whole = content.rfind(b"\n") + 1
            self._offsets[path] = self._offsets.get(path, 0) + whole
            records += read_file(path.name, content[:whole]).records
        return sorted(records, key=_order)


def _is_taken(path: Path) -> bool:
    """Whether the directory *path*, which is there afterwards, holds something.

    Raises:
        UsageError: there can be none.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        return any(path.iterdir())
    except OSError as error:
        raise UsageError(
            f"cannot keep evidence in {str(path)!r}: {error.strerror}; choose another --out DIR"
        ) from error


class CampaignDirectory:
    """The directory of one campaign: its journal and the files made from it."""

    def __init__(self, path: Path, redactor: Redactor, shard: int | None = None) -> None:
        self.path = path
        self.redactor = redactor
        self._prefix = prefix_of(shard)

    @classmethod
    def create(cls, path: Path, redactor: Redactor) -> "CampaignDirectory":
        """A new directory at *path*, which must not hold a campaign yet."""
        if _is_taken(path):
            raise UsageError(f"{str(path)!r} is not empty; a campaign keeps its evidence: choose another --out DIR")
        return cls(path, redactor)

    @classmethod
    def join(cls, path: Path, redactor: Redactor, shard: int) -> "CampaignDirectory":
        """A directory for *shard*: new, or one that other shards have written to.

        Raises:
            UsageError: it holds something else.
        """
        try:
            cls.create(path, redactor)
        except UsageError:
            # Also one that another shard has begun to use a moment ago.
            if not (path / _FOLDER).is_dir():
                raise
        return cls(path, redactor, shard)

    @classmethod
    def of_heartbeats(cls, path: Path, redactor: Redactor) -> "CampaignDirectory":
        """A directory for observations without a campaign: new, or one that has held only such before.

        Raises:
            UsageError: it holds a campaign, or something else, or cannot be one.
        """
        if not _is_taken(path):
            return cls(path, redactor)
        files = sorted(one.name for one in (path / _FOLDER).glob("*.jsonl"))
        others = [name for name in files if not name.startswith(HEARTBEAT)]
        if others or not (path / _FOLDER).is_dir():
            what = f"the journal of a campaign ({others[0]})" if others else "something else"
            raise UsageError(
                f"{str(path)!r} holds {what}; heartbeats have a directory of their own: choose another --out"
            )
        return cls(path, redactor)

    def as_written(self, event: T) -> T | None:
        """*event* as it is read again from a journal; None if masking leaves nothing that could be."""
        now = datetime.now(UTC)
        record = Record(writer="written", seq=1, at=now, mono_s=0.0, event=event)
        try:
            read_again = from_line(json.dumps(self.redactor.value(to_document(record))).encode()).event
        except NotARecordError:
            return None
        return read_again if isinstance(read_again, type(event)) else None

    @property
    def has_journal(self) -> bool:
        """Whether somebody has written events here."""
        return any((self.path / _FOLDER).glob("*.jsonl"))

    def file(self, name: str) -> Path:
        """Where this process, or its shard, keeps *name*."""
        return self.path / f"{self._prefix}{name}"

    def writer(self, name: str) -> JournalWriter:
        """A journal file of *name*'s own."""
        return JournalWriter(self.path, f"{self._prefix}{name}", self.redactor)

    def keep(self, name: str, text: str) -> Path:
        """Put *text*, redacted, into the file *name*: wholly or not at all.

        Raises:
            JournalWriteError: the disk did not take it.
        """
        return self._replace(name, self.redactor.text(text))

    def keep_json(self, name: str, document: Mapping[str, Any]) -> Path:
        """Put *document* into the file *name*, its strings redacted one by one so that it stays JSON."""
        return self._replace(name, json.dumps(self.redactor.value(document), indent=2) + "\n")

    def _replace(self, name: str, text: str) -> Path:
        target = self.path / name
        beside = target.with_name(f".{name}.{os.getpid()}.part")
        try:
            beside.write_text(text, encoding="utf-8", errors="backslashreplace")
            beside.replace(target)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise JournalWriteError(
                f"cannot write {str(target)!r}: {error.strerror}; "
                f"free space or make the directory writable, then: ci-tools judge {self.path}"
            ) from error
        return target

    def log(self, name: str) -> "LogWriter":
        """A text file that grows line by line, each line redacted."""
        return LogWriter(self.file(name), self.redactor)


_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(9), *range(10, 32), 127)}
"""What would move a terminal's cursor or ring its bell, told instead of done."""


class LogWriter:
    """Appends lines of another program's output to a file, redacted."""

    def __init__(self, path: Path, redactor: Redactor) -> None:
        self._redactor = LineRedactor(redactor)
        self._path = path
        try:
            self._file = path.open("ab", buffering=0)
        except OSError as error:
            raise self._failed(error) from error

    def line(self, text: str) -> None:
        """Append one line.

        Raises:
            JournalWriteError: the disk did not take it.
        """
        masked = self._redactor.text(text.rstrip("\n")).translate(_CONTROLS) + "\n"
        try:
            self._file.write(masked.encode(errors="backslashreplace"))
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> JournalWriteError:
        return JournalWriteError(
            f"cannot write {str(self._path)!r}: {error.strerror}; free space or choose another directory with "
            f"--out DIR, and run it again; what the journal holds can be judged: ci-tools judge {self._path.parent}"
        )

    def close(self) -> None:
        """Release the file."""
        self._file.close()
