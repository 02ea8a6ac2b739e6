"""A journal that lost bytes, read, folded and judged again."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from ci_tools.errors import EvidenceError, UsageError
from ci_tools.evidence.journal import Journal, read, read_file
from ci_tools.verdict.fold import fold
from ci_tools.verdict.judge import judge

_NUMBER: Final = re.compile(r"\d+")


def truncated(content: bytes, offset: int) -> bytes:
    """The file ends at *offset*, as after a full disk."""
    return content[:offset]


def zeroed(content: bytes, offset: int) -> bytes:
    """From *offset* on there is nothing but zeros, as after a power failure."""
    return content[:offset] + bytes(len(content) - offset)


DAMAGES: Final[Mapping[str, Callable[[bytes, int], bytes]]] = {"truncated": truncated, "zeroed": zeroed}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file is damaged."""

    file: str
    offset: int


@dataclass(slots=True)
class Tearing:
    """A copy of a campaign's journal in *folder*, damaged one file at a time.

    Reading every damage takes milliseconds, folding and judging the whole journal as many again. So a
    damaged file is always read, and judged once for each different reading: the events it still holds,
    and what is said to be wrong with it, its numbers aside, for the judge only passes such words on.
    """

    folder: Path
    files: Mapping[str, bytes]
    _whole: dict[str, Journal] = field(init=False)
    _judged: dict[tuple[str, int, tuple[str, ...]], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.folder / "journal").mkdir(parents=True)
        for name, content in self.files.items():
            (self.folder / "journal" / name).write_bytes(content)
        self._whole = {name: read_file(name, content) for name, content in self.files.items()}

    @property
    def judgements(self) -> int:
        """How many different readings were judged."""
        return len(self._judged)

    def every_place(self) -> Iterable[Place]:
        """Every byte of every file."""
        return (Place(name, offset) for name, content in self.files.items() for offset in range(len(content)))

    def some_places(self, count: int, random: Random) -> Iterable[Place]:
        """*count* bytes, every byte of the journal as likely as any other."""
        sizes = [len(content) for content in self.files.values()]
        names = random.choices(list(self.files), weights=sizes, k=count)
        return (Place(name, random.randrange(len(self.files[name]))) for name in names)

    def answers(self, damage: str, places: Iterable[Place]) -> dict[str, list[Place]]:
        """What the journal is judged to be after *damage* at each of *places*."""
        found: dict[str, list[Place]] = {}
        for place in places:
            found.setdefault(self.answer(damage, place), []).append(place)
        return found

    def answer(self, damage: str, place: Place) -> str:
        """The verdict, or the name of our own error that says why there is none."""
        content = DAMAGES[damage](self.files[place.file], place.offset)
        reading = read_file(place.file, content)
        if reading.records != self._whole[place.file].records[: len(reading.records)]:
            return "events that nobody wrote"
        problems = tuple(_NUMBER.sub("N", problem) for problem in reading.problems)
        key = (place.file, len(reading.records), problems)
        if key not in self._judged:
            self._judged[key] = self._judge(place.file, content)
        return self._judged[key]

    def _judge(self, name: str, content: bytes) -> str:
        path = self.folder / "journal" / name
        path.write_bytes(content)
        try:
            journal = read(self.folder)
            return judge(fold(journal.records, journal.problems)).verdict.value
        except (EvidenceError, UsageError) as error:
            return type(error).__name__
        finally:
            path.write_bytes(self.files[name])


def counted(answers: Mapping[str, list[Place]]) -> dict[str, int]:
    """How many places led to each answer."""
    return dict(Counter({answer: len(places) for answer, places in answers.items()}))
