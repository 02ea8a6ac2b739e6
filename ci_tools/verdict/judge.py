"""The judge: what a journal says becomes one verdict, with every missing thing named."""

from collections.abc import Sequence

from ci_tools.errors import EmptyJournalError
from ci_tools.model import Deployment, GateState, Phase, Plan, Verdict
from ci_tools.verdict.conservation import results_of_suites, results_of_tests
from ci_tools.verdict.fold import CampaignState
from ci_tools.verdict.gates import judge_gates
from ci_tools.verdict.judgement import GateResult, Judgement, PhaseResult, SuiteResult, TestResult
from ci_tools.verdict.kpis import results_of_kpis
from ci_tools.verdict.shards import missing_shards, unfinished


def judge(state: CampaignState) -> Judgement:
    """The verdict that the events in *state* support, and no other.

    Raises:
        EmptyJournalError: the events do not even say what was planned.
    """
    if state.started is None or state.plan is None:
        unread = f"; the journal's first problem: {state.problems[0]}" if state.problems else ""
        raise EmptyJournalError(
            f"the journal does not say what was planned (its campaign_started is missing{unread}): "
            "nothing can be judged; "
            "put the journal files of all jobs into one directory, or run the campaign again; "
            "heartbeats are for: ci-tools triage DIR"
        )
    plan = state.plan
    tests = results_of_tests(state, plan)
    suites = results_of_suites(state, plan, tests)
    gates = [gate for phase in plan.phases for gate in _gates_of(phase, state, plan, suites, tests)]
    phases = [_phase(phase, state, [gate for gate in gates if gate.phase == phase.number]) for phase in plan.phases]
    mixed = _mixed(state)
    open_questions = _open_questions(state, plan, tests)
    return Judgement(
        verdict=_verdict(phases, open_questions, mixed=bool(mixed)),
        reasons=tuple(mixed + _failing(gates) + open_questions + _undecided(gates, phases)),
        campaign=state.started.campaign,
        plan_name=plan.name,
        plan_reason=plan.reason,
        environment=plan.environment,
        time_scale=plan.time_scale,
        inconclusive=plan.inconclusive,
        faults=state.started.faults,
        seed=state.started.seed,
        left_out=plan.left_out,
        started_at=state.first_at,
        finished_at=state.last_at,
        complete=not missing_shards(state) and not state.interruptions,
        deployment=_deployment(state),
        previous=state.started.previous,
        phases=tuple(phases),
        suites=tuple(suites),
        gates=tuple(gates),
        tests=tuple(tests),
        kpis=tuple(results_of_kpis(plan, suites, gates)),
        problems=tuple(state.problems),
    )


def _gates_of(
    phase: Phase, state: CampaignState, plan: Plan, suites: Sequence[SuiteResult], tests: Sequence[TestResult]
) -> list[GateResult]:
    mine = {suite.name: suite for suite in suites if suite.phase == phase.number}
    return judge_gates(phase, mine, tests, state.samples, plan.time_scale)


def _phase(phase: Phase, state: CampaignState, gates: Sequence[GateResult]) -> PhaseResult:
    started = state.phases_started.get(phase.number)
    ends = [at for at, _ in state.phases_finished.get(phase.number, {}).values()]
    missing = [f"{gate.gate.name}: {gate.missing}" for gate in gates if gate.state is GateState.CANNOT_TELL]
    missing += ["never started"] if started is None else unfinished(phase, state)
    if not gates:
        missing.append("it holds neither gate nor suite: nothing was asked")
    states = {gate.state for gate in gates}
    verdict = Verdict.INCONCLUSIVE if missing else Verdict.PASS
    return PhaseResult(
        phase=phase,
        verdict=Verdict.FAIL if GateState.FAILS in states else verdict,
        started_at=started,
        finished_at=max(ends, default=None),
        missing=tuple(missing),
    )


def _verdict(phases: Sequence[PhaseResult], open_questions: Sequence[str], *, mixed: bool) -> Verdict:
    verdicts = {phase.verdict for phase in phases}
    if mixed:
        return Verdict.INCONCLUSIVE
    if Verdict.FAIL in verdicts:
        return Verdict.FAIL
    return Verdict.INCONCLUSIVE if Verdict.INCONCLUSIVE in verdicts or open_questions else Verdict.PASS


def _mixed(state: CampaignState) -> list[str]:
    """Why the evidence speaks of more than one thing, so that even a certain failure has no owner."""
    seen = list(dict.fromkeys(event.deployment for event in state.deployments if event.deployment))
    changed = "superseded: the deployment changed during the campaign, " + " → ".join(map(_short, seen))
    campaigns = [state.started.campaign if state.started else "", *dict.fromkeys(state.strangers)]
    return [
        *([changed] if len(seen) > 1 else []),
        *([f"several campaigns in one journal: {', '.join(campaigns)}"] if len(campaigns) > 1 else []),
    ]


def _failing(gates: Sequence[GateResult]) -> list[str]:
    return [gate.reason for gate in gates if gate.state is GateState.FAILS]


def _undecided(gates: Sequence[GateResult], phases: Sequence[PhaseResult]) -> list[str]:
    undecided = [gate.reason for gate in gates if gate.state is GateState.CANNOT_TELL]
    gate_words = {f"{gate.gate.name}: {gate.missing}" for gate in gates}
    cut = [
        f"phase {phase.phase.number} {phase.phase.name}: {missing}"
        for phase in phases
        for missing in phase.missing
        if missing not in gate_words
    ]
    return undecided + cut


def _open_questions(state: CampaignState, plan: Plan, tests: Sequence[TestResult]) -> list[str]:
    asked = {(phase.number, suite.name) for phase in plan.phases for suite in phase.suites}
    stray = [test.node_id for test in tests if (test.phase, test.suite) not in asked]
    unowned = [event for event in state.uncollected if (event.phase, event.suite) not in asked]
    return [
        *(f"interrupted: {reason}" for reason in dict.fromkeys(state.interruptions)),
        *(f"a session was not cleaned up: {reason}" for reason in dict.fromkeys(one.reason for one in state.unclean)),
        *missing_shards(state),
        *([f"{len(stray)} tests belong to no suite of the plan, the first {stray[0]}"] if stray else []),
        *(f"{event.node_id} could not be collected: {event.problem}" for event in unowned),
        *(f"journal: {problem}" for problem in state.problems),
        *_doubts_about_deployment(state, plan),
        *([] if plan.phases else ["the plan holds no phase: nothing was asked"]),
    ]


def _doubts_about_deployment(state: CampaignState, plan: Plan) -> list[str]:
    if not plan.identifies_deployment:
        return []
    unknown = [event.problem for event in state.deployments if event.deployment is None]
    if unknown or not state.deployments:
        return [f"the deployment could not be identified: {unknown[0] if unknown else 'it was never asked'}"]
    return []


def _short(deployment: Deployment) -> str:
    return deployment.revision if deployment.sha is None else f"{deployment.revision} ({deployment.sha[:12]})"


def _deployment(state: CampaignState) -> Deployment | None:
    return next((event.deployment for event in state.deployments if event.deployment), None)
