"""How a record is spelled as a line of a journal: masked, and as JSON."""

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from json.encoder import encode_basestring

from ci_tools.evidence.events import NAMES, VERSION, Event, Record, to_document
from ci_tools.evidence.redaction import Redactor

_SHORT = 200
_REMEMBERED = 1_024
"""Records of one kind repeat suites and outcomes."""
_EMPTY: Mapping[type, str] = {tuple: "[]", dict: "{}"}
_SAMPLE = "a value that is long enough to be a secret"


def line_of(record: Record, redactor: Redactor) -> bytes:
    """The line of *record*, every string of it masked."""
    # Half a surrogate pair, as undecodable file names leave it, would make the line unreadable: "?" stands for it.
    return _json(redactor.value(to_document(record))).encode(errors="replace") + b"\n"


class Speller:
    """Spells records of one writer just as :func:`line_of` does, several times as fast where an event is a flat one.

    What no two records of a kind differ in is masked and spelled once; each value is masked by itself, as it is there.
    """

    def __init__(self, writer: str, redactor: Redactor) -> None:
        self._writer = writer
        self._redactor = redactor
        self._heads: dict[type[Event], str] = {}
        self._names: dict[type[Event], tuple[tuple[str, str], ...] | None] = {}
        self._short = lru_cache(maxsize=_REMEMBERED)(self._quoted)
        self._instant: tuple[datetime, float] | None = None
        self._spelled_instant = ""

    def line(self, record: Record) -> bytes:
        """The line of *record*."""
        kind = type(record.event)
        if kind not in self._names:
            self._names[kind] = self._plain_names(kind)
            self._heads[kind] = self._head(kind)
        names = self._names[kind]
        data = None if names is None else self._data(record.event, names)
        if data is None or record.writer != self._writer:
            return line_of(record, self._redactor)
        instant = (record.at, record.mono_s)
        if instant != self._instant:
            self._instant = instant
            self._spelled_instant = f'"at":"{record.at.isoformat()}","mono":{record.mono_s!r}'
        middle = f'"seq":{record.seq},{self._spelled_instant}'
        return f'{self._heads[kind]},{middle},"data":{{{data}}}}}\n'.encode(errors="replace")

    def _head(self, kind: type[Event]) -> str:
        return _json(self._redactor.value({"v": VERSION, "event": NAMES[kind], "writer": self._writer}))[:-1]

    def _plain_names(self, kind: type[Event]) -> tuple[tuple[str, str], ...] | None:
        """The fields of *kind* and how they are spelled; None where masking depends on a field's name."""
        names = [field.name for field in fields(kind)]
        sample = dict.fromkeys(names, _SAMPLE)
        return tuple((name, f'"{name}":') for name in names) if self._redactor.value(sample) == sample else None

    def _data(self, event: Event, names: tuple[tuple[str, str], ...]) -> str | None:
        """The fields of *event*; None where one of them is nested."""
        parts: list[str] = []
        for name, spelled in names:
            value = getattr(event, name)
            kind = type(value)
            if kind is str or issubclass(kind, StrEnum):
                parts.append(spelled + (self._short(value) if len(value) <= _SHORT else self._quoted(value)))
            elif kind is int or (kind is float and value - value == 0):
                parts.append(f"{spelled}{value!r}")
            elif not value and kind in _EMPTY:
                parts.append(spelled + _EMPTY[kind])
            else:
                return None
        return ",".join(parts)

    def _quoted(self, text: str) -> str:
        return encode_basestring(self._redactor.text(str(text)))


def _json(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
