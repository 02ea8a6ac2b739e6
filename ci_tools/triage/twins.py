"""Two issues that tell the same: one of them goes.

They come about where a run could not know of the other one: no list showed it yet, or another run filed it meanwhile.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ci_tools.diagnosis.hypotheses import Certainty
from ci_tools.triage.operations import CloseIssue, Issue
from ci_tools.triage.state import State, parts_in, replaced, section

_APP = "[bot]"
"""How the login of an app ends, and nobody else's."""


def twin_closed(twin: Issue, state: State, number: int) -> CloseIssue:
    """*twin*, which remembers *state*, is told in *number* from now on."""
    ours = section(f"Duplicate of #{number}, where this incident is told.", replace(state, duplicate_of=number))
    return CloseIssue(
        number=twin.number,
        body=replaced(twin.body, ours),
        section=ours,
        closed_as="duplicate",
        duplicate_of=number,
        reason=f"#{number} tells of the same incident at {state.dependency}",
    )


class Twins:
    """What one run files, held against what *bot* tells in issues that no list showed when it was decided."""

    def __init__(self, bot: str) -> None:
        self._bot = bot
        self._taken: set[tuple[int, str]] = set()
        """Number and fingerprint of what this run has recognised: it is nothing else as well."""

    def needless(self, filed: Issue, unseen: Iterable[Issue]) -> CloseIssue | None:
        """How *filed* is closed, if all of it is told in open issues among *unseen*.

        One incident of *filed* is one of theirs as :mod:`ci_tools.triage.matching` has it: the very same, or at the
        same dependency and not of another confirmed cause.
        """
        told = [state for _, state in parts_in(filed.body)]
        free = [one for one in _told(unseen, self._bot) if (one[0].number, one[1].mark) not in self._taken]
        found = [one for state in told if (one := _taken(state, free)) is not None]
        if not told or len(found) < len(told):
            return None
        self._taken |= {(issue.number, state.mark) for issue, state in found}
        return twin_closed(filed, told[0], found[0][0].number)


def copies_closed(copies: Iterable[Issue], number: int) -> Iterator[CloseIssue]:
    """Each open one of *copies* is told in *number*."""
    for copy in copies:
        told = [state for _, state in parts_in(copy.body)]
        if copy.is_open and told and copy.number != number:
            yield twin_closed(copy, told[0], number)


def told_by_another(body: str, issues: Iterable[Issue], bot: str) -> Issue | None:
    """The open issue of another app than *bot* that tells what *body* tells; people can write it, but not as an app."""
    marks = {state.mark for _, state in parts_in(body)}
    others = (one for one in issues if one.is_open and one.author != bot and one.author.endswith(_APP))
    return next((one for one in others if marks & _marks(one)), None)


def _told(unseen: Iterable[Issue], bot: str) -> Iterator[tuple[Issue, State]]:
    """What *unseen* tell, the lowest number first; what stands in a shared one leaves it with the next campaign."""
    for issue in sorted(unseen, key=lambda one: one.number):
        if issue.is_open and issue.author == bot:
            yield from ((issue, state) for _, state in parts_in(issue.body) if state.duplicate_of is None)


def _taken(state: State, free: list[tuple[Issue, State]]) -> tuple[Issue, State] | None:
    """What tells of *state*, and of nothing else from now on."""
    same = [one for one in free if one[1].mark == state.mark] or [one for one in free if _may_be(one[1], state)]
    if not same:
        return None
    free.remove(same[0])
    return same[0]


def _may_be(one: State, other: State) -> bool:
    both = one.certainty is Certainty.CONFIRMED and other.certainty is Certainty.CONFIRMED
    at_one_place = (one.environment, one.dependency) == (other.environment, other.dependency)
    return at_one_place and (not both or one.cause == other.cause)


def _marks(issue: Issue) -> set[str]:
    return {state.mark for _, state in parts_in(issue.body) if state.duplicate_of is None}
