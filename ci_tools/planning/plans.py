"""A plan's rule, an environment and what was asked for become the plan that runs."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ci_tools.errors import UsageError
from ci_tools.model import CoverageGate, Environment, Phase, Plan, Verdict
from ci_tools.spec import ChoicePlan, FixedPlan, Spec
from ci_tools.spec.problems import suggested
from ci_tools.spec.values import PlanRule


def plan(spec: Spec, environment: Environment, plan_name: str, phases: Sequence[int | str] | None = None) -> Plan:
    """What runs first: all of a fixed plan, or the deciding phase of one that chooses.

    Args:
        spec: The whole of ``campaign.toml``.
        environment: Where it runs.
        plan_name: A plan of *spec*.
        phases: Numbers or names; only these phases of the plan. None or empty: all of them.

    Raises:
        UsageError: an unknown plan or phase, a phase asked for that has nothing to run, or nothing at all.
    """
    rule = _rule(spec, plan_name)
    if isinstance(rule, ChoicePlan):
        _refuse_phases(spec, rule, phases)
        return _first(spec, environment, rule)
    if phases:
        rule = replace(rule, phases=_asked(spec, rule, phases))
    return _planned(spec, environment, rule)


def following(spec: Spec, environment: Environment, plan_name: str, verdict: Verdict) -> Plan | None:
    """What runs after :func:`plan`, given its *verdict*; None where the campaign ends with it.

    The phase that has run is not repeated. A plan without phases is an answer as well: its reason
    says that nothing follows.
    """
    rule = _rule(spec, plan_name)
    if isinstance(rule, FixedPlan):
        return None
    chosen, other = rule.healthy, rule.unhealthy
    if verdict is not Verdict.PASS:
        chosen, other = other, chosen
    selected, left_out = _selected(spec, chosen)
    remaining = [phase for phase in selected if phase.name != rule.first]
    nothing = "" if remaining else "; nothing of it is left to run"
    decision = f"{rule.first} is {_SAID[verdict]}, hence {chosen.name} and not {other.name}: {chosen.about}{nothing}"
    return replace(
        _first(spec, environment, rule),
        reason=_reason(decision, left_out),
        phases=_shrunk(remaining, chosen.budget_s),
        left_out=left_out,
        stop_early=chosen.stop_early,
    )


_SAID = {Verdict.PASS: "healthy", Verdict.FAIL: "not healthy", Verdict.INCONCLUSIVE: "not shown to be healthy"}


def _rule(spec: Spec, name: str) -> PlanRule:
    try:
        return spec.plans[name]
    except KeyError:
        known = suggested(name, sorted(spec.plans))
        raise UsageError(f"unknown plan {name!r}; known: {known}; see [plans] in campaign.toml") from None


def _first(spec: Spec, environment: Environment, rule: ChoicePlan) -> Plan:
    deciding = FixedPlan(name=rule.name, about=rule.about, phases=(rule.first,), only={})
    return _planned(spec, environment, deciding)


def _planned(spec: Spec, environment: Environment, rule: FixedPlan) -> Plan:
    selected, left_out = _selected(spec, rule)
    if not selected:
        raise UsageError(
            f"plan {rule.name!r} has nothing to run: {_without_suites(left_out)}; "
            f"phases with suites: {_words(phase.name for phase in spec.phases if phase.suites)}; "
            "declare suites under [suites] in campaign.toml"
        )
    return Plan(
        name=rule.name,
        reason=_reason(rule.about, left_out),
        environment=environment.name,
        time_scale=environment.time_scale,
        phases=_shrunk(selected, rule.budget_s),
        left_out=left_out,
        stop_early=rule.stop_early,
        inconclusive=spec.policy.inconclusive,
        identifies_deployment=environment.deployment is not None,
        kpis=spec.kpis,
    )


def _refuse_phases(spec: Spec, rule: ChoicePlan, phases: Sequence[int | str] | None) -> None:
    if phases:
        fixed = sorted(name for name, other in spec.plans.items() if isinstance(other, FixedPlan))
        raise UsageError(
            f"plan {rule.name!r} chooses its phases itself, and was asked for {_words(phases)}; "
            f"plans that take phases: {_words(fixed)}; name one of these or no phase"
        )


def _asked(spec: Spec, rule: FixedPlan, phases: Sequence[int | str]) -> tuple[str, ...]:
    asked = {_phase(spec, rule, wanted).name for wanted in phases}
    for phase in spec.phases:
        if phase.name in asked and not _narrowed(phase, rule).suites:
            filled = _words(other.name for other in spec.phases if _narrowed(other, rule).suites)
            raise UsageError(
                f"phase {phase.number} {phase.name!r} was asked for and declares no suite yet; "
                f"phases with suites: {filled}; declare suites under [suites] in campaign.toml"
            )
    return tuple(asked)


def _phase(spec: Spec, rule: FixedPlan, wanted: int | str) -> Phase:
    known = [phase for phase in spec.phases if phase.name in rule.phases]
    for phase in known:
        if str(wanted) in (phase.name, str(phase.number)):
            return phase
    near = suggested(str(wanted), [phase.name for phase in known])
    numbers = _words(phase.number for phase in known)
    raise UsageError(
        f"plan {rule.name!r} has no phase {str(wanted)!r}; allowed: {numbers} or {near}; "
        f"see [plans.{rule.name}] in campaign.toml"
    )


def _selected(spec: Spec, rule: FixedPlan) -> tuple[list[Phase], tuple[str, ...]]:
    """The phases of *rule* that have something to run, and the names of those that have not."""
    narrowed = [_narrowed(phase, rule) for phase in spec.phases if phase.name in rule.phases]
    left_out = tuple(phase.name for phase in narrowed if not phase.suites)
    return [phase for phase in narrowed if phase.suites], left_out


def _narrowed(phase: Phase, rule: FixedPlan) -> Phase:
    """*phase* with the suites that *rule* wants, and the gates that these suffice for."""
    only = rule.only.get(phase.name)
    if only is None:
        return phase
    suites = tuple(suite for suite in phase.suites if suite.name in only)
    names = {suite.name for suite in suites}
    gates = tuple(gate for gate in phase.gates if not isinstance(gate, CoverageGate) or names.issuperset(gate.suites))
    return replace(phase, suites=suites, gates=gates)


def _shrunk(phases: Sequence[Phase], budget_s: float | None) -> tuple[Phase, ...]:
    """*phases* with budgets that together keep *budget_s*, each giving up the same share."""
    total_s = sum(phase.budget_s for phase in phases)
    if budget_s is None or total_s <= budget_s:
        return tuple(phases)
    return tuple(replace(phase, budget_s=phase.budget_s * budget_s / total_s) for phase in phases)


def _reason(about: str, left_out: Sequence[str]) -> str:
    return f"{about}; left out: {_without_suites(left_out)}" if left_out else about


def _without_suites(phases: Sequence[str]) -> str:
    return f"{_words(phases)} {'declares' if len(phases) == 1 else 'declare'} no suite yet"


def _words(values: Iterable[object]) -> str:
    return ", ".join(str(value) for value in values) or "none"
