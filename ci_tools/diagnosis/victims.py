"""Which failing test belongs to which finding: it must need what failed, while that was failing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ci_tools.diagnosis.clues import Clue
from ci_tools.diagnosis.findings import Finding
from ci_tools.diagnosis.graph import Graph
from ci_tools.diagnosis.windows import ALWAYS, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingTest:
    """A failing test, with what it needs and when it ran."""

    clue: Clue
    judges: str
    """The dependency that its suite is there to judge."""
    requires: tuple[str, ...]
    began_at: datetime | None
    ended_at: datetime | None


def assigned(
    tests: Sequence[FailingTest], findings: Sequence[Finding], outages: Mapping[str, Sequence[Window]], graph: Graph
) -> tuple[dict[int, list[FailingTest]], list[FailingTest]]:
    """The tests that each finding (by its place in *findings*) has on its conscience, and those that none has."""
    taken: dict[int, list[FailingTest]] = {number: [] for number in range(len(findings))}
    left: list[FailingTest] = []
    for test in tests:
        number = _finding_of(test, findings, outages, graph)
        if number is None:
            left.append(test)
        else:
            taken[number].append(test)
    return taken, left


def _finding_of(
    test: FailingTest, findings: Sequence[Finding], outages: Mapping[str, Sequence[Window]], graph: Graph
) -> int | None:
    """The nearest finding among what *test* needs: what it judges, what it requires, then what these stand on."""
    for name in needs(test, graph):
        for number, finding in enumerate(findings):
            # Whose fault it is in the end counts only for a test that asks for just that.
            struck = finding.struck | {finding.origin} if name in test.requires else finding.struck
            seen = outages.get(finding.dependency, ALWAYS)
            if name in struck and any(outage.overlaps(test.began_at, test.ended_at) for outage in seen):
                return number
    return None


def needs(test: FailingTest, graph: Graph) -> tuple[str, ...]:
    """What *test* judges, what it requires, and what these stand on."""
    below = {name for needed in (test.judges, *test.requires) for name in graph.stands_on(needed)}
    return (test.judges, *test.requires, *sorted(below))
