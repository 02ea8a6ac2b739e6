"""Contradictions in what runs and in what is asked of it, and gates that could never hold."""

from collections.abc import Iterator
from typing import get_args

from ci_tools.questions import GateProbe
from ci_tools.sequential import passes_needed
from ci_tools.spec.documents import (
    CampaignDocument,
    ChoicePlanDocument,
    CoverageGateDocument,
    FixedPlanDocument,
    ReliabilityGateDocument,
)
from ci_tools.spec.positions import KeyPath
from ci_tools.spec.problems import Problem, listed, shown, unknown_name

_GATE_KINDS = tuple(one.__dataclass_fields__["kind"].default for one in get_args(GateProbe))
"""Kinds of probes that see one thing in one attempt, so that attempts can be counted."""


def check_observed_dependencies(document: CampaignDocument) -> Iterator[Problem]:
    """Probes, gates and deployments that speak of no declared dependency."""
    graph = document.dependencies
    for section in ("probes", "gates"):
        for name, table in getattr(document, section).items():
            if table.dependency not in graph:
                yield unknown_name((section, name, "dependency"), "dependency", table.dependency, graph)
    for name, environment in document.environments.items():
        answering = environment.deployment.dependency if environment.deployment else None
        if answering is not None and answering not in graph:
            where = ("environments", name, "deployment", "dependency")
            yield unknown_name(where, "dependency", answering, graph)


def check_required_dependencies(document: CampaignDocument) -> Iterator[Problem]:
    """Suites and gates that require what is not declared, and gates that require what they judge."""
    for section in ("suites", "gates"):
        for name, table in getattr(document, section).items():
            for index, need in enumerate(getattr(table, "requires", ())):
                path = (section, name, "requires", index)
                if need not in document.dependencies:
                    yield unknown_name(path, "dependency", need, document.dependencies)
                elif isinstance(table, ReliabilityGateDocument) and need == table.dependency:
                    what = "the gate could never fail: it is held back while its own dependency is down"
                    yield Problem(path=path, what=what, got=repr(need), legal="what its probe sees it through")


def check_phase_numbers(document: CampaignDocument) -> Iterator[Problem]:
    """Numbers that do not put the phases in one order."""
    numbers = [phase.number for phase in document.phases.values()]
    expected = ", ".join(str(number) for number in range(1, len(numbers) + 1))
    for index, (name, phase) in enumerate(document.phases.items()):
        path = ("phases", name, "number")
        if phase.number in numbers[:index]:
            yield Problem(path=path, what="declared twice", got=str(phase.number), legal=expected)
        elif phase.number > len(numbers):
            yield Problem(path=path, what="leaves a gap", got=str(phase.number), legal=expected)


def check_phases_in_use(document: CampaignDocument) -> Iterator[Problem]:
    """Suites and gates of no declared phase."""
    for section in ("suites", "gates"):
        for name, table in getattr(document, section).items():
            if table.phase not in document.phases:
                yield unknown_name((section, name, "phase"), "phase", table.phase, document.phases)


def check_suite_paths(document: CampaignDocument) -> Iterator[Problem]:
    """Paths that two suites would both count."""
    seen: dict[str, str] = {}
    for name, suite in document.suites.items():
        for index, path in enumerate(suite.paths):
            stem = path.rstrip("/")
            if stem in seen:
                where = ("suites", name, "paths", index)
                what = f"already a path of suite {seen[stem]!r}"
                yield Problem(path=where, what=what, got=repr(path), legal="every test in one suite")
            seen.setdefault(stem, name)


def check_gates(document: CampaignDocument) -> Iterator[Problem]:
    """Gates whose floor and target ask no question that can be answered."""
    for name, gate in document.gates.items():
        if gate.target is not None and gate.floor > gate.target:
            got, legal = f"floor {gate.floor:g}, target {gate.target:g}", "floor at most target"
            yield Problem(path=("gates", name, "floor"), what="above the target", got=got, legal=legal)
        elif isinstance(gate, ReliabilityGateDocument):
            yield from _sequential(gate, ("gates", name))


def _sequential(gate: ReliabilityGateDocument, path: KeyPath) -> Iterator[Problem]:
    if gate.floor == gate.target:
        got, legal = f"{gate.floor:g} for both", "a floor below the target: the test decides between the two"
        yield Problem(path=(*path, "floor"), what="equal to the target", got=got, legal=legal)
        return
    least = passes_needed(gate.floor, gate.target)
    if gate.cap < least:
        what = f"too few attempts to show {gate.target:g} rather than {gate.floor:g}"
        yield Problem(path=(*path, "cap"), what=what, got=str(gate.cap), legal=f"at least {least}")


def check_gated_suites(document: CampaignDocument) -> Iterator[Problem]:
    """Coverage gates over suites that their phase does not have."""
    for name, gate in document.gates.items():
        if not isinstance(gate, CoverageGateDocument):
            continue
        own = [suite for suite, table in document.suites.items() if table.phase == gate.phase]
        for index, suite in enumerate(gate.suites):
            if suite not in own:
                what = f"suite of phase {gate.phase!r}"
                yield unknown_name(("gates", name, "suites", index), what, suite, own)


def check_gated_probes(document: CampaignDocument) -> Iterator[Problem]:
    """Reliability gates on a probe that is not there in every environment."""
    for name, gate in document.gates.items():
        if not isinstance(gate, ReliabilityGateDocument):
            continue
        path = ("gates", name, "probe")
        if gate.probe not in document.probes:
            yield unknown_name(path, "probe", gate.probe, document.probes)
            continue
        if (kind := document.probes[gate.probe].kind) not in _GATE_KINDS:
            what = f"probe {gate.probe!r} is of a kind that tells several things of one look"
            yield Problem(path=path, what=what, got=repr(kind), legal=f"a probe of kind {listed(_GATE_KINDS)}")
        for environment_name, environment in document.environments.items():
            if environment.probes is not None and gate.probe not in environment.probes:
                what = f"not a probe of environment {environment_name!r}"
                yield Problem(path=path, what=what, got=repr(gate.probe), legal=listed(environment.probes))


def check_gates_without_suites(document: CampaignDocument) -> Iterator[Problem]:
    """Reliability gates that no plan would ever run."""
    filled = {suite.phase for suite in document.suites.values()}
    for name, gate in document.gates.items():
        if isinstance(gate, ReliabilityGateDocument) and gate.phase in document.phases.keys() - filled:
            what = "would never be judged: its phase has no suite, so no plan runs it"
            yield Problem(path=("gates", name, "phase"), what=what, got=repr(gate.phase), legal=listed(filled))


def check_plans(document: CampaignDocument) -> Iterator[Problem]:
    """Plans of phases, and choices between plans, that are not declared."""
    for name, plan in document.plans.items():
        path: KeyPath = ("plans", name)
        if isinstance(plan, ChoicePlanDocument):
            yield from _choice(plan, path, document)
            continue
        for index, phase in enumerate(plan.phases):
            if phase not in document.phases:
                yield unknown_name((*path, "phases", index), "phase", phase, document.phases)
        for phase in plan.only:
            if phase not in plan.phases:
                yield unknown_name((*path, "only", phase), "phase of the plan", phase, plan.phases)


def _choice(plan: ChoicePlanDocument, path: KeyPath, document: CampaignDocument) -> Iterator[Problem]:
    if plan.first not in document.phases:
        yield unknown_name((*path, "first"), "phase", plan.first, document.phases)
    fixed = [name for name, other in document.plans.items() if isinstance(other, FixedPlanDocument)]
    for key in ("healthy", "unhealthy"):
        if getattr(plan, key) not in fixed:
            yield unknown_name((*path, key), "plan with phases", getattr(plan, key), fixed)


def check_planned_suites(document: CampaignDocument) -> Iterator[Problem]:
    """Narrowed plans of suites that their phase does not have."""
    for name, plan in document.plans.items():
        if not isinstance(plan, FixedPlanDocument):
            continue
        for phase in document.phases.keys() & plan.only.keys() & set(plan.phases):
            own = [suite for suite, table in document.suites.items() if table.phase == phase]
            for index, suite in enumerate(plan.only[phase]):
                if suite not in own:
                    path = ("plans", name, "only", phase, index)
                    yield unknown_name(path, f"suite of phase {phase!r}", suite, own)


def check_kpis(document: CampaignDocument) -> Iterator[Problem]:
    """Figures that wish for nothing or count two things."""
    for name, kpi in document.kpis.items():
        path: KeyPath = ("kpis", name)
        if (kpi.target is None) == (kpi.under_s is None):
            got = "neither" if kpi.target is None else "both"
            yield Problem(path=path, what="needs one wish", got=got, legal="either target or under_s")
        if kpi.gate is not None and kpi.suites:
            legal = "either gate or suites"
            yield Problem(path=path, what="counts two things", got="gate and suites", legal=legal)
        if kpi.under_s is not None and kpi.suites:
            what = "tests have no latency of their own"
            yield Problem(path=(*path, "suites"), what=what, got=shown(list(kpi.suites)), legal="a gate")


def check_counted(document: CampaignDocument) -> Iterator[Problem]:
    """Figures of gates and suites that are not declared."""
    gates = [name for name, gate in document.gates.items() if isinstance(gate, ReliabilityGateDocument)]
    for name, kpi in document.kpis.items():
        if kpi.gate is not None and kpi.gate not in gates:
            yield unknown_name(("kpis", name, "gate"), "reliability gate", kpi.gate, gates)
        for index, suite in enumerate(kpi.suites):
            if suite != "*" and suite not in document.suites:
                yield unknown_name(("kpis", name, "suites", index), "suite", suite, document.suites)
