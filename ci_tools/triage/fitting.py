"""Sections within a size: what is least important is left out first, and that is said."""

from collections.abc import Iterable
from dataclasses import dataclass

MAX_BODY_BYTES = 60_000
"""Of a body or a comment. GitHub takes 65,536 characters and answers 422 to more; what counts as one is not the same
everywhere on its way, and people must be able to write into what we wrote. As bytes it holds for every alphabet."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page."""

    text: str
    rank: int
    """The highest is dropped first when there is no room; 0 stays."""
    name: str = ""


def fitted(sections: list[Section], room_bytes: int) -> str:
    """The *sections* as one text of at most *room_bytes*, as far as those of rank 0 fit."""
    dropped: list[str] = []
    while True:
        note = f"\n\nLeft out for size, and kept in the artifact: {', '.join(dropped)}." if dropped else ""
        page = "\n\n".join(section.text for section in sections) + note
        least = max(sections, key=lambda section: section.rank)
        if size_bytes(page) <= room_bytes or not least.rank:
            return page
        sections = [section for section in sections if section is not least]
        dropped.append(least.name)


def fitting(bodies: Iterable[str]) -> str:
    """The first of *bodies* that an issue takes, or the last."""
    chosen = ""
    for chosen in bodies:
        if size_bytes(chosen) <= MAX_BODY_BYTES:
            break
    return chosen


def size_bytes(text: str) -> int:
    """How much GitHub has to take."""
    return len(text.encode(errors="replace"))
