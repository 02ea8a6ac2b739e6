"""One failure read: its words become clues, the signs of the knowledge base weigh them, one names the cause."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from ci_tools.diagnosis.clues import Clue, Origin
from ci_tools.diagnosis.excerpts import Excerpt, of
from ci_tools.diagnosis.failures import Failure
from ci_tools.diagnosis.fingerprint import Fingerprint, fingerprint
from ci_tools.diagnosis.knowledge import CONFIRMING, Cause, Knowledge, Role
from ci_tools.diagnosis.naming import Naming
from ci_tools.diagnosis.normaliser import levelled, readable, uncut

_HEAVIEST = 9
_LIKELY = 5
"""From this weight on a sign is worth more than a guess."""
_LEAST = 3
"""Below this weight nothing is named: unknown is a good answer."""
_ERRORS_CHARACTERS = 3_000
_CAPTURED_CHARACTERS = 2_000
_SAID_LATER = 1
"""What the lines of an error weigh less than its own message: they tell of what was caught on the way, too."""
_SAID_BESIDE = 3
"""What captured output weighs less: it tells of everything that happened."""


class Confidence(StrEnum):
    """How sure a reading is."""

    HIGH = "high"
    """A discriminating sign, and no other cause with one as heavy."""
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A cause that signs speak for, with the heaviest of them."""

    cause: Cause
    weight: int
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one failure is read as."""

    failure: Failure
    fingerprint: Fingerprint
    cause: Cause
    confidence: Confidence
    why: str
    """For people, and to be redacted."""
    candidates: tuple[Candidate, ...] = ()
    """Heaviest first."""


class Reader:
    """Reads failures one by one, by the signs of *knowledge*."""

    def __init__(self, knowledge: Knowledge, naming: Naming) -> None:
        self.knowledge = knowledge
        self._naming = naming

    def read(self, failure: Failure) -> Reading:
        """The cause of *failure*, as far as its own words tell it."""
        excerpt = of(failure.excerpt)
        found = candidates(self.knowledge, clues(failure, excerpt, self._naming))
        cause, confidence, why = _concluded(self.knowledge, found)
        return Reading(
            failure=failure,
            fingerprint=fingerprint(failure, self._naming, excerpt),
            cause=cause,
            confidence=confidence,
            why=why,
            candidates=found,
        )


def clues(failure: Failure, excerpt: Excerpt, naming: Naming) -> Iterator[tuple[Clue, int]]:
    """What *failure* says, by itself and around it, each with what it weighs less than its own message."""
    frame = excerpt.innermost_of_ours
    own = Clue(
        ref=str(failure.id),
        origin=Origin.LOG if failure.is_log else Origin.FAILURE,
        code=excerpt.status,
        text=levelled(uncut(readable(failure.message))),
        exc_type=failure.exc_type,
        test=failure.test,
        frame=f"{frame.path}::{frame.function}" if frame else "",
        latency_s=failure.duration_s,
    )
    own = replace(own, dependency=naming.name(failure.message))
    yield own, 0
    around = readable((excerpt.errors or excerpt.body)[:_ERRORS_CHARACTERS]).strip()
    more = levelled(uncut(around)).removeprefix(own.text).strip()
    if more:
        yield replace(own, text=more, dependency=own.dependency or naming.name(around), code=""), _SAID_LATER
    if excerpt.captured:
        beside = readable(excerpt.captured[:_CAPTURED_CHARACTERS])
        yield Clue(ref=own.ref, origin=own.origin, text=levelled(beside), dependency=naming.name(beside)), _SAID_BESIDE


def candidates(knowledge: Knowledge, said: Iterable[tuple[Clue, int]]) -> tuple[Candidate, ...]:
    """Every cause that signs speak for, heaviest first, and in the order of the file among equals.

    What is said later and counts less is heard only where it could still outweigh what was said before.
    """
    best: dict[str, Candidate] = {}
    heaviest = _LEAST - 1
    for clue, less in said:
        if _HEAVIEST - less <= heaviest:
            continue
        for cause in knowledge.cause:
            found = _candidate(cause, clue, less)
            if found and (cause.id not in best or best[cause.id].weight < found.weight):
                best[cause.id] = found
                heaviest = max(heaviest, found.weight)
    order = list(knowledge.causes)
    return tuple(sorted(best.values(), key=lambda one: (-one.weight, order.index(one.cause.id))))


def _candidate(cause: Cause, clue: Clue, less: int) -> Candidate | None:
    for sign in cause.by_weight:
        weight = sign.weight - less
        if weight < _LEAST:
            return None
        if sign.at_least == 1 and sign.matches(clue):
            return Candidate(cause, weight, sign.says)
    return None


def _concluded(knowledge: Knowledge, found: tuple[Candidate, ...]) -> tuple[Cause, Confidence, str]:
    if not found:
        unknown = knowledge.of_role(Role.UNKNOWN)
        return unknown, Confidence.LOW, "no sign of any cause in its words"
    best, *rest = found
    equals = [one.cause.id for one in rest if one.weight == best.weight]
    why = best.says + (f"; as much speaks for {', '.join(equals)}" if equals else "")
    return best.cause, _confidence(best.weight, contested=bool(equals)), why


def _confidence(weight: int, *, contested: bool) -> Confidence:
    if weight >= CONFIRMING and not contested:
        return Confidence.HIGH
    return Confidence.MEDIUM if weight >= _LIKELY else Confidence.LOW
