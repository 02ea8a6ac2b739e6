"""Which format a file of results has, told by how it begins and never by its name."""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from xml.parsers import expat

from ci_tools.evidence.foreign import ctrf, junit, reportlog
from ci_tools.evidence.foreign.results import Reader, name_of

PREFIX_BYTES = 1 << 16
"""So much of a file tells its format."""
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_REPORTLOG = re.compile(rb'^\s*\{[^\n]*"(?:\$report_type|pytest_version)"')
_KNOWN_ROOTS = {
    "TestRun": "test results of Visual Studio (TRX)",
    "test-run": "results of NUnit 3",
    "test-results": "results of NUnit 2",
    "assemblies": "results of xUnit.net",
    "testng-results": "results of TestNG",
    "coverage": "a coverage report",
    "checkstyle": "a report of checkstyle",
    "project": "a project file of Maven",
    "html": "a web page",
}


class Format(StrEnum):
    """The formats that are read."""

    JUNIT = "JUnit XML"
    REPORTLOG = "pytest-reportlog"
    CTRF = "CTRF"


READERS: Mapping[Format, Reader] = {
    Format.JUNIT: junit.read_junit,
    Format.REPORTLOG: reportlog.read_reportlog,
    Format.CTRF: ctrf.read_ctrf,
}


class ForeignFormatError(ValueError):
    """A file is none of the formats that are read; the text says what it looks like."""


def format_of(prefix: bytes) -> Format:
    """The format of the file that begins with *prefix*, also where it then turns out to be damaged.

    Raises:
        ForeignFormatError: it is another one.
    """
    begins = prefix
    for bom in _BOMS:
        begins = begins.removeprefix(bom)
    begins = begins.replace(b"\0", b"").lstrip()
    if not begins:
        # Nobody knows what an empty file was to be; it is broken, and no other tool's.
        return Format.JUNIT
    if begins.startswith(b"<"):
        return _of_xml(prefix)
    if begins.startswith(b"{"):
        return Format.REPORTLOG if _REPORTLOG.match(begins) else _of_object(begins)
    raise ForeignFormatError(f"it begins with {name_of(begins[:20].decode(errors='replace'))!r}")


def _of_xml(prefix: bytes) -> Format:
    root = _root_of(prefix)
    if root is None or root in junit.ROOTS:
        return Format.JUNIT
    known = f": {_KNOWN_ROOTS[root]}" if root in _KNOWN_ROOTS else ""
    raise ForeignFormatError(f"it is XML, but its root is <{name_of(root)[:80]}>{known}")


class _RootSeenError(Exception):
    pass


def _root_of(prefix: bytes) -> str | None:
    """The name of the root element; None where it is damaged before that."""
    seen: list[str] = []

    def start(tag: str, _attributes: object) -> None:
        seen.append(tag.rpartition(":")[2])
        raise _RootSeenError

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    # What a document type declares is not even looked at here.
    parser.StartDoctypeDeclHandler = _refuse
    with suppress(_RootSeenError, expat.ExpatError):
        parser.Parse(prefix, False)
    return seen[0] if seen else None


def _refuse(*_declared: object) -> None:
    raise _RootSeenError


def _of_object(begins: bytes) -> Format:
    if b'"results"' in begins or b'"CTRF"' in begins:
        return Format.CTRF
    try:
        names = list(json.loads(begins))[:5]
    except (ValueError, RecursionError):
        # Cut off, or longer than what is looked at: what it lacks is told when it is read.
        return Format.CTRF
    raise ForeignFormatError(f'it is JSON, but has no "results"; it has {", ".join(map(repr, names)) or "nothing"}')
