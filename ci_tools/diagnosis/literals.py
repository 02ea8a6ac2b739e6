"""Literals without which an expression cannot match: to look for them is many times quicker than to search."""

import re

_SHORTEST = 3
_PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{\d*,?\d*\}|.", re.DOTALL)
_PLAIN = re.compile(r"[\w :'\"/<>%,;=@#&~`!-]")
_OPTIONAL = re.compile(r"[?*{]")
_GROUP = re.compile(r"\((?:\?-?[a-z]*:)?(?!\?)")
"""The beginning of a group that has to match; one that looks around says nothing."""


def required(expression: str) -> tuple[str, ...]:
    """Lower-case literals one of which is in every text that *expression* matches; none where that cannot be told."""
    found: list[str] = []
    for branch in _branches(expression):
        literals = max(_choices(branch), key=_shortest, default=())
        if _shortest(literals) < _SHORTEST:
            return ()
        found.extend(literals)
    return tuple(dict.fromkeys(found))


def _shortest(literals: tuple[str, ...]) -> int:
    return min(map(len, literals), default=0)


def _branches(expression: str) -> list[list[str]]:
    """The alternatives of *expression*, piece by piece; a group, with all that is in it, is one piece."""
    branches: list[list[str]] = [[]]
    depth = 0
    for piece in _PIECE.findall(expression):
        if depth:
            branches[-1][-1] += piece
        elif piece == "|":
            branches.append([])
        else:
            branches[-1].append(piece)
        depth += {"(": 1, ")": -1}.get(piece, 0)
    return branches


def _choices(pieces: list[str]) -> list[tuple[str, ...]]:
    """What a text has to have for all of *pieces* to match: each run of plain characters, and one of each group's."""
    choices: list[tuple[str, ...]] = []
    run = ""
    for at, piece in enumerate(pieces):
        after = pieces[at + 1] if at + 1 < len(pieces) else ""
        certain = not _OPTIONAL.match(after)
        if certain and len(piece) == 1 and piece.isascii() and _PLAIN.fullmatch(piece):
            run += piece.lower()
            if after != "+":
                continue
        choices.append((run,))
        run = ""
        group = _GROUP.match(piece)
        if certain and group and len(piece) > 1:
            choices.append(required(piece[group.end() : -1]))
    return [*choices, (run,)]
