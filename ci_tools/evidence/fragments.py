"""Parts of secrets that somebody else's shortening or wrapping has left standing."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping

_SHORTEST = 8
"""Characters of a secret that say too much; fewer are a word."""
_FEWEST_DISTINCT = 4
"""A rule of dashes is no part of a key."""
_CUTS = ("...", "…", "\n", "\r")
_REACH = 6
"""Characters beside a fragment that are looked at: a cut, and the blanks before it."""
_OPEN_BEGINNING = re.compile(r"[a-z][a-z0-9+.-]{1,20}://|(?P<path>[~.]{0,2}/)", re.IGNORECASE)
"""What a secret may begin with that everyone knows: the scheme of a URL. The folders of a path are no secret at all."""


class Fragments:
    """Knows where texts show the beginning or the end of a secret: at an ellipsis, a line's end or their own."""

    def __init__(self, secrets: Iterable[str]) -> None:
        closed = {part for secret in secrets if len(part := _closed(secret)) > _SHORTEST}
        self._heads = _by_edge(closed, lambda secret: secret[:_SHORTEST])
        self._tails = _by_edge(closed, lambda secret: secret[-_SHORTEST:])
        self._head, self._tail = _anywhere(self._heads), _anywhere(self._tails)

    def masked(self, text: str, mask: str) -> str:
        """*text* with *mask* in the place of every fragment; in time linear in *text*."""
        shown: list[str] = []
        at = 0
        for start, end in sorted({*self._beginnings(text), *self._ends(text)}):
            if start >= at:
                shown += [text[at:start], mask]
            at = max(at, end)
        return "".join([*shown, text[at:]])

    def _beginnings(self, text: str) -> Iterator[tuple[int, int]]:
        for match in self._head.finditer(text) if any(head in text for head in self._heads) else ():
            start = match.start()
            for secret in self._heads[match[1]]:
                end = start + _longest(secret, lambda size, whole=secret, at=start: text.startswith(whole[:size], at))  # type: ignore[misc]
                if _is_cut_after(text, end):
                    yield start, end

    def _ends(self, text: str) -> Iterator[tuple[int, int]]:
        for match in self._tail.finditer(text) if any(tail in text for tail in self._tails) else ():
            end = match.end(1)
            for secret in self._tails[match[1]]:
                start = end - _longest(secret, lambda size, whole=secret, to=end: text.endswith(whole[-size:], 0, to))  # type: ignore[misc]
                if _is_cut_before(text, start):
                    yield start, end


def _closed(secret: str) -> str:
    known = _OPEN_BEGINNING.match(secret)
    if known is None:
        return secret
    return "" if known["path"] else secret[known.end() :]


def _by_edge(secrets: Iterable[str], edge_of: Callable[[str], str]) -> Mapping[str, set[str]]:
    edges: dict[str, set[str]] = {}
    for secret in secrets:
        if len(set(edge_of(secret))) >= _FEWEST_DISTINCT:
            edges.setdefault(edge_of(secret), set()).add(secret)
    return edges


def _anywhere(edges: Iterable[str]) -> re.Pattern[str]:
    """A pattern for each of *edges*, overlapping ones too; for nothing without any."""
    return re.compile(f"(?=({'|'.join(map(re.escape, sorted(edges))) or '(?!)'}))")


def _longest(secret: str, stands: Callable[[int], bool]) -> int:
    """How many characters of *secret* stand in a text, where fewer stand whenever more do."""
    return bisect_left(range(1, len(secret) + 1), 1, key=lambda size: not stands(size))


def _is_cut_after(text: str, end: int) -> bool:
    after = text[end : end + _REACH].lstrip(" \t")
    return after.startswith(_CUTS) or (not after and end + _REACH >= len(text))


def _is_cut_before(text: str, start: int) -> bool:
    before = text[max(0, start - _REACH) : start].rstrip(" \t")
    return before.endswith(_CUTS) or (not before and start <= _REACH)
