"""From what a campaign saw to its incidents: each with one cause, what proves it, and what it has on its conscience."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ci_tools.diagnosis.clues import Clue, Origin
from ci_tools.diagnosis.facts import with_facts
from ci_tools.diagnosis.findings import Finding, separate
from ci_tools.diagnosis.graph import Graph
from ci_tools.diagnosis.hypotheses import Certainty, hypotheses
from ci_tools.diagnosis.incidents import Incident, Proof
from ci_tools.diagnosis.knowledge import CONFIRMING, Knowledge
from ci_tools.diagnosis.proofs import told
from ci_tools.diagnosis.seen import clues_of, failure_clue, judged_by, observations, since_deploy
from ci_tools.diagnosis.victims import FailingTest, assigned, needs
from ci_tools.diagnosis.whys import cascade, whys
from ci_tools.diagnosis.windows import windows
from ci_tools.model import (
    FAILURES,
    CoverageGate,
    Dependency,
    DependencyState,
    GateState,
    NodeId,
    Outcome,
    ReliabilityGate,
)
from ci_tools.verdict.fold import CampaignState
from ci_tools.verdict.judgement import GateResult, Judgement, TestResult


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that a diagnosis rests on."""

    judgement: Judgement
    knowledge: Knowledge
    graph: Graph
    dependencies: Mapping[str, Dependency]
    clues: tuple[Clue, ...]
    """What was observed, and the facts that follow from it; no failing test."""
    tests: tuple[FailingTest, ...]
    """The failing ones."""


def diagnose(state: CampaignState, judgement: Judgement, knowledge: Knowledge) -> tuple[Incident, ...]:
    """The incidents of a campaign, the strongest first; none where nothing failed."""
    case = _case(state, judgement, knowledge)
    found = separate(hypotheses(case.clues, knowledge), _troubled(case), case.clues, case.graph)
    outages = {one.dependency: windows(one.dependency, case.clues) for one in found}
    own = [(test, cause) for test in case.tests if (cause := knowledge.of_its_own(test.clue))]
    alone = [test for test, _ in own]
    taken, left = assigned([test for test in case.tests if test not in alone], found, outages, case.graph)
    for test, cause in own:
        mine = (at for at, one in enumerate(found) if one.cause == cause and not (test.clue.accepted and one.is_logged))
        if (number := next(mine, None)) is not None:
            taken[number].append(test)
            alone.remove(test)
    for test in list(left):
        # Whose words name a finding belongs to it, whenever it ran: an outage that comes and goes has no one window.
        if (number := _spoken_for(test, found, case)) is not None:
            taken[number].append(test)
            left.remove(test)
    charged = [(finding, taken[number]) for number, finding in enumerate(found)]
    charged += _of_their_own([*alone, *left], case)
    numbers: dict[str, int] = {}
    incidents = []
    for suspected, tests in charged:
        finding = _reconsidered(suspected, tests, case)
        number = numbers[finding.dependency] = numbers.get(finding.dependency, 0) + 1
        incidents.append(_incident(f"{finding.dependency}-{number}", finding, tests, case))
    return tuple(incidents)


def _spoken_for(test: FailingTest, found: Sequence[Finding], case: Case) -> int | None:
    """The finding whose very cause the words of *test* speak for, had they been said of what it has struck.

    Or whose cause a test meets in such words, if it needs what was struck or has asked the very service.
    """
    for number, finding in enumerate(found):
        for name in finding.struck if finding.hypothesis else ():
            # A failing test is not down itself; its words are those of something that was.
            clue = replace(test.clue, dependency=name, state=DependencyState.DOWN)
            if any(one.cause.id == finding.cause for one in hypotheses([clue], case.knowledge)):
                return number
    for number, finding in enumerate(found):
        if finding.hypothesis and any(sign.matches(test.clue) for sign in finding.hypothesis.cause.met):
            asked = {clue.asked for clue in finding.hypothesis.clues if clue.asked}
            is_hit = not finding.struck.isdisjoint(needs(test, case.graph))
            if is_hit or any(service in test.clue.text for service in asked):
                return number
    return None


def _case(state: CampaignState, judgement: Judgement, knowledge: Knowledge) -> Case:
    started = state.started
    dependencies = {one.name: one for one in (started.dependencies if started else ())}
    phases = [result.phase for result in judgement.phases]
    graph = Graph.of({name: one.needs for name, one in dependencies.items()}, phases)
    judges = judged_by(judgement)
    seen = clues_of(observations(state), judgement.time_scale)
    return Case(
        judgement=judgement,
        knowledge=knowledge,
        graph=graph,
        dependencies=dependencies,
        clues=tuple(with_facts(seen)),
        tests=tuple(
            _failing_test(test, state, judges.get(test.suite, ""))
            for test in judgement.tests
            if test.outcome in FAILURES
        ),
    )


def _failing_test(test: TestResult, state: CampaignState, judges: str) -> FailingTest:
    known = state.tests[test.node_id]
    attempts = [known.attempts[number] for number in sorted(known.attempts)]
    return FailingTest(
        clue=failure_clue(test, judges),
        judges=judges,
        requires=known.collected.requires if known.collected else (),
        began_at=next((one.started_at for one in attempts if one.started_at), None),
        ended_at=next((one.ended_at for one in reversed(attempts) if one.ended_at), None),
    )


def _troubled(case: Case) -> list[str]:
    """The dependencies that fail a gate of their own, or whose gate's probe found them struck the last time."""
    gates = [result for result in case.judgement.gates if isinstance(result.gate, ReliabilityGate)]
    last = {clue.asker: clue for clue in case.clues if clue.origin is Origin.OBSERVATION}
    struck = {probe for probe, clue in last.items() if clue.is_failing}
    return [
        result.gate.dependency
        for result in gates
        if result.state is GateState.FAILS or (isinstance(result.gate, ReliabilityGate) and result.gate.probe in struck)
    ]


def _of_their_own(left: Sequence[FailingTest], case: Case) -> list[tuple[Finding, list[FailingTest]]]:
    """What fails though all that it needs is well: one finding for each cause that their texts speak for."""
    observed = [clue for clue in case.clues if clue.origin is Origin.OBSERVATION]
    told = with_facts([*observed, *(replace(test.clue, dependency=_place(test, case)) for test in left)])
    facts = [clue for clue in told if clue.origin is Origin.FACT and clue.probe == "all_green"]
    groups: dict[tuple[str, str, bool], list[FailingTest]] = {}
    for test in left:
        place = _place(test, case)
        spoken = hypotheses([test.clue], case.knowledge) or hypotheses(_at(facts, place), case.knowledge)
        # An answer that forgets and one that is an error are not one behaviour.
        forgets = test.clue.accepted and bool(case.knowledge.of_its_own(test.clue))
        groups.setdefault((place, spoken[0].cause.id if spoken else "", forgets), []).append(test)
    return [(_alone(name, cause, tests, facts, case), tests) for (name, cause, _), tests in groups.items()]


def _place(test: FailingTest, case: Case) -> str:
    return case.graph.served_by(test.judges)


def _alone(name: str, cause: str, tests: Sequence[FailingTest], facts: Sequence[Clue], case: Case) -> Finding:
    clues = [*(replace(test.clue, dependency=name) for test in tests), *_at(facts, name)]
    spoken = [one for one in hypotheses(clues, case.knowledge) if one.cause.id == cause]
    return separate(spoken[:1], [] if spoken else [name], clues, case.graph)[0]


def _reconsidered(finding: Finding, tests: Sequence[FailingTest], case: Case) -> Finding:
    """A suspicion, or none, in the light of what its tests did with the deployment before."""
    fact = since_deploy(case.judgement, {test.clue.test for test in tests}, finding.dependency)
    if finding.certainty is Certainty.CONFIRMED or not fact:
        return finding
    clues = [*(finding.hypothesis.clues if finding.hypothesis else ()), *fact]
    likeliest = next(iter(hypotheses(_at(clues, finding.dependency), case.knowledge)), None)
    return replace(finding, hypothesis=likeliest or finding.hypothesis)


def _at(facts: Sequence[Clue], name: str) -> list[Clue]:
    return [fact for fact in facts if fact.dependency == name]


def _incident(name: str, finding: Finding, tests: Sequence[FailingTest], case: Case) -> Incident:
    cause = finding.hypothesis.cause if finding.hypothesis else None
    proofs = _proofs(finding, tests, case)
    failed = [NodeId(test.clue.test) for test in tests]
    blocked = _blocked(finding, case)
    masked = _masked(finding, case)
    struck = dict.fromkeys(one.dependency for one in finding.consequences if one.dependency != finding.dependency)
    at_home = case.dependencies.get(finding.dependency)
    owner = case.dependencies.get(cause.owner, at_home) if cause else at_home
    times = _times(finding, tests, case)
    return Incident(
        id=name,
        certainty=finding.certainty,
        cause=finding.cause,
        summary=cause.summary if cause else f"{finding.dependency} fails, and nothing that was seen says why",
        dependency=finding.dependency,
        owners=owner.owners if owner else (),
        owned_because=f"CODEOWNERS of /dependencies/{owner.name}" if owner else "",
        evidence=tuple(proofs),
        rivals=finding.rivals,
        consequences=tuple(finding.consequences),
        failed=tuple(failed),
        blocked=tuple(blocked),
        masked=tuple(result.gate.name for result in masked),
        first_seen=min(times, default=None),
        last_seen=max(times, default=None),
        value=_value({*failed, *blocked}, masked, case),
        remedy=cause.remedy if cause else (),
        verification=cause.verification if cause else "",
        whys=whys(
            finding,
            proofs=proofs,
            failed=len(failed),
            blocked=len(blocked),
            struck=list(struck),
            masked=[result.gate.name for result in masked],
        ),
        cascade=cascade(finding, case.graph, _hidden(masked, tests, case)),
    )


def _blocked(finding: Finding, case: Case) -> list[NodeId]:
    return [
        test.node_id
        for test in case.judgement.tests
        if test.outcome is Outcome.BLOCKED and test.blocked_by in finding.struck
    ]


def _proofs(finding: Finding, tests: Sequence[FailingTest], case: Case) -> list[Proof]:
    """What speaks for it, the discriminating first; of an unknown cause what was seen to fail."""
    if finding.hypothesis is not None:
        spoken = [
            (one.sign.says, one.sign.weight >= CONFIRMING, clue)
            for one in finding.hypothesis.support
            for clue in one.clues
        ]
    else:
        bad = [clue for clue in case.clues if clue.dependency == finding.dependency and clue.is_failing]
        spoken = [("it fails", False, clue) for clue in (*bad, *(test.clue for test in tests))]
    return told(spoken)


def _masked(finding: Finding, case: Case) -> list[GateResult]:
    """The gates that cannot tell because of it: their probe passes it, or their tests were held back by it."""
    blocking = {
        (test.phase, test.suite)
        for test in case.judgement.tests
        if test.outcome is Outcome.BLOCKED and test.blocked_by in finding.struck
    }
    return [result for result in case.judgement.gates if _is_masked(result, finding, blocking)]


def _hidden(masked: Sequence[GateResult], tests: Sequence[FailingTest], case: Case) -> list[str]:
    """What the *masked* gates and the failing *tests* would have judged, and whose code would have shown it."""
    judged = [*(result.gate.dependency for result in masked), *(test.judges for test in tests if test.judges)]
    beneath = {name for result in masked for name in case.graph.beneath(result.gate.dependency)}
    return list(dict.fromkeys([*judged, *map(case.graph.served_by, judged), *sorted(beneath & _untold(case))]))


def _untold(case: Case) -> set[str]:
    """The dependencies that somebody wanted to ask about, and nobody could."""
    asked = [clue for clue in case.clues if clue.origin is Origin.OBSERVATION]
    told = {clue.dependency for clue in asked if clue.state is not DependencyState.UNKNOWN}
    return {clue.dependency for clue in asked} - told


def _is_masked(result: GateResult, finding: Finding, blocking: set[tuple[int, str]]) -> bool:
    if result.state is not GateState.CANNOT_TELL:
        return False
    gate = result.gate
    if isinstance(gate, CoverageGate):
        return any((result.phase, suite) in blocking for suite in gate.suites)
    return not finding.struck.isdisjoint(gate.requires)


def _times(finding: Finding, tests: Sequence[FailingTest], case: Case) -> list[datetime]:
    own = [
        clue.at
        for clue in case.clues
        if clue.dependency == finding.dependency and clue.is_failing and clue.at is not None
    ]
    supporting = [clue.at for clue in (finding.hypothesis.clues if finding.hypothesis else ()) if clue.at is not None]
    ended = [test.ended_at for test in tests if test.ended_at is not None]
    return own + supporting + ended


def _value(hit: set[NodeId], masked: Sequence[GateResult], case: Case) -> tuple[str, ...]:
    """What is at stake while its victims fail or cannot tell, in the plan's order."""
    suites = {(test.phase, test.suite) for test in case.judgement.tests if test.node_id in hit}
    unseen = {
        (result.phase, suite)
        for result in masked
        if isinstance(result.gate, CoverageGate)
        for suite in result.gate.suites
    }
    named = [
        f"{suite.value} ({suite.name})"
        for suite in case.judgement.suites
        if suite.value and (suite.phase, suite.name) in suites | unseen
    ]
    return tuple(dict.fromkeys(named))
