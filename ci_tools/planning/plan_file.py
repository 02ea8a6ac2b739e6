"""What parallel jobs of one campaign have to agree on, as a file that the planning job hands to the others."""

from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from pydantic import TypeAdapter, ValidationError

from ci_tools.errors import UsageError
from ci_tools.model import Plan, Previous, Shard, Verdict
from ci_tools.planning.plans import following
from ci_tools.planning.shards import MAX_SHARDS, by_phase, shards
from ci_tools.spec import ChoicePlan, Spec

VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFile:
    """A plan, its parts, and what is known beforehand."""

    version: Literal[1] = VERSION
    spec_digest: str
    """SHA-256 of the ``campaign.toml`` that it was planned with: probes and hosts are read there again."""
    plan: Plan
    shards: tuple[Shard, ...]
    seed: int | None = None
    previous: Previous | None = None

    def shard(self, number: int | None) -> Shard:
        """The shard of that number; where there is only one, it needs no number.

        Raises:
            UsageError: there is no such shard, or it has to be named.
        """
        numbers = f"1 to {len(self.shards)}"
        if number is None and len(self.shards) > 1:
            raise UsageError(f"the plan is for {len(self.shards)} shards; say which one this is: --shard {numbers}")
        for shard in self.shards:
            if shard.number == (1 if number is None else number):
                return shard
        raise UsageError(f"the plan has no shard {number}; allowed: {numbers}")


def planned(
    spec: Spec, plan: Plan, *, spec_digest: str, count: int | None, seed: int | None, previous: Previous | None
) -> PlanFile:
    """*plan* for *count* equal jobs; without a count for one job a phase, as :func:`by_phase` divides it.

    Raises:
        UsageError: it cannot be divided, or not so often.
    """
    parts = _phase_by_phase(spec, plan) if count is None else _equal(spec, plan, count)
    return PlanFile(spec_digest=spec_digest, plan=plan, shards=parts, seed=seed, previous=previous)


def _phase_by_phase(spec: Spec, plan: Plan) -> tuple[Shard, ...]:
    environment = spec.environments[plan.environment]
    possible = [following(spec, environment, plan.name, verdict) for verdict in Verdict]
    later = [phase for one in possible if one is not None for phase in one.phases]
    return by_phase(plan.phases[0], [*plan.phases[1:], *later])


def _equal(spec: Spec, plan: Plan, count: int) -> tuple[Shard, ...]:
    if not 1 <= count <= MAX_SHARDS:
        raise UsageError(f"--shards {count}: allowed: 1 to {MAX_SHARDS}")
    if count > 1 and isinstance(spec.plans[plan.name], ChoicePlan):
        fixed = sorted(name for name, rule in spec.plans.items() if not isinstance(rule, ChoicePlan))
        raise UsageError(
            f"plan {plan.name!r} decides by the verdict of its first phase what follows, so it cannot be divided "
            f"before; plans that can: {', '.join(fixed) or 'none'}; or say --shards phases, or leave --shards out"
        )
    return shards(plan.phases, count)


@cache
def _adapter() -> TypeAdapter[PlanFile]:
    return TypeAdapter(PlanFile)


def to_text(plan_file: PlanFile) -> str:
    """The JSON of *plan_file*."""
    return _adapter().dump_json(plan_file, indent=1).decode() + "\n"


def from_text(text: str, name: str, spec_digest: str) -> PlanFile:
    """The plan in *text*, which the file *name* held, for the ``campaign.toml`` of that digest.

    Raises:
        UsageError: it is no plan of ours, or was made with another ``campaign.toml``.
    """
    try:
        plan_file = _adapter().validate_json(text)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"]) or "its beginning"
        raise UsageError(
            f"{name!r} holds no plan of version {VERSION}: {error.error_count()} problems, the first at {where}; "
            "write it anew: ci-tools plan --out FILE"
        ) from error
    if plan_file.spec_digest != spec_digest:
        raise UsageError(
            f"{name!r} was planned with another campaign.toml than the one read here; "
            "check out the same commit in all jobs, or plan anew: ci-tools plan --out FILE"
        )
    if not plan_file.shards or not plan_file.plan.phases:
        lacking = "a shard" if plan_file.plan.phases else "a phase"
        raise UsageError(
            f"{name!r} holds no plan that a job could run: it is without {lacking}; "
            "write it anew: ci-tools plan --out FILE"
        )
    return plan_file
