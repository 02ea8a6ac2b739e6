from ci_tools.model import Phase, Plan, Runs, Shard
from ci_tools.planning.jobs import Following, Job, first_job, following_jobs

PHASES = tuple(Phase(number=number, name=f"p{number}", budget_s=90.0 * number) for number in (1, 2, 3))
SHARDS = (
    Shard(number=1, phases=(1,)),
    Shard(number=2, phases=(2,), runs=Runs.TOGETHER, at_once=2),
    Shard(number=3, phases=(3,), runs=Runs.TOGETHER, at_once=2),
    Shard(number=4, phases=(2, 3), runs=Runs.ALONE),
)


def test_the_first_job_runs_the_first_phase() -> None:
    """Its minutes are the scaled budget, rounded up, and what installing takes."""
    plan = Plan(name="full", reason="", environment="twin", time_scale=0.5, phases=PHASES)

    assert first_job(plan, SHARDS) == Job(shard=1, name="p1", minutes=16)


def test_the_later_phases_are_jobs_side_by_side() -> None:
    """And one alone, after them, which has time for all of its phases."""
    assert following_jobs(SHARDS, PHASES, 1.0) == Following(
        together=(Job(shard=2, name="p2", minutes=18), Job(shard=3, name="p3", minutes=20)),
        alone=Job(shard=4, name="performance", minutes=23),
    )


def test_what_was_not_chosen_is_no_job() -> None:
    """Its shard would have nothing to run."""
    assert [job.shard for job in following_jobs(SHARDS, PHASES[:2], 1.0).together] == [2]


def test_where_nothing_follows_there_is_no_job() -> None:
    """Neither side by side nor alone."""
    assert following_jobs(SHARDS, PHASES[:1], 1.0) == Following()
