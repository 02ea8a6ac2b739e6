"""Who is responsible for a dependency, by CODEOWNERS.

A dependency stands there as the path ``/dependencies/NAME``, which need not exist; the last matching line wins.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ci_tools.model import Dependency
from ci_tools.texts import MENTION

_MENTION = re.compile(MENTION)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of CODEOWNERS: *owners* may be empty, and then nobody owns what matches."""

    pattern: str
    owners: tuple[str, ...]


def parse(text: str) -> tuple[Line, ...]:
    """The lines of CODEOWNERS in *text*, without comments; owners by e-mail are left out, they cannot be mentioned."""
    lines = [words for row in text.splitlines() if (words := row.partition("#")[0].split())]
    return tuple(Line(words[0], tuple(word for word in words[1:] if _MENTION.fullmatch(word))) for words in lines)


def owner_of(dependency: str, lines: Sequence[Line]) -> Line | None:
    """The line that decides who owns *dependency*; None if no line matches."""
    path = f"dependencies/{dependency}"
    return next((line for line in reversed(lines) if matches(line.pattern, path)), None)


def owned(dependencies: Mapping[str, Sequence[str]], lines: Sequence[Line]) -> tuple[Dependency, ...]:
    """Every one of *dependencies*, which maps each to what it needs, with its owners."""
    deciding = {name: owner_of(name, lines) for name in dependencies}
    return tuple(
        Dependency(name=name, needs=tuple(needs), owners=line.owners if (line := deciding[name]) else ())
        for name, needs in dependencies.items()
    )


def matches(pattern: str, path: str) -> bool:
    """Whether *pattern*, as in CODEOWNERS, means *path*, which begins at the root without a slash."""
    anchored = "/" in pattern.rstrip("/")
    body = "".join(map(_piece, re.findall(r"\*\*/?|\*|\?|[^*?]+", pattern.strip("/"))))
    below = "/.*" if pattern.endswith("/") else "" if pattern.endswith("/*") else "(?:/.*)?"
    return re.fullmatch(f"{'' if anchored else '(?:.*/)?'}{body}{below}", path) is not None


def _piece(piece: str) -> str:
    wild = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return wild.get(piece, re.escape(piece))
