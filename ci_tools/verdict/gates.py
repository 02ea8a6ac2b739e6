"""Gates: evidence becomes *holds*, *fails* or *cannot tell*, with what is missing named."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from ci_tools.evidence.events import Sampled
from ci_tools.model import CoverageGate, DependencyState, GateState, Observation, Outcome, Phase, ReliabilityGate
from ci_tools.verdict.judgement import GateResult, SuiteResult, TestResult
from ci_tools.verdict.statistics import Sequential, latency, sprt, wilson


def judge_coverage(
    gate: CoverageGate, phase: int, suites: Sequence[SuiteResult], tests: Iterable[TestResult]
) -> GateResult:
    """Passed / planned against the floor; any undecided test leaves it open unless failure is certain."""
    planned = sum(suite.planned for suite in suites)
    passed = sum(suite.passed for suite in suites)
    undecided = sum(suite.undecided for suite in suites)
    uncollected = [problem for suite in suites for problem in suite.problems]
    state = _covered(gate.floor, planned, passed, undecided, uncollected)
    mine = [test for test in tests if test.suite in gate.suites and test.phase == phase]
    return GateResult(
        gate=gate,
        phase=phase,
        state=state,
        observed=passed / planned if planned else None,
        n=planned,
        good=passed,
        missing=_missing_tests(suites, mine, planned) if state is GateState.CANNOT_TELL else "",
        detail=_failures(mine) if state is GateState.FAILS else "",
    )


def _covered(floor: float, planned: int, passed: int, undecided: int, uncollected: Sequence[str]) -> GateState:
    if planned and (passed + undecided) / planned < floor:
        return GateState.FAILS
    if not planned or undecided or uncollected:
        return GateState.CANNOT_TELL
    return GateState.HOLDS


def _missing_tests(suites: Sequence[SuiteResult], tests: Sequence[TestResult], planned: int) -> str:
    if not planned:
        return "no test was collected"
    counts: Counter[Outcome] = sum((Counter(suite.counts) for suite in suites), Counter())
    lost = planned - sum(suite.collected for suite in suites)
    blockers = Counter(test.blocked_by for test in tests if test.blocked_by)
    parts = [
        f"{lost} of {planned} never collected" if lost else "",
        *(
            f"{counts[outcome]} {outcome.value.replace('_', ' ')}"
            for outcome in (Outcome.SKIPPED, Outcome.BLOCKED)
            if counts[outcome]
        ),
        f"{counts[Outcome.NOT_RUN] - lost} not run" if counts[Outcome.NOT_RUN] > lost else "",
        *(f"blocked by {dependency}" for dependency in sorted(blockers)),
        *(problem for suite in suites for problem in suite.problems[:1]),
    ]
    return "; ".join(part for part in parts if part)


def _failures(tests: Iterable[TestResult]) -> str:
    bad = [test for test in tests if test.outcome in (Outcome.FAILED, Outcome.ERRORED)]
    if not bad:
        return ""
    first = bad[0]
    name = first.node_id.rpartition("::")[2]
    more = f" (+{len(bad) - 1} more)" if len(bad) > 1 else ""
    return f"{name}: {_first_line(first.reason)}{more}"


def _first_line(text: str, width: int = 160) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), "no message")
    return line if len(line) <= width else f"{line[: width - 1]}…"


def is_good(gate: ReliabilityGate, observation: Observation, time_scale: float) -> bool | None:
    """Whether one attempt speaks for the dependency; None where it is no evidence (we were throttled)."""
    if observation.state is DependencyState.UNKNOWN:
        return None
    if observation.state is not DependencyState.UP:
        return False
    if gate.under_s is None:
        return True
    return observation.latency_s is not None and observation.latency_s < gate.under_s * time_scale


def decide(gate: ReliabilityGate, observations: Iterable[Observation], time_scale: float) -> Sequential:
    """The sequential test over those *observations* that are evidence."""
    votes = (is_good(gate, observation, time_scale) for observation in observations)
    return sprt((vote for vote in votes if vote is not None), floor=gate.floor, target=gate.target)


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
        missing=_missing_attempts(gate, observations, decision),
        detail=_bad_attempts(gate, judged, time_scale) if decision.state is GateState.FAILS else "",
    )


def _missing_attempts(gate: ReliabilityGate, observations: Sequence[Observation], decision: Sequential) -> str:
    if decision.state is not GateState.CANNOT_TELL:
        return ""
    void = [one for one in observations if one.state is DependencyState.UNKNOWN]
    reasons = Counter(_words(one.code, one.text) for one in void)
    said = f"; {len(void)} attempts are no evidence: {reasons.most_common(1)[0][0]}" if void else ""
    if not decision.n:
        return f"no attempt of probe {gate.probe!r} is evidence{said}"
    return f"undecided after {decision.n} of at most {gate.cap} attempts ({decision.good} good){said}"


def _bad_attempts(gate: ReliabilityGate, observations: Iterable[Observation], time_scale: float) -> str:
    reasons = Counter(_why(gate, one, time_scale) for one in observations if not is_good(gate, one, time_scale))
    return "; ".join(f"{count} times {reason}" for reason, count in reasons.most_common(2))


def _why(gate: ReliabilityGate, observation: Observation, time_scale: float) -> str:
    if observation.state is DependencyState.UP and gate.under_s is not None:
        return f"slower than {gate.under_s * time_scale:g} s"
    return _words(observation.code, observation.text) or observation.state.value


def _words(code: str | None, text: str) -> str:
    return " ".join(part for part in (code or "", _first_line(text) if text else "") if part)


def judge_gates(
    phase: Phase,
    suites: Mapping[str, SuiteResult],
    tests: Sequence[TestResult],
    samples: Mapping[tuple[int, str], Sequence[Sampled]],
    time_scale: float,
) -> list[GateResult]:
    """Every gate of *phase*; a suite that no gate covers is held to 100 %."""
    covered = {name for gate in phase.gates if isinstance(gate, CoverageGate) for name in gate.suites}
    implicit = [
        CoverageGate(
            name=f"{suite.name} passes",
            dependency=suite.requires[0] if suite.requires else suite.name,
            suites=(suite.name,),
            floor=1.0,
        )
        for suite in phase.suites
        if suite.name not in covered
    ]
    return [
        judge_reliability(gate, phase.number, samples.get((phase.number, gate.name), ()), time_scale)
        if isinstance(gate, ReliabilityGate)
        else judge_coverage(gate, phase.number, [suites[name] for name in gate.suites], tests)
        for gate in (*phase.gates, *implicit)
    ]
