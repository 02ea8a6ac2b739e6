import shutil
from typing import Any

import pytest

from ci_tools.errors import UsageError
from ci_tools.evidence.events import CampaignStarted, Collected, Observed, PlanExtended, Sampled, TestFinished
from ci_tools.evidence.journal import read
from ci_tools.evidence.redaction import Redactor
from ci_tools.model import Outcome, Previous, Shard, Verdict
from ci_tools.planning.plan_file import planned
from ci_tools.planning.shards import shards
from ci_tools.spec import parse
from ci_tools.verdict.fold import fold
from ci_tools.verdict.judge import judge
from tests.unit.runner.shop import Shop

MANY = "import pytest\n@pytest.mark.parametrize('number', range(5))\ndef test_many(number): pass\n"
LOADING = """\
[suites.load]
phase = "second"
paths = ["tests/test_load.py"]
loads_system = true
value = "a crowd cannot buy"
"""


def parts(shop: Shop, count: int) -> tuple[Shard, ...]:
    """The shards that *count* jobs run."""
    return shards(shop.prepared(out=shop.root / f"planned-{count}").first.phases, count)


def run(shop: Shop, number: int, count: int, **wishes: Any) -> None:
    """Run one shard of *count*."""
    every = parts(shop, count) if not wishes.get("shards") else wishes.pop("shards")
    shop.prepared(shards=every, shard=every[number - 1], **wishes).run()


@pytest.fixture
def many(shop: Shop) -> Shop:
    """Five tests in the second phase."""
    shop.suite("orders", MANY)
    return shop


def ran(shop: Shop) -> dict[str, list[str]]:
    """Which shard ended which tests."""
    by_shard: dict[str, list[str]] = {}
    for record in shop.records(TestFinished):
        assert isinstance(record.event, TestFinished)
        by_shard.setdefault(record.writer.partition("-")[0], []).append(record.event.node_id)
    return by_shard


def test_shards_in_one_directory_are_one_campaign(many: Shop) -> None:
    """Until the last one the others' tests are missed; then it passes, and each test ran once."""
    every = parts(many, 2)
    run(many, 1, 2, shards=every)
    half = many.judgement()

    run(many, 2, 2, shards=every)

    whole = many.judgement()
    assert (half.verdict, whole.verdict, whole.reasons) == (Verdict.INCONCLUSIVE, Verdict.PASS, ())
    tests = [name for names in ran(many).values() for name in names]
    assert len(tests) == len(set(tests)) == 7
    assert sorted(ran(many)) == ["shard1", "shard2"]


def test_shards_in_several_directories_are_merged_by_their_files(many: Shop) -> None:
    """Putting the journals together is all there is to it."""
    every = parts(many, 2)
    for number in (1, 2):
        run(many, number, 2, shards=every, out=many.root / f"job{number}")
    together = many.root / "together" / "journal"
    together.mkdir(parents=True)
    for file in many.root.glob("job*/journal/*.jsonl"):
        shutil.copy(file, together)

    journal = read(together.parent)
    assert judge(fold(journal.records, journal.problems)).verdict is Verdict.PASS


def test_what_another_shard_has_sampled_is_believed(many: Shop) -> None:
    """The edge's limits are not spent twice on one question."""
    every = parts(many, 2)
    run(many, 1, 2, shards=every)
    before = len(many.events(Sampled))

    run(many, 2, 2, shards=every)

    assert before == len(many.events(Sampled)) > 0


def orders_of(shop: Shop) -> list[Outcome]:
    """What became of the tests that need the shop, in the end."""
    ended = {event.node_id: event.outcome for event in shop.events(TestFinished)}
    return [outcome for name, outcome in ended.items() if "orders" in name]


def test_what_another_shard_found_failing_blocks_here(many: Shop) -> None:
    """It is believed until it is seen well again."""
    every = parts(many, 2)
    many.site.status = 503
    run(many, 1, 2, shards=every)

    run(many, 2, 2, shards=every)

    assert orders_of(many) == [Outcome.BLOCKED] * 5
    assert many.judgement().verdict is Verdict.FAIL


def test_what_has_recovered_since_another_shard_looked_blocks_nothing(many: Shop) -> None:
    """Its own tests run in the end; the gate of the whole campaign fails all the same."""
    every = parts(many, 2)
    many.site.status = 503
    run(many, 1, 2, shards=every)
    many.site.status = 200

    run(many, 2, 2, shards=every)

    assert Outcome.PASSED in orders_of(many)
    assert many.judgement().verdict is Verdict.FAIL


def test_without_another_shards_journal_a_shard_looks_for_itself(many: Shop) -> None:
    """It must not run against what is down."""
    many.site.status = 503

    run(many, 2, 2)

    assert many.events(Sampled)
    assert {event.outcome for event in many.events(TestFinished) if "orders" in event.node_id} == {Outcome.BLOCKED}


def test_every_shard_records_what_all_should_run(many: Shop) -> None:
    """So that the tests of one that never came are missed by name."""
    run(many, 1, 2)

    assert {event.node_id for event in many.events(Collected)} == {
        *(f"tests/test_smoke.py::test_{name}" for name in ("it", "that")),
        *(f"tests/test_orders.py::test_many[{number}]" for number in range(5)),
    }


def test_what_loads_the_system_runs_in_the_last_shard(many: Shop) -> None:
    """Beside other jobs it would spoil what they measure."""
    many.extend(LOADING)
    many.suite("load", "def test_load(): pass\n")
    every = parts(many, 2)
    for number in (1, 2):
        run(many, number, 2, shards=every)

    assert "tests/test_load.py::test_load" in ran(many)["shard2"]
    assert many.judgement().verdict is Verdict.PASS


def test_each_shard_paces_itself_to_its_part(many: Shop) -> None:
    """Four jobs together stay below the limit of one address."""
    run(many, 1, 4)

    environment = (many.out / "shard1-environment.json").read_text(encoding="utf-8")
    assert '"pacing_share": 0.25' in environment


def test_a_shard_says_which_it_is(many: Shop) -> None:
    """To people and to the journal."""
    run(many, 2, 3)

    assert "shard 2 of 3" in many.told.getvalue()
    assert [event.shard for event in many.events(CampaignStarted)] == [2]


def test_a_shard_does_not_run_twice_in_one_directory(many: Shop) -> None:
    """Its journal would be appended to."""
    every = parts(many, 2)
    run(many, 1, 2, shards=every)

    with pytest.raises(UsageError, match=r"shard 1 of campaign 'shop-campaign' has run in .* choose another --out DIR"):
        run(many, 1, 2, shards=every)


@pytest.mark.parametrize("wish", [{"campaign": "another"}, {"previous": Previous(campaign="c0", revision=None)}])
def test_a_directory_of_another_campaign_is_refused(many: Shop, wish: dict[str, Any]) -> None:
    """Nobody could tell whose test is whose."""
    every = parts(many, 2)
    run(many, 1, 2, shards=every)

    with pytest.raises(UsageError, match=r"planned differently .* or another --out DIR"):
        run(many, 2, 2, shards=every, **wish)


def test_a_directory_that_holds_something_else_is_refused(many: Shop) -> None:
    """A shard joins journals, and nothing else."""
    (many.root / "full").mkdir()
    (many.root / "full" / "notes.txt").touch()

    with pytest.raises(UsageError, match="is not empty"):
        run(many, 1, 2, out=many.root / "full")


def test_only_its_own_events_are_told(many: Shop) -> None:
    """A person does not see the first shard's phases again."""
    every = parts(many, 2)
    run(many, 1, 2, shards=every)
    told = len(many.told.getvalue())

    run(many, 2, 2, shards=every)

    assert many.told.getvalue()[told:].count("phase 1 first") == 1
    assert "shard 1 of 2" not in many.told.getvalue()[told:]


@pytest.mark.parametrize(("status", "phases"), [(200, {1, 2}), (503, {1})])
def test_a_shard_stops_early_only_for_a_failure(many: Shop, status: int, phases: set[int]) -> None:
    """Until the others are there nothing passes, which is no reason to stop."""
    many.site.status = status

    run(many, 1, 2, plan="short")

    assert set(fold(read(many.out).records).phases_started) == phases


def test_a_shard_that_has_only_just_begun_is_no_obstacle(many: Shop) -> None:
    """Parallel jobs on one machine may share a directory from the start."""
    (many.out / "journal").mkdir(parents=True)
    (many.out / "journal" / "shard2-campaign.jsonl").touch()

    run(many, 1, 2)

    assert [event.shard for event in many.events(CampaignStarted)] == [1]


def test_shards_that_look_at_different_systems_are_not_one_campaign(many: Shop) -> None:
    """Where a deployment cannot say who it is, its address tells."""
    every = parts(many, 2)
    run(many, 1, 2, shards=every)
    many.change(
        f'hosts = {{ shop = "http://127.0.0.1:{many.site.port}" }}\ndeployment',
        'hosts = { shop = "http://127.0.0.1:1" }\ndeployment',
    )

    with pytest.raises(UsageError, match="planned differently"):
        run(many, 2, 2, shards=every)


def test_a_secret_that_is_a_word_of_the_plan_is_refused(many: Shop) -> None:
    """Its journal could not be judged, and nobody would guess why."""
    with pytest.raises(UsageError, match="the value of a secret in the environment is part of a name in the plan"):
        many.prepared(redactor=Redactor(["orders"]))


def by_phase(shop: Shop, plan: str) -> tuple[Shard, ...]:
    """The shards of *plan*, a phase each."""
    spec = parse(shop.spec.read_text(encoding="utf-8"), str(shop.spec))
    first = shop.prepared(plan=plan, out=shop.root / f"planned-{plan}").first
    return planned(spec, first, spec_digest="", count=None, seed=None, previous=None).shards


def test_by_phase_all_shards_together_are_one_campaign(many: Shop) -> None:
    """The first one's verdict says which phases follow, and the others run these."""
    every = by_phase(many, "auto")
    run(many, 1, 2, shards=every, plan="auto")
    first = many.judgement()

    run(many, 2, 2, shards=every, plan="auto")

    assert (first.verdict, many.judgement().reasons) == (Verdict.INCONCLUSIVE, ())
    assert many.judgement().verdict is Verdict.PASS
    assert sorted(ran(many)) == ["shard1", "shard2"]


def test_by_phase_the_verdict_decides_once(many: Shop) -> None:
    """Only the shard that has run the first phase can tell."""
    every = by_phase(many, "auto")
    for number in (1, 2):
        run(many, number, 2, shards=every, plan="auto")

    assert [record.writer for record in many.records(PlanExtended)] == ["shard1-campaign"]


def test_by_phase_a_shard_before_the_verdict_is_refused(many: Shop) -> None:
    """Nobody knows yet whether its phase is to run."""
    with pytest.raises(UsageError, match=r"shard 2 has nothing to run: plan 'auto' decides .* journal of the shard"):
        run(many, 2, 2, shards=by_phase(many, "auto"), plan="auto")


def test_by_phase_what_the_first_found_failing_blocks_the_later_ones(many: Shop) -> None:
    """They do not probe it again."""
    every = by_phase(many, "full")
    many.site.status = 503
    run(many, 1, 2, shards=every)
    before = len(many.events(Sampled))

    run(many, 2, 2, shards=every)

    assert orders_of(many) == [Outcome.BLOCKED] * 5
    assert len(many.events(Sampled)) == before


@pytest.mark.parametrize("lost", [(), ("http_json",)])
def test_by_phase_nobody_surveys_the_system_twice(many: Shop, lost: tuple[str, ...]) -> None:
    """Unless whoever came first was stopped before it did: which deployment answers is no survey."""
    many.change('revision = "revision" }', 'revision = "revision", dependency = "shop" }\nsurvey = ["shop"]')
    every = by_phase(many, "full")
    run(many, 1, 2, shards=every)
    journal = many.out / "journal" / "shard1-campaign.jsonl"
    rows = journal.read_text("utf-8").splitlines(keepends=True)
    journal.write_text("".join(row for row in rows if not any(kind in row for kind in lost)), encoding="utf-8")

    run(many, 2, 2, shards=every)

    seen = [one.observation.kind for one in many.events(Observed)]
    assert seen.count("http_json") == 1
    assert "deployment" in seen


def test_by_phase_what_loads_the_system_runs_in_the_last_one(many: Shop) -> None:
    """The others leave it, and it leaves theirs."""
    many.extend(LOADING)
    many.suite("load", "def test_load(): pass\n")
    every = by_phase(many, "full")
    for number in (1, 2, 3):
        run(many, number, 3, shards=every)

    assert ran(many)["shard3"] == ["tests/test_load.py::test_load"]
    assert len(ran(many)["shard2"]) == 5
    assert many.judgement().verdict is Verdict.PASS


LATER_GATE = """\
[gates.patience]
phase = "second"
kind = "reliability"
dependency = "shop"
probe = "shop"
floor = 0.5
target = 1.0
"""


def test_by_phase_gates_are_sampled_while_nothing_else_runs(many: Shop) -> None:
    """Beside other jobs the samples would show those jobs."""
    many.extend(LATER_GATE)
    every = by_phase(many, "full")
    for number in (1, 2, 3):
        run(many, number, 3, shards=every)

    samples = {(record.writer, record.event.gate) for record in many.records(Sampled)}  # type: ignore[attr-defined]
    assert samples == {("shard1-campaign", "shop"), ("shard3-campaign", "patience")}
    assert many.judgement().verdict is Verdict.PASS


def test_by_phase_only_shards_that_run_at_once_share_the_limits(many: Shop) -> None:
    """The first one and the last one are alone."""
    many.extend('[suites.third]\nphase = "third"\nvalue = "x"\npaths = ["tests/test_third.py"]\n')
    many.suite("third", "def test_third(): pass\n")
    every = by_phase(many, "full")
    for number in (1, 2):
        run(many, number, 3, shards=every, out=many.root / f"job{number}")

    paces = [(many.root / f"job{number}" / f"shard{number}-environment.json").read_text("utf-8") for number in (1, 2)]
    assert ['"pacing_share": 1.0' in paces[0], '"pacing_share": 0.5' in paces[1]] == [True, True]
