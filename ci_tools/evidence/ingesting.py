"""Files of foreign results become the journal of a campaign: an edge, for it opens files.

The journal is an ordinary one (``docs/decisions/0010``): one phase, a suite for every file, every problem of reading
stated so that no verdict can overlook it.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO

from ci_tools.errors import CampaignError, UsageError
from ci_tools.evidence.events import (
    CampaignFinished,
    CampaignStarted,
    Collected,
    Event,
    Interrupted,
    PhaseFinished,
    PhaseStarted,
    PlanExtended,
    TestFinished,
)
from ci_tools.evidence.foreign.formats import PREFIX_BYTES, READERS, ForeignFormatError, Format, format_of
from ci_tools.evidence.foreign.identity import Identities
from ci_tools.evidence.foreign.results import (
    HEAD_CHARS,
    ForeignAttempt,
    ForeignProblem,
    ForeignTest,
    MalformedResultsError,
)
from ci_tools.evidence.journal import CampaignDirectory, JournalWriter
from ci_tools.model import NodeId, Outcome, Phase, Plan, Suite

STDIN = Path("-")
PLAN = "ingest"
_WRITER = "ingest"
_PHASE = 1
_MOST_PROBLEMS = 100
"""Of one file: who wants to burden a reader of the journal has no further use of more."""
_CHUNK_BYTES = 1 << 16
_MESSAGE_CHARS = 2_000
_HEAD_CHARS = 2_000
_TAIL_CHARS = 4_000
_LONGEST = _HEAD_CHARS + _TAIL_CHARS
_FORMATS = ", ".join(Format)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file that was asked for and can be opened."""

    name: str
    """How the person who gave it calls it; the name of its suite."""
    path: Path
    format: Format | None
    """None: of no format that is read, and why stands in *foreign*."""
    foreign: str = ""
    prefix: bytes = b""
    """What was read of standard input to tell its format: it cannot be read twice."""


@dataclass(slots=True, kw_only=True)
class Taken:
    """What was taken from one file."""

    name: str
    format: Format | None
    counts: Counter[Outcome] = field(default_factory=Counter)
    """What the file itself calls the outcomes of its tests, by entry: a re-run that the file tells of as a further
    entry counts again."""
    tests: int = 0
    """Tests of the journal."""
    missing: int = 0
    problems: list[str] = field(default_factory=list)
    cut: bool = False
    """Nobody knows how many tests there were."""

    @property
    def suite(self) -> Suite:
        """The suite that a plan would have had for it."""
        return Suite(name=self.name, paths=(self.name,), expected=None if self.cut else self.tests + self.missing)


def sources(paths: Sequence[Path], stdin: BinaryIO) -> list[Source]:
    """The files at *paths*, each once; what is of a foreign format is told so as long as one of them is not.

    Raises:
        UsageError: one cannot be read, or none is of a format that is read.
    """
    distinct = _distinct(paths)
    found = [_source(path, name, stdin) for path, name in zip(distinct, _called(distinct), strict=True)]
    if all(source.format is None for source in found):
        told = "; ".join(f"{source.name}: {source.foreign}" for source in found[:3])
        raise UsageError(f"no test results that can be read: {told}; what is read: {_FORMATS}")
    return found


def _distinct(paths: Sequence[Path]) -> list[Path]:
    """*paths* without those that lead to the same file as one before."""
    distinct: dict[tuple[int, int], Path] = {}
    for path in paths:
        distinct.setdefault(_place(path), path)
    return list(distinct.values())


def _place(path: Path) -> tuple[int, int]:
    if path == STDIN:
        return (-1, -1)
    try:
        status = path.stat()
    except OSError as error:
        raise UsageError(f"cannot read {str(path)!r}: {error.strerror}; name files of test results") from error
    if not S_ISREG(status.st_mode):
        raise UsageError(f"cannot read {str(path)!r}: it is no regular file; name files, or - for standard input")
    return (status.st_dev, status.st_ino)


def _called(paths: Sequence[Path]) -> list[str]:
    """The names of *paths*: as they were given, absolute ones without the folder that they have in common."""
    absolute = [path.parent for path in paths if path.is_absolute()]
    above = Path(os.path.commonpath(absolute)) if absolute else Path()
    return [
        "standard input" if path == STDIN else str(path.relative_to(above) if path.is_absolute() else path)
        for path in paths
    ]


def _source(path: Path, name: str, stdin: BinaryIO) -> Source:
    prefix = stdin.read(PREFIX_BYTES) if path == STDIN else _beginning(path)
    kept = prefix if path == STDIN else b""
    try:
        return Source(name=name, path=path, format=format_of(prefix), prefix=kept)
    except ForeignFormatError as error:
        return Source(name=name, path=path, format=None, foreign=str(error), prefix=kept)


def _beginning(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(PREFIX_BYTES)
    except OSError as error:
        raise UsageError(f"cannot read {str(path)!r}: {error.strerror}; make it readable, or leave it out") from error


def ingest(
    found: Sequence[Source], directory: CampaignDirectory, *, campaign: str, environment: str, stdin: BinaryIO
) -> list[Taken]:
    """Write what *found* say into the journal of *directory*, which is new, and say what was taken from each.

    Whatever happens, the journal says so: without its end it is no pass.
    """
    journal = directory.writer(_WRITER)
    taken: list[Taken] = []
    try:
        journal.write_all([_started(campaign, environment), PhaseStarted(number=_PHASE)])
        identities = Identities(lambda text: _writable(journal.shown(text)))
        for source, name in zip(found, _names(found, journal), strict=True):
            taken.append(Taken(name=name, format=source.format))
            identities.next_file()
            journal.write_all(_events(source, taken[-1], identities, journal, stdin))
        journal.write_all(_end(taken))
    except (KeyboardInterrupt, Exception) as error:
        _note(journal, error)
        raise
    finally:
        journal.close()
    return taken


def _started(campaign: str, environment: str) -> CampaignStarted:
    plan = Plan(
        name=PLAN,
        reason="results of other tools, whose end has not been read",
        environment=environment,
        time_scale=1.0,
        phases=(),
    )
    return CampaignStarted(campaign=campaign, plan=plan, tool_version=version("ci-tools"))


def _end(taken: Sequence[Taken]) -> list[Event]:
    phase = Phase(number=_PHASE, name="results", budget_s=0.0, suites=tuple(one.suite for one in taken))
    return [
        PlanExtended(reason=f"results of other tools, from {len(taken)} files", phases=(phase,)),
        PhaseFinished(number=_PHASE),
        CampaignFinished(writers={}),
    ]


def _note(journal: JournalWriter, error: BaseException) -> None:
    """Say why the journal ends here, where it still can be written."""
    if isinstance(error, KeyboardInterrupt):
        journal.write(Interrupted(reason="stopped by the keyboard while results were read"))
    elif not isinstance(error, CampaignError):
        journal.write(Interrupted(reason=f"a defect of ci-tools: {type(error).__name__}: {error}"))


def _names(found: Iterable[Source], journal: JournalWriter) -> list[str]:
    """How the journal calls the files: masked, and each by a name of its own."""
    names: list[str] = []
    for source in found:
        shown = _writable(journal.shown(source.name))
        names.append(shown if shown not in names else f"{shown} ({len(names) + 1})")
    return names


def _events(
    source: Source, taken: Taken, identities: Identities, journal: JournalWriter, stdin: BinaryIO
) -> Iterator[Event]:
    """What *source* says, as events, and into *taken* what it was; a broken file ends in a problem, not in an error."""
    unlisted = 0
    try:
        for entry in _entries(source, stdin):
            if isinstance(entry, ForeignTest):
                yield from _of_test(entry, taken, identities, journal)
            else:
                taken.missing += entry.missing
                if len(taken.problems) < _MOST_PROBLEMS:
                    yield _problem(journal, taken, entry.about, entry.text)
                else:
                    unlisted += 1
    except MalformedResultsError as error:
        taken.cut = True
        yield _problem(journal, taken, "", f"broken at {error}")
    except OSError as error:
        taken.cut = True
        yield _problem(journal, taken, "", f"cannot be read on: {error.strerror}")
    if unlisted:
        yield _problem(journal, taken, "", f"{unlisted} more problems are not listed")
    if not (taken.tests or taken.problems):
        yield _problem(journal, taken, "", "it holds no test")


def _entries(source: Source, stdin: BinaryIO) -> Iterator[ForeignTest | ForeignProblem]:
    if source.format is None:
        text = f"no test results that can be read: {source.foreign}; what is read: {_FORMATS}"
        yield ForeignProblem(about="", text=text)
        return
    read = READERS[source.format]
    if source.path == STDIN:
        yield from read(chain([source.prefix], _chunks(stdin)))
        return
    with source.path.open("rb") as file:
        yield from read(_chunks(file))


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk


def _problem(journal: JournalWriter, taken: Taken, about: str, text: str) -> Collected:
    text = journal.shown(text[:HEAD_CHARS])
    taken.problems.append((f"{about}: {text}" if about else text)[:_MESSAGE_CHARS])
    return Collected(
        node_id=NodeId(f"{taken.name}: {about}" if about else taken.name),
        suite=taken.name,
        phase=_PHASE,
        problem=text[:_MESSAGE_CHARS],
    )


def _of_test(test: ForeignTest, taken: Taken, identities: Identities, journal: JournalWriter) -> Iterator[Event]:
    place = identities.place(test, taken.name)
    taken.counts[test.outcome] += 1
    if place.is_new:
        taken.tests += 1
        yield Collected(node_id=place.node_id, suite=taken.name, phase=_PHASE)
    for number, attempt in enumerate(test.attempts, place.first):
        yield TestFinished(
            node_id=place.node_id,
            outcome=attempt.outcome,
            duration_s=attempt.duration_s,
            attempt=number,
            exc_type=attempt.exc_type,
            message=journal.shown(attempt.message)[:_MESSAGE_CHARS] if attempt.message else "",
            excerpt=_excerpt(attempt, journal) if attempt.text else "",
        )


def _excerpt(attempt: ForeignAttempt, journal: JournalWriter) -> str:
    """What is shown of a text: its beginning and its end, with how much is left out said between.

    Masked before it is cut: half a secret is one that nothing recognises.
    """
    if not attempt.dropped:
        return _shortened(journal.shown(attempt.text))
    head, tail = journal.shown(attempt.text[:HEAD_CHARS]), journal.shown(attempt.text[HEAD_CHARS:])
    left_out = attempt.dropped + len(head) + len(tail) - _LONGEST
    return _cut(head, tail, left_out)


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else _cut(text, text, len(text) - _LONGEST)


def _cut(head: str, tail: str, left_out: int) -> str:
    return f"{head[:_HEAD_CHARS]}\n[{left_out} characters are left out here]\n{tail[-_TAIL_CHARS:]}"


def _writable(text: str) -> str:
    return text.encode(errors="replace").decode()
