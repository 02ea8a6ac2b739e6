"""Gates: evidence becomes *holds*, *fails* or *cannot tell*, with what is missing named."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from ci_tools.evidence.events import Sampled
from ci_tools.model import CoverageGate, GateState, Outcome, Phase, ReliabilityGate
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


def judge_reliability(gate: ReliabilityGate, phase: int, samples: Sequence[Sampled]) -> GateResult:
    """The sequential test over the attempts that are evidence; without a decision it cannot tell."""
    votes = [sample for sample in samples if sample.good is not None]
    decision = sprt((bool(sample.good) for sample in votes), floor=gate.floor, target=gate.target)
    judged = votes[: decision.n]
    timed = [sample.observation for sample in judged if sample.observation.latency_s is not None]
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
        missing=_missing_attempts(gate, samples, decision),
        detail=_bad_attempts(judged) if decision.state is GateState.FAILS else "",
    )


def _missing_attempts(gate: ReliabilityGate, samples: Sequence[Sampled], decision: Sequential) -> str:
    if decision.state is not GateState.CANNOT_TELL:
        return ""
    void = [sample.observation for sample in samples if sample.good is None]
    reasons = Counter(_words(observation.code, observation.text) for observation in void)
    said = f"; {len(void)} attempts are no evidence: {reasons.most_common(1)[0][0]}" if void else ""
    if not decision.n:
        return f"no attempt of probe {gate.probe!r} is evidence{said}"
    return f"undecided after {decision.n} of at most {gate.cap} attempts ({decision.good} good){said}"


def _bad_attempts(samples: Iterable[Sampled]) -> str:
    reasons = Counter(_why(sample) for sample in samples if not sample.good)
    return "; ".join(f"{count} times {reason}" for reason, count in reasons.most_common(2))


def _why(sample: Sampled) -> str:
    observation = sample.observation
    said = _words(observation.code, observation.text)
    if said:
        return said
    return f"{observation.state.value}" + ("" if observation.latency_s is None else ", too slow")


def _words(code: str | None, text: str) -> str:
    return " ".join(part for part in (code or "", _first_line(text) if text else "") if part)


def judge_gates(
    phase: Phase,
    suites: Mapping[str, SuiteResult],
    tests: Sequence[TestResult],
    samples: Mapping[tuple[int, str], Sequence[Sampled]],
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
        judge_reliability(gate, phase.number, samples.get((phase.number, gate.name), ()))
        if isinstance(gate, ReliabilityGate)
        else judge_coverage(gate, phase.number, [suites[name] for name in gate.suites], tests)
        for gate in (*phase.gates, *implicit)
    ]
