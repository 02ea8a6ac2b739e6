"""The figures by which tools are compared."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one tool made of one scenario."""

    causes: int
    issues: int
    """Filed by the tool."""
    wrong_merges: int
    """Issues that tell of failures with different causes."""
    mails: int
    """What GitHub mails to whoever watches the repository: an issue is opened, commented on, closed or opened again.

    It mails nothing for labels, nor where a title or a text is edited. What people do is not counted.
    """
    reads: int
    writes: int

    @property
    def issues_per_cause(self) -> float:
        """1 is right."""
        return self.issues / self.causes

    @property
    def calls(self) -> int:
        """Requests to GitHub's API."""
        return self.reads + self.writes


def scored(*, causes: int, told: Iterable[Collection[str]], mails: int, reads: int, writes: int) -> Figures:
    """The figures of a tool whose issues have *told* of failures with these causes, each its own."""
    each = list(told)
    return Figures(
        causes=causes,
        issues=len(each),
        wrong_merges=sum(len(set(one)) > 1 for one in each),
        mails=mails,
        reads=reads,
        writes=writes,
    )
