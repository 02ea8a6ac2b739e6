"""Hypotheses separated: rivals ruled out, consequences absorbed, and what nothing speaks for said to be unknown."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ci_tools.diagnosis.clues import Clue, Origin
from ci_tools.diagnosis.facts import INTERMITTENT
from ci_tools.diagnosis.graph import Graph
from ci_tools.diagnosis.hypotheses import Certainty, Hypothesis
from ci_tools.diagnosis.incidents import UNKNOWN, Consequence, RuledOut
from ci_tools.diagnosis.knowledge import CONFIRMING, Brings
from ci_tools.diagnosis.windows import coincide
from ci_tools.model import DependencyState


@dataclass(slots=True, kw_only=True)
class Finding:
    """One cause at one dependency, or a dependency that fails for no known cause, and what follows from it."""

    dependency: str
    hypothesis: Hypothesis | None = None
    rivals: tuple[RuledOut, ...] = ()
    consequences: list[Consequence] = field(default_factory=list)

    @property
    def cause(self) -> str:
        """The id of its cause."""
        return self.hypothesis.cause.id if self.hypothesis else UNKNOWN

    @property
    def certainty(self) -> Certainty:
        """That of its hypothesis."""
        return self.hypothesis.certainty if self.hypothesis else Certainty.UNKNOWN

    @property
    def struck(self) -> frozenset[str]:
        """The dependencies that fail because of it, its own among them."""
        return frozenset({self.dependency, *(one.dependency for one in self.consequences)})

    @property
    def origin(self) -> str:
        """The dependency where it is put right."""
        return (self.hypothesis.cause.owner if self.hypothesis else "") or self.dependency

    @property
    def is_hearsay(self) -> bool:
        """Whether it was told only by who could not be asked, and so has told nothing of what was asked for."""
        told = self.hypothesis.clues if self.hypothesis else ()
        return bool(told) and all(
            clue.origin is Origin.OBSERVATION and clue.state is DependencyState.UNKNOWN for clue in told
        )

    @property
    def is_logged(self) -> bool:
        """Whether it rests on errors alone that a service has met, as it tells itself."""
        told = self.hypothesis.clues if self.hypothesis else ()
        return bool(told) and all(clue.origin is Origin.LOG for clue in told)

    @property
    def is_pattern(self) -> bool:
        """Whether only a pattern of attempts confirms it, and not one of them by itself."""
        support = self.hypothesis.support if self.hypothesis else ()
        proofs = [clue for one in support if one.sign.weight >= CONFIRMING for clue in one.clues]
        return bool(proofs) and all(clue.origin is Origin.FACT and clue.probe == INTERMITTENT for clue in proofs)

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """Greater explains more."""
        weight = self.hypothesis.weight if self.hypothesis else 0
        return self.certainty is Certainty.CONFIRMED, self.hypothesis is not None, weight


@dataclass(frozen=True, slots=True)
class _Scene:
    """What stands on what, and who was told of by the same answers."""

    graph: Graph
    clues: Sequence[Clue]

    def is_unheard(self, finding: Finding, other: Finding) -> bool:
        """Whether nothing is wrong with it but that answers did not come, which tell of *other*, too."""
        bad = [clue for clue in self.clues if clue.dependency == finding.dependency and clue.is_failing]
        shared = {clue.source for clue in self.clues if clue.dependency == other.dependency and clue.source}
        return (
            finding.hypothesis is None
            and other.certainty is Certainty.CONFIRMED
            and bool(bad)
            and all(clue.timed_out and clue.source in shared for clue in bad)
        )

    def is_shadow(self, name: str, other: Finding) -> bool:
        """Whether *name* stands on what is confirmed to fail, and fails in its words, or just when that does."""
        cause = other.hypothesis.cause if other.hypothesis else None
        stands = other.dependency in self.graph.stands_on(name)
        if cause is None or not stands or other.certainty is not Certainty.CONFIRMED:
            return False
        seen = [clue for clue in self.clues if clue.origin is Origin.OBSERVATION and clue.dependency == name]
        failing = [clue for clue in seen if clue.is_failing]
        words = [*(sign for sign in cause.signs if sign.text), *cause.met]
        unnamed = [clue for clue in failing if not any(sign.matches(clue) for sign in words)]
        well = [clue for clue in seen if clue.state is DependencyState.UP]
        return bool(failing) and (not unnamed or coincide(unnamed, well, other.dependency, self.clues))


def separate(
    hypotheses: Sequence[Hypothesis], troubled: Iterable[str], clues: Sequence[Clue], graph: Graph
) -> list[Finding]:
    """One finding for each cause that stands by itself, the strongest first.

    *troubled* are the dependencies that were seen to fail: one that no hypothesis is about is found, too.
    """
    here: dict[str, list[Hypothesis]] = {name: [] for name in dict.fromkeys(troubled)}
    for hypothesis in hypotheses:
        here.setdefault(hypothesis.dependency, []).append(hypothesis)
    found = [finding for name, ones in here.items() for finding in _at(name, ones, clues)]
    standing = _absorbed(sorted(found, key=lambda one: one.rank, reverse=True), _Scene(graph, clues))
    causes = {one.cause for one in standing}
    for finding in standing:
        # What stands as a finding of its own, elsewhere, was not ruled out.
        finding.rivals = tuple(rival for rival in finding.rivals if rival.cause not in causes)
    return standing


def _at(name: str, hypotheses: Sequence[Hypothesis], clues: Sequence[Clue]) -> list[Finding]:
    """What is found at one dependency: all that is confirmed, or else the likeliest suspicion."""
    standing = _not_ruled_out(hypotheses, clues)
    confirmed = [one for one in standing if one.certainty is Certainty.CONFIRMED]
    leading = _without_brought(confirmed) or standing[:1]
    if not leading:
        return [Finding(dependency=name)]
    return [Finding(dependency=name, hypothesis=one, rivals=_rivals(one, hypotheses, clues)) for one in leading]


def _not_ruled_out(hypotheses: Sequence[Hypothesis], clues: Sequence[Clue]) -> list[Hypothesis]:
    """Those that no likelier one rules out."""
    standing: list[Hypothesis] = []
    for hypothesis in hypotheses:
        ruled_out = (
            rival.cause == hypothesis.cause.id and any(sign.found_in(clues) for sign in rival.ruled_out_by)
            for other in standing
            if not _is_beyond(hypothesis, other)
            for rival in other.cause.rivals
        )
        if not any(ruled_out):
            standing.append(hypothesis)
    return standing


def _without_brought(hypotheses: Sequence[Hypothesis]) -> list[Hypothesis]:
    return [
        one
        for one in hypotheses
        if all(
            one.cause.id != brings.cause or _is_beyond(one, cause)
            for cause in hypotheses
            for brings in cause.cause.brings
        )
    ]


def _rivals(leading: Hypothesis, others: Sequence[Hypothesis], clues: Sequence[Clue]) -> tuple[RuledOut, ...]:
    """What the knowledge base names as looking alike, and what else signs spoke for, with what rules it out."""
    known = [
        RuledOut(
            cause=rival.cause,
            separates=rival.separates,
            by=tuple(dict.fromkeys(clue.ref for sign in rival.ruled_out_by for clue in sign.found_in(clues))),
        )
        for rival in leading.cause.rivals
    ]
    named = {rival.cause for rival in known} | {leading.cause.id}
    weaker = [
        RuledOut(cause=other.cause.id, separates=f"less speaks for it: {other.support[0].sign.says}")
        for other in others
        if other.cause.id not in named and other.certainty is not Certainty.CONFIRMED
    ]
    return (*known, *weaker)


def _absorbed(findings: Sequence[Finding], scene: _Scene) -> list[Finding]:
    """The findings that stand by themselves, each with those that are a consequence of it.

    *findings* are the strongest first: of two that would explain each other the stronger one does.
    """
    possible = {
        number: [other for other, cause in enumerate(findings) if _explains(cause, finding, scene)]
        for number, finding in enumerate(findings)
    }
    explained = {
        number: [other for other in others if other < number or number not in _behind(other, possible)]
        for number, others in possible.items()
    }
    for number, finding in enumerate(findings):
        for root in _behind(number, explained):
            if not explained[root]:
                findings[root].consequences.append(_consequence(finding, findings[root], scene))
    return [finding for number, finding in enumerate(findings) if not explained[number]]


def _behind(number: int, explained: Mapping[int, Sequence[int]]) -> list[int]:
    """Everything that the finding of that *number* follows from, nearest first."""
    reached: dict[int, None] = {}
    waiting = list(explained[number])
    while waiting:
        one = waiting.pop(0)
        if one not in reached:
            reached[one] = None
            waiting += explained[one]
    return list(reached)


def _explains(other: Finding, finding: Finding, scene: _Scene) -> bool:
    """Whether *finding* follows from *other*: known to be brought about by it, or above it with no sign of its own."""
    if other is finding:
        return False
    if other.cause == finding.cause and other.hypothesis is not None:
        stands = other.dependency in scene.graph.stands_on(finding.dependency)
        return other.hypothesis.cause.shared or stands or finding.is_hearsay
    if known := _known(other, finding):
        reached = any(_reaches(one, other, finding, scene.graph) for one in known)
        return reached and other.certainty is Certainty.CONFIRMED
    if finding.certainty is Certainty.CONFIRMED:
        return finding.is_pattern and scene.is_shadow(finding.dependency, other)
    return other.dependency in scene.graph.stands_on(finding.dependency) or scene.is_unheard(finding, other)


def _known(other: Finding, finding: Finding) -> list[Brings]:
    """What the knowledge base says of how *other* may bring about what was found."""
    brings = other.hypothesis.cause.brings if other.hypothesis else ()
    return [one for one in brings if one.cause == finding.cause]


def _is_beyond(hypothesis: Hypothesis, cause: Hypothesis) -> bool:
    """Whether *cause* says nothing against *hypothesis*.

    It is one service's own affair, and another one tells what speaks for *hypothesis*; or it is only remembered, and
    what speaks for *hypothesis* is seen.
    """
    within = any(one.cause == hypothesis.cause.id and one.within for one in cause.cause.brings)
    return (within and _is_told_elsewhere(hypothesis, cause)) or (hypothesis.is_seen and cause.is_past)


def _reaches(brings: Brings, other: Finding, finding: Finding, graph: Graph) -> bool:
    """Whether what *other* is known to bring about may be what was found, where and by whom it was."""
    if finding.hypothesis is None or other.hypothesis is None or _is_beyond(finding.hypothesis, other.hypothesis):
        return False
    return not brings.above or other.dependency in {finding.dependency, *graph.beneath(finding.dependency)}


def _is_told_elsewhere(hypothesis: Hypothesis, cause: Hypothesis) -> bool:
    """Whether a service tells what speaks for *hypothesis* that has told nothing of *cause*."""
    told_by = _witnesses(cause)
    return bool(told_by and _witnesses(hypothesis) - told_by)


def _witnesses(hypothesis: Hypothesis) -> set[str]:
    """The services that told what speaks for it; what was asked directly is a witness of its own."""
    return {clue.asked or clue.source for clue in hypothesis.clues if clue.source}


def _consequence(finding: Finding, root: Finding, scene: _Scene) -> Consequence:
    known = next((one.says for one in _known(root, finding) if _reaches(one, root, finding, scene.graph)), "")
    below = scene.graph.chain(finding.dependency, root.dependency)
    if not known and below:
        known = f"it stands on {', on '.join(below[1:])}"
    if not known and finding.is_hearsay:
        known = "only who could not be asked told of it"
    if not known and root.dependency not in scene.graph.stands_on(finding.dependency):
        known = f"the answer that tells of it waits for {root.dependency}" if scene.is_unheard(finding, root) else ""
    says = known or f"it is seen through {root.dependency}"
    cause = "" if finding.cause == UNKNOWN else finding.cause
    return Consequence(dependency=finding.dependency, cause=cause, says=says)
