"""Which causes the clues speak for, and where: signs of the knowledge base, matched and weighed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ci_tools.diagnosis.clues import Clue, Origin
from ci_tools.diagnosis.knowledge import CONFIRMING, Cause, Knowledge, Sign

_NOW = (Origin.OBSERVATION, Origin.FACT)


class Certainty(StrEnum):
    """How sure it is that something is the cause."""

    CONFIRMED = "confirmed"
    """A discriminating observation shows it."""
    SUSPECTED = "suspected"
    """Signs speak for it, and none discriminates."""
    UNKNOWN = "unknown"
    """Something fails, and nothing says why."""


@dataclass(frozen=True, slots=True)
class Support:
    """A sign, and the clues that are like it."""

    sign: Sign
    clues: tuple[Clue, ...]


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One cause at one dependency, with what speaks for it; the strongest first."""

    cause: Cause
    dependency: str
    support: tuple[Support, ...]

    @property
    def weight(self) -> int:
        """That of its strongest sign."""
        return self.support[0].sign.weight

    @property
    def certainty(self) -> Certainty:
        """Confirmed where a discriminating sign was observed: what a failing test says is hearsay."""
        observed = any(clue.origin is not Origin.FAILURE for clue in self._proofs)
        return Certainty.CONFIRMED if observed else Certainty.SUSPECTED

    @property
    def is_seen(self) -> bool:
        """Whether a discriminating sign of it was observed, and not only read in a log."""
        return any(clue.origin in _NOW for clue in self._proofs)

    @property
    def is_past(self) -> bool:
        """Whether only logs have its discriminating signs: what a service remembers may be over."""
        return bool(self._proofs) and all(clue.origin is Origin.LOG for clue in self._proofs)

    @property
    def _proofs(self) -> list[Clue]:
        return [clue for one in self.support if one.sign.weight >= CONFIRMING for clue in one.clues]

    @property
    def clues(self) -> tuple[Clue, ...]:
        """All that speaks for it, each once."""
        return tuple(dict.fromkeys(clue for one in self.support for clue in one.clues))

    @property
    def rank(self) -> tuple[bool, int, int]:
        """Greater is likelier."""
        return self.certainty is Certainty.CONFIRMED, self.weight, len(self.clues)


def hypotheses(clues: Sequence[Clue], knowledge: Knowledge) -> list[Hypothesis]:
    """Every cause that at least one sign speaks for, at each dependency where it does; the likeliest first."""
    found = [hypothesis for cause in knowledge.cause for hypothesis in _of(cause, clues)]
    return sorted(found, key=lambda hypothesis: hypothesis.rank, reverse=True)


def _of(cause: Cause, clues: Sequence[Clue]) -> Iterable[Hypothesis]:
    support: dict[str, list[Support]] = {}
    for sign in cause.signs:
        here: dict[str, list[Clue]] = {}
        for clue in clues:
            if place := placed(cause, sign, clue):
                here.setdefault(place, []).append(clue)
        for place, at_place in here.items():
            if found := sign.found_in(at_place):
                support.setdefault(place, []).append(Support(sign, found))
    for place, ones in support.items():
        yield Hypothesis(cause, place, tuple(sorted(ones, key=lambda one: one.sign.weight, reverse=True)))


def placed(cause: Cause, sign: Sign, clue: Clue) -> str:
    """The dependency at which *clue*, read by *sign*, would show *cause*; empty if at none."""
    if sign.place:
        return sign.place
    if not cause.dependencies or clue.dependency in cause.dependencies:
        return clue.dependency
    # Words name what they are about better than whoever told them: a service's error can be its database's.
    return cause.dependencies[0] if len(cause.dependencies) == 1 and sign.text is not None else ""
