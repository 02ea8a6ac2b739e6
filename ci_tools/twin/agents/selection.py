"""The cheapest set of options that together give enough, found exactly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ci_tools.twin.agents.failures import AgentInputError

OPTIONS_LIMIT: Final = 16
"""Exact search doubles with every option; 16 stay well below a tool's patience."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """Something that can be chosen or not; ``requires`` names options that must be chosen too."""

    name: str
    cost: float
    value: float
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A set of chosen options."""

    names: tuple[str, ...]
    cost: float
    value: float


def cheapest(options: Sequence[Option], *, needed: float, budget: float | None = None) -> Selection | None:
    """The cheapest selection of at least *needed* value within *budget*; None when there is none.

    Ties go to the higher value, then to fewer options, then to the names in order.

    Raises:
        AgentInputError: Too many options, a name twice, or a requirement that is no option.
    """
    _check(options)
    ordered = sorted(options, key=lambda option: (option.cost / max(option.value, 1e-9), option.name))
    search = _Search(ordered, needed, float("inf") if budget is None else budget)
    search.visit(0, (), 0.0, 0.0)
    return search.best


def _check(options: Sequence[Option]) -> None:
    names = [option.name for option in options]
    if len(names) > OPTIONS_LIMIT:
        raise AgentInputError(f"{len(names)} options; at most {OPTIONS_LIMIT} are searched exactly: drop some")
    if len(set(names)) < len(names):
        raise AgentInputError(f"an option is named twice among {', '.join(names)}; rename one")
    for option in options:
        if missing := set(option.requires) - set(names):
            raise AgentInputError(
                f"option {option.name!r} requires {', '.join(sorted(missing))}, not among {', '.join(names)}"
            )
        if option.cost < 0 or option.value < 0:
            raise AgentInputError(f"option {option.name!r} has a negative cost or value; give 0 or more")


class _Search:
    """Depth-first over take/leave, cut where it cannot become feasible or cheaper."""

    def __init__(self, options: Sequence[Option], needed: float, budget: float) -> None:
        self._options = options
        self._needed = needed
        self._budget = budget
        self._remaining = [sum(o.value for o in options[index:]) for index in range(len(options) + 1)]
        self._requires: Mapping[str, tuple[str, ...]] = {option.name: option.requires for option in options}
        self.best: Selection | None = None

    def visit(self, index: int, chosen: tuple[str, ...], cost: float, value: float) -> None:
        if cost > self._budget or value + self._remaining[index] < self._needed:
            return
        if self.best is not None and cost > self.best.cost:
            return
        if index == len(self._options):
            self._consider(Selection(names=tuple(sorted(chosen)), cost=cost, value=value))
            return
        option = self._options[index]
        self.visit(index + 1, (*chosen, option.name), cost + option.cost, value + option.value)
        self.visit(index + 1, chosen, cost, value)

    def _consider(self, found: Selection) -> None:
        complete = all(set(self._requires[name]) <= set(found.names) for name in found.names)
        if complete and (self.best is None or _rank(found) < _rank(self.best)):
            self.best = found


def _rank(selection: Selection) -> tuple[float, float, int, tuple[str, ...]]:
    return (selection.cost, -selection.value, len(selection.names), selection.names)
