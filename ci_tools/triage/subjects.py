"""What a campaign has to tell: its incidents, and what fails a gate without being part of any."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ci_tools.diagnosis.hypotheses import Certainty
from ci_tools.diagnosis.incidents import UNKNOWN, Incident
from ci_tools.escalation.timers import Moment
from ci_tools.escalation.urgency import Figures
from ci_tools.model import FAILURES, CoverageGate, DependencyState, GateState
from ci_tools.triage.seen import Seen
from ci_tools.verdict.judgement import GateResult, Judgement, SuiteResult, TestResult

_PROBED = re.compile(r"([a-z][a-z0-9_]*)#\d+")
"""How the diagnosis refers to an observation: the probe and its number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What one issue is about."""

    dependency: str
    incident: Incident | None
    """None: gates fail, and no incident explains them."""
    gates: tuple[GateResult, ...]
    """Those that fail because of it."""
    undecided: tuple[GateResult, ...]
    """Those that cannot tell because of it, or are about the same dependency and cannot tell."""
    tests: tuple[TestResult, ...]
    """Those that fail because of it."""
    suites: tuple[SuiteResult, ...]
    """Those that it takes something from."""

    @property
    def cause(self) -> str:
        """The id of its cause."""
        return self.incident.cause if self.incident else UNKNOWN

    @property
    def certainty(self) -> Certainty:
        """How sure that is."""
        return self.incident.certainty if self.incident else Certainty.UNKNOWN

    @property
    def radius(self) -> int:
        """How much it takes along: tests and gates."""
        held = len(self.incident.blocked) if self.incident else 0
        return len(self.tests) + held + len(self.gates) + len(self.undecided)

    @property
    def probes(self) -> list[str]:
        """The probes that showed it."""
        proofs = self.incident.evidence if self.incident else ()
        found = [match[1] for proof in proofs if (match := _PROBED.fullmatch(proof.ref))]
        return list(dict.fromkeys(found))


def subjects_in(seen: Seen) -> tuple[Subject, ...]:
    """One subject for each cause at a dependency, the strongest incident first, and what is left by dependency."""
    incidents = _each_once(seen.incidents)
    owners = {id(gate): _explaining(gate, incidents, seen.judgement) for gate in _of(seen.judgement, GateState.FAILS)}
    told = [_of_incident(one, place, seen, owners) for place, one in enumerate(incidents)]
    left = [gate for gate in _of(seen.judgement, GateState.FAILS) if not owners[id(gate)]]
    alone = dict.fromkeys(gate.gate.dependency for gate in left)
    return (*told, *(_of_gates(name, [gate for gate in left if gate.gate.dependency == name], seen) for name in alone))


def _each_once(incidents: Iterable[Incident]) -> list[Incident]:
    """What has one cause at one dependency is one, whatever windows it was seen in."""
    found: dict[tuple[str, str], Incident] = {}
    for one in incidents:
        key = (one.cause, one.dependency)
        found[key] = _joined(found[key], one) if key in found else one
    return list(found.values())


def _joined(one: Incident, other: Incident) -> Incident:
    firsts = [at for at in (one.first_seen, other.first_seen) if at]
    lasts = [at for at in (one.last_seen, other.last_seen) if at]
    return replace(
        one,
        evidence=tuple(dict.fromkeys((*one.evidence, *other.evidence))),
        consequences=tuple(dict.fromkeys((*one.consequences, *other.consequences))),
        failed=tuple(dict.fromkeys((*one.failed, *other.failed))),
        blocked=tuple(dict.fromkeys((*one.blocked, *other.blocked))),
        masked=tuple(dict.fromkeys((*one.masked, *other.masked))),
        value=tuple(dict.fromkeys((*one.value, *other.value))),
        first_seen=min(firsts, default=None),
        last_seen=max(lasts, default=None),
    )


def _of(judgement: Judgement, state: GateState) -> list[GateResult]:
    return [gate for gate in judgement.gates if gate.state is state]


def _explaining(result: GateResult, incidents: Sequence[Incident], judgement: Judgement) -> list[int]:
    """The places of the incidents because of which a gate fails."""
    if isinstance(result.gate, CoverageGate):
        mine = {
            test.node_id
            for test in judgement.tests
            if test.phase == result.phase and test.suite in result.gate.suites and test.outcome in FAILURES
        }
        by_tests = [place for place, one in enumerate(incidents) if not mine.isdisjoint(one.failed)]
        if by_tests:
            return by_tests
    return [place for place, one in enumerate(incidents) if result.gate.dependency in _struck(one)]


def _struck(incident: Incident) -> set[str]:
    return {incident.dependency, *(one.dependency for one in incident.consequences)}


def _of_incident(incident: Incident, place: int, seen: Seen, owners: dict[int, list[int]]) -> Subject:
    judgement = seen.judgement
    failed = frozenset(incident.failed)
    hit = failed | frozenset(incident.blocked)
    tests = tuple(test for test in judgement.tests if test.node_id in failed)
    touched = {(test.phase, test.suite) for test in judgement.tests if test.node_id in hit}
    masked = frozenset(incident.masked)
    return Subject(
        dependency=incident.dependency,
        incident=incident,
        gates=tuple(gate for gate in _of(judgement, GateState.FAILS) if place in owners[id(gate)]),
        undecided=tuple(gate for gate in _of(judgement, GateState.CANNOT_TELL) if gate.gate.name in masked),
        tests=tests,
        suites=tuple(suite for suite in judgement.suites if (suite.phase, suite.name) in touched),
    )


def _of_gates(name: str, gates: Sequence[GateResult], seen: Seen) -> Subject:
    judgement = seen.judgement
    own = {(gate.phase, suite) for gate in gates if isinstance(gate.gate, CoverageGate) for suite in gate.gate.suites}
    open_gates = [gate for gate in _of(judgement, GateState.CANNOT_TELL) if gate.gate.dependency == name]
    tests = [test for test in judgement.tests if (test.phase, test.suite) in own and test.outcome in FAILURES]
    return Subject(
        dependency=name,
        incident=None,
        gates=tuple(gates),
        undecided=tuple(open_gates),
        tests=tuple(tests),
        suites=tuple(suite for suite in judgement.suites if (suite.phase, suite.name) in own),
    )


def figures_of(subject: Subject, seen: Seen) -> Figures:
    """The numbers by which the urgency of *subject* is assessed."""
    return Figures(
        gates=subject.gates,
        suites=seen.judgement.suites,
        hit=frozenset((test.phase, test.suite) for test in subject.tests),
        time_scale=seen.judgement.time_scale,
        moments=tuple(_moments(subject, seen)),
    )


def _moments(subject: Subject, seen: Seen) -> list[Moment]:
    """When it was looked at: by probes, and by the first and the last thing that showed it."""
    looks = [
        Moment(one.at, one.state is not DependencyState.UP)
        for one in seen.looks(subject.dependency)
        if one.at is not None
    ]
    incident = subject.incident
    shown = [incident.first_seen, incident.last_seen] if incident else [seen.judgement.started_at]
    bad = [Moment(at, is_bad=True) for at in dict.fromkeys(shown) if at is not None]
    return sorted(dict.fromkeys([*looks, *bad]), key=lambda one: (one.at, one.is_bad))
