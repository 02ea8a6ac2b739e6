"""Gates: evidence becomes *holds*, *fails* or *cannot tell*, with what is missing named."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from ci_tools.evidence.events import Sampled
from ci_tools.model import (
    FAILURES,
    Change,
    CoverageGate,
    DependencyState,
    GateState,
    Observation,
    Outcome,
    Phase,
    ReliabilityGate,
)
from ci_tools.texts import first_line
from ci_tools.verdict.changes import changed
from ci_tools.verdict.judgement import GateResult, SuiteResult, TestResult
from ci_tools.verdict.statistics import Sequential, latency, sprt, wilson

_LONGEST_LINE = 160


def judge_coverage(
    gate: CoverageGate, phase: int, known: Mapping[str, SuiteResult], tests: Iterable[TestResult]
) -> GateResult:
    """Passed / planned against the floor; any undecided test leaves it open unless failure is certain."""
    suites = [known[name] for name in gate.suites if name in known]
    planned = sum(suite.planned for suite in suites)
    passed = sum(suite.passed for suite in suites)
    state = covered(gate, suites)
    mine = [test for test in tests if test.suite in gate.suites and test.phase == phase]
    return GateResult(
        gate=gate,
        phase=phase,
        state=state,
        observed=passed / planned if planned else None,
        n=planned,
        good=passed,
        missing=_missing_tests(gate, suites, mine) if state is GateState.CANNOT_TELL else "",
        detail=_failures(mine) if state is GateState.FAILS else "",
        changes=changed(mine),
    )


def covered(gate: CoverageGate, suites: Sequence[SuiteResult]) -> GateState:
    """Whether the tests of those *suites* that are there reach the floor, whatever becomes of the undecided ones."""
    planned = sum(suite.planned for suite in suites)
    undecided = sum(suite.undecided for suite in suites)
    reachable = sum(suite.passed for suite in suites) + undecided
    open_ended = len(suites) < max(1, len(gate.suites)) or any(suite.open_ended for suite in suites)
    # Among tests without number any rate can still be reached, except the one that tolerates no failure.
    if reachable < planned and (gate.floor >= 1 if open_ended else reachable / planned < gate.floor):
        return GateState.FAILS
    if open_ended or undecided or any(suite.problems for suite in suites):
        return GateState.CANNOT_TELL
    return GateState.HOLDS


def _missing_tests(gate: CoverageGate, suites: Sequence[SuiteResult], tests: Sequence[TestResult]) -> str:
    planned = sum(suite.planned for suite in suites)
    absent = [name for name in gate.suites if name not in {suite.name for suite in suites}]
    counts: Counter[Outcome] = sum((Counter(suite.counts) for suite in suites), Counter())
    lost = planned - sum(suite.collected for suite in suites)
    blockers = Counter(test.blocked_by for test in tests if test.blocked_by)
    parts = [
        *(f"the phase has no suite {name!r}" for name in absent),
        *(f"no test of {suite.name} was collected" for suite in suites if not suite.planned),
        f"{lost} of {planned} never collected" if lost else "",
        f"{counts[Outcome.SKIPPED]} skipped" if counts[Outcome.SKIPPED] else "",
        *(f"{count} blocked by {dependency}" for dependency, count in sorted(blockers.items())),
        f"{counts[Outcome.NOT_RUN] - lost} not run" if counts[Outcome.NOT_RUN] > lost else "",
        *(problem for suite in suites for problem in suite.problems[:1]),
    ]
    return "; ".join(part for part in parts if part) or "the gate names no suite"


def _failures(tests: Iterable[TestResult]) -> str:
    bad = [test for test in tests if test.outcome in FAILURES]
    # What is new is what a person looks for.
    first = min(bad, key=lambda test: test.change is not Change.NEWLY_FAILING)
    path, bracket, parameters = first.node_id.partition("[")
    name = path.rpartition("::")[2] + bracket + parameters
    more = f" (+{len(bad) - 1} more)" if len(bad) > 1 else ""
    known = Counter(test.change.value for test in bad if test.change)
    since = f"; {', '.join(f'{count} {kind}' for kind, count in sorted(known.items()))}" if known else ""
    return f"{name}: {_in_short(first.reason)}{more}{since}"


def _in_short(text: str) -> str:
    line = first_line(text) or "no message"
    return line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 1]}…"


def is_good(gate: ReliabilityGate, observation: Observation, time_scale: float) -> bool | None:
    """Whether one attempt speaks for the dependency; None where it is no evidence (throttled, not measured)."""
    if observation.state is DependencyState.UNKNOWN:
        return None
    if observation.state is not DependencyState.UP:
        return False
    if gate.under_s is None:
        return True
    if observation.timed_out:
        return False
    return None if observation.latency_s is None else observation.latency_s < gate.under_s * time_scale


def decide(gate: ReliabilityGate, observations: Iterable[Observation], time_scale: float) -> Sequential:
    """The sequential test over those *observations* that are evidence, at most as many as the gate's cap."""
    votes = (is_good(gate, observation, time_scale) for observation in observations)
    evident = (vote for vote in votes if vote is not None)
    return sprt(islice(evident, gate.cap), floor=gate.floor, target=gate.target)


def judge_reliability(gate: ReliabilityGate, phase: int, samples: Sequence[Sampled], time_scale: float) -> GateResult:
    """The sequential test over the attempts that are evidence; without a decision it cannot tell."""
    observations = [sample.observation for sample in samples]
    decision = decide(gate, observations, time_scale)
    votes = [one for one in observations if is_good(gate, one, time_scale) is not None]
    judged = votes[: decision.n]
    timed = [one for one in judged if one.latency_s is not None]
    return GateResult(
        gate=gate,
        phase=phase,
        state=decision.state,
        observed=decision.good / decision.n if decision.n else None,
        n=decision.n,
        good=decision.good,
        interval=wilson(decision.good, decision.n),
        latency=latency(
            [observation.latency_s for observation in timed if observation.latency_s is not None],
            censored=sum(observation.timed_out for observation in timed),
        ),
        missing=_missing_attempts(gate, observations, decision, time_scale),
        detail=_bad_attempts(gate, judged, time_scale) if decision.state is GateState.FAILS else "",
    )


_GRAVEST_FIRST = (GateState.FAILS, GateState.HOLDS, GateState.CANNOT_TELL)


def judge_observers(
    gate: ReliabilityGate, phase: int, samples: Mapping[str, Sequence[Sampled]], time_scale: float
) -> GateResult:
    """Each observer by itself, for their attempts are not one sequence: one that decided counts, a failure first."""
    results = [judge_reliability(gate, phase, seen, time_scale) for seen in samples.values() or [()]]
    return min(results, key=lambda result: (_GRAVEST_FIRST.index(result.state), -result.n))


def _missing_attempts(
    gate: ReliabilityGate, observations: Sequence[Observation], decision: Sequential, time_scale: float
) -> str:
    if decision.state is not GateState.CANNOT_TELL:
        return ""
    if not observations:
        through = f": it looks through {', '.join(gate.requires)}" if gate.requires else ""
        return f"probe {gate.probe!r} was never asked{through}"
    void = [one for one in observations if is_good(gate, one, time_scale) is None]
    reasons = Counter(_words(one.code, one.text) or _void(one) for one in void)
    said = f"; {len(void)} attempts are no evidence: {reasons.most_common(1)[0][0]}" if void else ""
    if not decision.n:
        return f"no attempt of probe {gate.probe!r} is evidence{said}"
    return f"undecided after {decision.n} of at most {gate.cap} attempts ({decision.good} good){said}"


def _void(observation: Observation) -> str:
    return "its latency was not measured" if observation.state is DependencyState.UP else "nothing was seen"


def _bad_attempts(gate: ReliabilityGate, observations: Sequence[Observation], time_scale: float) -> str:
    reasons = Counter(_why(gate, one, time_scale) for one in observations if not is_good(gate, one, time_scale))
    tried = "attempt" if len(observations) == 1 else "attempts"
    told = (f"{count} of {len(observations)} {tried}: {reason}" for reason, count in reasons.most_common(2))
    return "; ".join(told)


def _why(gate: ReliabilityGate, observation: Observation, time_scale: float) -> str:
    if observation.state is DependencyState.UP and gate.under_s is not None:
        return "timed out" if observation.timed_out else f"slower than {gate.under_s * time_scale:g} s"
    return _words(observation.code, observation.text) or observation.state.value


def _words(code: str | None, text: str) -> str:
    """The code, and what was said; once where that begins with the code."""
    said = _in_short(text) if text else ""
    return said if code and said.split(" ", 1)[0] == code else " ".join(part for part in (code or "", said) if part)


def judge_gates(
    phase: Phase,
    suites: Mapping[str, SuiteResult],
    tests: Sequence[TestResult],
    samples: Mapping[tuple[int, str], Mapping[str, Sequence[Sampled]]],
    time_scale: float,
) -> list[GateResult]:
    """Every gate of *phase*; a suite that no gate covers is held to 100 %. Samples are by phase, gate and observer."""
    covered = {name for gate in phase.gates if isinstance(gate, CoverageGate) for name in gate.suites}
    implicit = [
        CoverageGate(
            name=f"{suite.name} passes",
            # Never one that it requires: a suite does not judge what it stands on.
            dependency=suite.name,
            suites=(suite.name,),
            floor=1.0,
        )
        for suite in phase.suites
        if suite.name not in covered
    ]
    return [
        judge_observers(gate, phase.number, samples.get((phase.number, gate.name), {}), time_scale)
        if isinstance(gate, ReliabilityGate)
        else judge_coverage(gate, phase.number, suites, tests)
        for gate in (*phase.gates, *implicit)
    ]
