import json

import pytest

from ci_tools.errors import ExitCode, UsageError
from ci_tools.model import NodeId, Outcome, Previous, PreviousTest, Shard
from ci_tools.planning.plan_file import PlanFile, from_text, planned, to_text
from ci_tools.planning.plans import plan
from tests.unit.planning.test_plans import HERE, SPEC

TEST = PreviousTest(node_id=NodeId("t.py::test_token"), outcome=Outcome.PASSED, duration_s=1.5)
BEFORE = Previous(campaign="c0", revision="shop-1", tests=(TEST,))


def made(name: str = "full", count: int | None = 2) -> PlanFile:
    """The plan *name* for so many jobs; without a count for one job a phase."""
    first = plan(SPEC, HERE, name)
    return planned(SPEC, first, spec_digest="d1", count=count, seed=7, previous=BEFORE)


def test_what_is_written_is_read_again() -> None:
    """Nothing that the jobs have to agree on is lost on the way."""
    assert from_text(to_text(made()), "plan.json", "d1") == made()


def test_a_plan_for_another_campaign_file_is_refused() -> None:
    """Probes and hosts are read from that file again: they must be the ones that were planned with."""
    with pytest.raises(UsageError, match=r"'plan.json' was planned with another campaign.toml") as caught:
        from_text(to_text(made()), "plan.json", "d2")

    assert caught.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"version": 2}', "null", "\x00"])
def test_what_is_no_plan_is_refused(text: str) -> None:
    """With where it stops being one, and what to do."""
    with pytest.raises(UsageError, match=r"'plan.json' holds no plan of version 1.*ci-tools plan --out FILE"):
        from_text(text, "plan.json", "d1")


@pytest.mark.parametrize("lacking", ["shard", "phase"])
def test_a_plan_that_runs_nothing_is_refused(lacking: str) -> None:
    """No job could ask which part of it is its own."""
    document = json.loads(to_text(made()))
    (document if lacking == "shard" else document["plan"])[f"{lacking}s"] = []

    with pytest.raises(UsageError, match=f"'plan.json' holds no plan that a job could run: it is without a {lacking};"):
        from_text(json.dumps(document), "plan.json", "d1")


def test_another_version_is_refused() -> None:
    """A field that changed its meaning would be believed otherwise."""
    document = json.loads(to_text(made())) | {"version": 2}

    with pytest.raises(UsageError, match="the first at version"):
        from_text(json.dumps(document), "plan.json", "d1")


def test_a_shard_is_found_by_its_number() -> None:
    """Counted from 1."""
    assert made().shard(2) == Shard(number=2, phases=(1, 2), part=2, parts=2, at_once=2)


def test_the_only_shard_needs_no_number() -> None:
    """A plan file is of use to one job as well."""
    assert made(count=1).shard(None) == Shard(number=1, phases=(1, 2))


def test_of_several_shards_one_has_to_be_named() -> None:
    """Which one a job is nobody else can know."""
    with pytest.raises(UsageError, match="for 2 shards; say which one this is: --shard 1 to 2"):
        made().shard(None)


@pytest.mark.parametrize("number", [0, -1, 3])
def test_an_unknown_shard_is_refused(number: int) -> None:
    """With those that there are."""
    with pytest.raises(UsageError, match=f"the plan has no shard {number}; allowed: 1 to 2"):
        made().shard(number)


@pytest.mark.parametrize("count", [0, -1, 257])
def test_a_number_of_shards_that_no_matrix_has_is_refused(count: int) -> None:
    """A matrix of GitHub Actions has at most 256 jobs."""
    with pytest.raises(UsageError, match=f"--shards {count}: allowed: 1 to 256"):
        made(count=count)


def test_a_plan_that_chooses_cannot_be_divided() -> None:
    """Its second half is not known yet."""
    with pytest.raises(UsageError, match=r"plan 'auto' decides .* plans that can: deep, full, hollow, short"):
        made("auto")


def test_a_plan_that_chooses_can_be_handed_to_one_job() -> None:
    """That job decides."""
    assert [phase.name for phase in made("auto", count=1).plan.phases] == ["first"]


@pytest.mark.parametrize(("name", "later"), [("full", [(2,)]), ("auto", [(2,)]), ("nervous", [(2,)]), ("deep", [])])
def test_a_plan_by_phases_has_a_shard_for_each_that_may_follow(name: str, later: list[tuple[int, ...]]) -> None:
    """Of a plan that chooses, for whatever it could choose."""
    assert [shard.phases for shard in made(name, count=None).shards] == [(1,), *later]
