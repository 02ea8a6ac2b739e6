import os
from pathlib import Path
from secrets import token_hex

import pytest

from ci_tools.errors import CredentialsMissingError, JournalWriteError, UsageError
from ci_tools.evidence.events import (
    CampaignFinished,
    DependencyChanged,
    Interrupted,
    Observed,
    PhaseFinished,
    PlanExtended,
    Sampled,
)
from ci_tools.model import DependencyState, GateState, Outcome, Verdict
from tests.unit.runner.shop import Shop

HEALTHY = pytest.mark.xdist_group("healthy campaign")

SKIPPING = "import pytest\ndef test_it(): pass\ndef test_that(): pytest.skip('not today')\n"
FAILING = "def test_it(): assert 1 == 2, 'one is not two'\ndef test_that(): pass\n"


@HEALTHY
def test_a_healthy_system_passes(healthy: Shop) -> None:
    """Every gate holds, every planned test ran and passed, and the journal is closed."""
    judgement = healthy.judgement()

    assert (judgement.verdict, judgement.reasons) == (Verdict.PASS, ())
    assert {test.node_id: test.outcome for test in judgement.tests} == {
        "tests/test_smoke.py::test_it": Outcome.PASSED,
        "tests/test_smoke.py::test_that": Outcome.PASSED,
        "tests/test_orders.py::test_order": Outcome.PASSED,
    }
    assert judgement.complete


@HEALTHY
def test_what_has_no_suite_is_left_out_and_said(healthy: Shop) -> None:
    """A phase without suites is named, not passed over."""
    judgement = healthy.judgement()

    assert judgement.left_out == ("third",)
    assert "third declares no suite yet" in healthy.told.getvalue()


@HEALTHY
def test_the_last_event_counts_every_other_writers_events(healthy: Shop) -> None:
    """A file that is cut short afterwards is noticed."""
    (finished,) = healthy.events(CampaignFinished)
    assert sorted(writer.rpartition("-")[0] for writer in finished.writers) == ["gw0", "pytest"]
    assert all(count > 0 for count in finished.writers.values())


@HEALTHY
def test_pytests_own_output_is_kept(healthy: Shop) -> None:
    """One log of all phases."""
    assert "3 passed" in (healthy.out / "pytest.log").read_text(encoding="utf-8")


def test_a_failing_test_fails_the_campaign(shop: Shop) -> None:
    """The reason is the test's own words."""
    shop.suite("smoke", FAILING)

    judgement = shop.run(phases=("first",))

    assert judgement.verdict is Verdict.FAIL
    assert any("one is not two" in reason for reason in judgement.reasons)
    assert "failed: tests/test_smoke.py::test_it" in shop.told.getvalue()


def test_a_skipped_test_is_no_pass(shop: Shop) -> None:
    """Without evidence there is no verdict."""
    shop.suite("smoke", SKIPPING)

    assert shop.run(phases=("first",)).verdict is Verdict.INCONCLUSIVE


def test_fewer_tests_than_expected_are_no_pass(shop: Shop) -> None:
    """A lost selection is noticed by the declared number."""
    shop.suite("smoke", "def test_it(): pass\n")

    judgement = shop.run(phases=("first",))

    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert any("1 of 2 never collected" in reason for reason in judgement.reasons)


def test_a_missing_file_is_no_pass(shop: Shop) -> None:
    """A suite whose file is gone says so, by its name."""
    (shop.root / "tests" / "test_orders.py").unlink()

    judgement = shop.run(phases=("second",))

    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert any("tests/test_orders.py could not be collected: no such file" in reason for reason in judgement.reasons)


def test_a_file_that_cannot_be_imported_is_no_pass(shop: Shop) -> None:
    """The others still run; the broken one is named."""
    shop.change('paths = ["tests/test_smoke.py"]', 'paths = ["tests/test_smoke.py", "tests/test_broken.py"]')
    shop.suite("broken", "import nothing_of_that_name\n")

    judgement = shop.run(phases=("first",))

    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert [test.outcome for test in judgement.tests] == [Outcome.PASSED, Outcome.PASSED]
    assert any("nothing_of_that_name" in reason for reason in judgement.reasons)


def test_only_the_phases_asked_for_run(shop: Shop) -> None:
    """By number or by name."""
    judgement = shop.run(phases=("2",))

    assert [phase.phase.name for phase in judgement.phases] == ["second"]
    assert judgement.verdict is Verdict.PASS


def test_trouble_ends_a_plan_that_stops_early(shop: Shop) -> None:
    """What then never started is said to be so."""
    shop.suite("smoke", FAILING)

    judgement = shop.run(plan="short")

    assert judgement.verdict is Verdict.FAIL
    assert judgement.phases[1].missing[-1] == "never started"


def test_a_plan_that_chooses_goes_on_by_what_it_saw(shop: Shop) -> None:
    """Healthy infrastructure leads to the full plan, whose first phase is not repeated."""
    judgement = shop.run(plan="auto")

    assert judgement.verdict is Verdict.PASS
    assert [phase.phase.name for phase in judgement.phases] == ["first", "second"]
    (extended,) = shop.events(PlanExtended)
    assert extended.reason.startswith("first is healthy, hence full and not short")


def test_a_plan_that_chooses_goes_on_by_trouble(shop: Shop) -> None:
    """A first phase that does not pass leads to the other plan."""
    shop.suite("smoke", SKIPPING)

    shop.run(plan="auto")

    (extended,) = shop.events(PlanExtended)
    assert extended.reason.startswith("first is not shown to be healthy, hence short and not full")


def test_an_unreachable_host_fails_the_campaign(shop: Shop) -> None:
    """The gate names the dependency and the genuine error."""
    shop.change(
        f'[environments.locked]\nhosts = {{ shop = "http://127.0.0.1:{shop.site.port}" }}',
        '[environments.gone]\nhosts = { shop = "http://127.0.0.1:1" }',
    )
    shop.change('auth = { strategy = "ready_token", token_env = "SHOP_BEARER" }\n', "")

    judgement = shop.run(environment="gone", phases=("first",))

    assert judgement.verdict is Verdict.FAIL
    assert judgement.gates[0].state is GateState.FAILS
    assert any(reason.startswith("shop: shop fails:") and "ECONNREFUSED" in reason for reason in judgement.reasons)


def test_what_is_down_is_told_to_the_tests_that_need_it(shop: Shop) -> None:
    """They are held back, blocked by it, and not failed."""
    shop.change('phase = "second"\npaths', 'phase = "first"\npaths')
    shop.site.answers["/health"] = {"status": "broken"}

    judgement = shop.run(phases=("first",))

    (change,) = shop.events(DependencyChanged)
    assert change.dependency == "shop"
    assert change.state is DependencyState.DOWN
    orders = next(test for test in judgement.tests if test.suite == "orders")
    assert (orders.outcome, orders.blocked_by) == (Outcome.BLOCKED, "shop")


def test_a_gate_whose_probe_looks_through_what_is_down_is_held_back(shop: Shop) -> None:
    """It would accuse its own dependency of another's outage."""
    stock = '[gates.stock]\nphase = "first"\nkind = "reliability"\ndependency = "stock"\nprobe = "shop"\n'
    shop.change("[plans.full]", f'{stock}requires = ["shop"]\nfloor = 0.5\ntarget = 1.0\n\n[plans.full]')
    shop.site.answers["/health"] = {"status": "broken"}

    judgement = shop.run(phases=("first",))

    states = {gate.gate.name: gate.state for gate in judgement.gates}
    assert (states["shop"], states["stock"]) == (GateState.FAILS, GateState.CANNOT_TELL)
    assert {sampled.gate for sampled in shop.events(Sampled)} == {"shop"}


def test_a_deployment_that_changes_supersedes_the_campaign(shop: Shop) -> None:
    """Evidence of two deployments is a verdict on neither."""
    answers = iter(["shop-1", "shop-1", "shop-2"])
    shop.site.answers["/info"] = lambda: {"revision": next(answers)}
    shop.suite("orders", FAILING)

    judgement = shop.run()

    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert judgement.reasons[0] == "superseded: the deployment changed during the campaign, shop-1 → shop-2"


def test_a_deployment_that_does_not_say_which_it_is_leaves_it_open(shop: Shop) -> None:
    """Nobody would know of what a pass is."""
    shop.site.answers["/info"] = {}

    judgement = shop.run(phases=("second",))

    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert any("the deployment could not be identified" in reason for reason in judgement.reasons)


@pytest.mark.parametrize(("declared", "seen"), [(', dependency = "shop"', ["down", "up", "up"]), ("", [])])
def test_who_answers_for_a_deployment_is_seen_by_it(shop: Shop, declared: str, seen: list[str]) -> None:
    """Who asks first may be the only one who finds that no instance is there; unless told of whom, it says nothing."""
    shop.change('path = "/info", revision = "revision"', f'path = "/info", revision = "revision"{declared}')
    answers = iter([503])

    def answer() -> dict[str, str]:
        shop.site.status = next(answers, 200)
        return {"revision": "shop-1"}

    shop.site.answers["/info"] = answer
    shop.run(phases=("first", "second"))

    told = [one.observation for one in shop.events(Observed) if one.observation.kind == "deployment"]
    assert [str(one.state) for one in told] == seen
    assert {one.dependency for one in told} <= {"shop"}


def test_a_directory_that_holds_something_is_refused(shop: Shop) -> None:
    """Evidence is never mixed with that of another campaign."""
    shop.out.mkdir()
    (shop.out / "notes.txt").write_text("mine", encoding="utf-8")

    with pytest.raises(UsageError, match="is not empty; a campaign keeps its evidence"):
        shop.prepared()

    assert [path.name for path in shop.out.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    "wishes",
    [
        {"environment": "nowhere"},
        {"plan": "nothing"},
        {"phases": ("fourth",)},
        {"phases": ("3",)},
        {"phases": ("²",)},
        {"plan": "auto", "phases": ("1",)},
        {"faults": ("redis_down",)},
    ],
)
def test_a_wrong_wish_is_refused_before_anything_is_written(shop: Shop, wishes: dict[str, object]) -> None:
    """A refused campaign leaves no directory that looks like one."""
    with pytest.raises(UsageError):
        shop.prepared(**wishes)

    assert not shop.out.exists()


def test_a_missing_credential_is_refused_by_its_name(shop: Shop) -> None:
    """The person learns which variable to export."""
    with pytest.raises(CredentialsMissingError, match="SHOP_BEARER"):
        shop.prepared(environment="locked")

    assert not shop.out.exists()


def test_a_full_disk_ends_the_campaign(shop: Shop) -> None:
    """Without its journal a campaign cannot be trusted, so it does not go on."""
    run = shop.prepared()
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, run._journal._file)
    os.close(full)

    with pytest.raises(JournalWriteError, match="No space left on device"):
        run.run()

    assert shop.site.asked == []


def test_a_run_in_another_folder_finds_its_directory(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative directory is relative to where the person stands, not to the campaign file."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    shop.out = elsewhere / "evidence"

    judgement = shop.run(phases=("second",), out=Path("evidence"))

    assert judgement.verdict is Verdict.PASS


def _displaced(log: Path) -> None:
    log.rename(log.with_name(token_hex(8)))
    log.mkdir()


def test_a_phase_that_an_error_ends_is_cut_short(shop: Shop) -> None:
    """What it had not asked yet is not taken for done."""
    (shop.root / "tests" / "conftest.py").write_text("raise ValueError('every pytest dies of this')")
    shop.site.answers["/health"] = lambda: _displaced(shop.out / "pytest.log") or {"status": "ok"}

    with pytest.raises(JournalWriteError, match=r"pytest\.log': Is a directory"):
        shop.run()

    (phase,) = shop.events(PhaseFinished)
    assert phase.cut_short == "interrupted"
    assert shop.judgement().verdict is Verdict.INCONCLUSIVE


def test_an_error_while_running_is_written_down(shop: Shop) -> None:
    """The journal says what kept the campaign from going on."""
    run = shop.prepared()
    (shop.out / "environment.json").mkdir()

    with pytest.raises(JournalWriteError, match="Is a directory"):
        run.run()

    (interrupted,) = shop.events(Interrupted)
    assert interrupted.reason.startswith(f"cannot write '{shop.out}/environment.json': Is a directory")
    assert len(shop.events(CampaignFinished)) == 1
