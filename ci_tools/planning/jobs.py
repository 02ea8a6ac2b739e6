"""Which jobs a plan that is divided by phases asks a workflow for, before and after its first phase."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ci_tools.model import Phase, Plan, Runs, Shard

_AROUND_MIN = 15
"""Minutes for what a job does beside its phases: installing, starting a twin, keeping the evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job of a workflow."""

    shard: int
    name: str
    minutes: int
    """After which it hangs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """What comes after the first phase: jobs side by side, and one alone after them, if any."""

    together: tuple[Job, ...] = ()
    alone: Job | None = None


def first_job(plan: Plan, shards: Sequence[Shard]) -> Job:
    """The job that runs before all others."""
    return _job(shards[0], plan.phases, plan.time_scale)


def following_jobs(shards: Sequence[Shard], phases: Sequence[Phase], time_scale: float) -> Following:
    """The jobs for *shards* but the first, as far as they have one of *phases*, which the plan has by now."""
    numbers = {phase.number for phase in phases}
    due = [shard for shard in shards[1:] if numbers.intersection(shard.phases)]
    jobs = {shard.runs: _job(shard, phases, time_scale) for shard in due}
    together = [_job(shard, phases, time_scale) for shard in due if shard.runs is not Runs.ALONE]
    return Following(together=tuple(together), alone=jobs.get(Runs.ALONE))


def _job(shard: Shard, phases: Sequence[Phase], time_scale: float) -> Job:
    ours = [phase for phase in phases if phase.number in shard.phases]
    minutes = math.ceil(sum(phase.budget_s for phase in ours) * time_scale / 60)
    name = "performance" if shard.runs is Runs.ALONE else ", ".join(phase.name for phase in ours)
    return Job(shard=shard.number, name=name, minutes=minutes + _AROUND_MIN)
