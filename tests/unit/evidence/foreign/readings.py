"""What several tests of foreign formats ask of a reader."""

from collections.abc import Sequence

from ci_tools.evidence.foreign.results import Entry, ForeignProblem, ForeignTest


def found_in(entries: Sequence[Entry]) -> list[ForeignTest]:
    """The tests among *entries*."""
    return [entry for entry in entries if isinstance(entry, ForeignTest)]


def problems_of(entries: Sequence[Entry]) -> list[str]:
    """The texts of the problems among *entries*."""
    return [entry.text for entry in entries if isinstance(entry, ForeignProblem)]
