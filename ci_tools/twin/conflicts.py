"""Which faults can be on together: those that do not want two different things of one part of the twin."""

from collections.abc import Sequence
from itertools import combinations

from ci_tools.errors import UsageError
from ci_tools.twin.effects import BehaviourEffect, Effect, Switch


def refuse_conflicts(switches: Sequence[Switch]) -> None:
    """Every effect of *switches* can hold at once.

    Raises:
        UsageError: Two faults change the same thing differently; one of them would be lost.
    """
    for one, other in combinations(switches, 2):
        contested = contested_by(one, other)
        if contested:
            raise UsageError(
                f"faults '{one}' and '{other}' cannot be on together: both change {', '.join(contested)}, "
                "and differently. Leave one of them out, or switch it off first"
            )


def contested_by(one: Switch, other: Switch) -> list[str]:
    """What two switches change differently, in words."""
    return sorted(
        {
            mine.target
            for mine in one.effects
            for theirs in other.effects
            if mine.target == theirs.target and mine != theirs and not _is_elsewhere(mine, one, other)
        }
    )


def _is_elsewhere(effect: Effect, one: Switch, other: Switch) -> bool:
    """A behaviour of one session is not in the way of another session's."""
    return isinstance(effect, BehaviourEffect) and one.session != other.session
