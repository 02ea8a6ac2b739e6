"""Which failing test belongs to which finding: it must need what failed, while that was failing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ci_tools.diagnosis.clues import Clue, Origin
from ci_tools.diagnosis.findings import Finding
from ci_tools.diagnosis.graph import Graph
from ci_tools.model import DependencyState


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A failing test, with what it needs and when it ran."""

    clue: Clue
    judges: str
    """The dependency that its suite is there to judge."""
    requires: tuple[str, ...]
    began_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Window:
    """When a dependency was failing: after *after*, until *until*; None where nothing says."""

    after: datetime | None
    until: datetime | None

    def overlaps(self, test: Candidate) -> bool:
        """Whether *test* ran in it, as far as anybody can tell."""
        ended_before = self.after is not None and test.ended_at is not None and test.ended_at < self.after
        began_after = self.until is not None and test.began_at is not None and test.began_at > self.until
        return not ended_before and not began_after


def window(dependency: str, clues: Iterable[Clue]) -> Window:
    """From the last time that *dependency* was seen well before it failed, to the first time after."""
    seen = [
        (clue.at, clue.state is DependencyState.UP)
        for clue in clues
        if clue.origin is Origin.OBSERVATION and clue.dependency == dependency and clue.at is not None
    ]
    bad = [at for at, well in seen if not well]
    if not bad:
        return Window(None, None)
    before = [at for at, well in seen if well and at < min(bad)]
    after = [at for at, well in seen if well and at > max(bad)]
    return Window(max(before, default=None), min(after, default=None))


def assigned(
    tests: Sequence[Candidate], findings: Sequence[Finding], windows: Mapping[str, Window], graph: Graph
) -> tuple[dict[int, list[Candidate]], list[Candidate]]:
    """The tests that each finding (by its place in *findings*) has on its conscience, and those that none has."""
    taken: dict[int, list[Candidate]] = {number: [] for number in range(len(findings))}
    left: list[Candidate] = []
    for test in tests:
        number = _finding_of(test, findings, windows, graph)
        if number is None:
            left.append(test)
        else:
            taken[number].append(test)
    return taken, left


def _finding_of(
    test: Candidate, findings: Sequence[Finding], windows: Mapping[str, Window], graph: Graph
) -> int | None:
    """The nearest finding among what *test* needs: what it judges, what it requires, then what these stand on."""
    for name in (test.judges, *test.requires, *_beneath(test, graph)):
        for number, finding in enumerate(findings):
            # Whose fault it is in the end counts only for a test that asks for just that.
            struck = finding.struck | {finding.origin} if name in test.requires else finding.struck
            if name in struck and windows.get(finding.dependency, Window(None, None)).overlaps(test):
                return number
    return None


def _beneath(test: Candidate, graph: Graph) -> list[str]:
    below = {name for needed in (test.judges, *test.requires) for name in graph.stands_on(needed)}
    return sorted(below)
