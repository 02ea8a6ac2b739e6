from pathlib import Path

from ci_tools.evidence.events import Collected, Sampled, TestFinished
from ci_tools.model import Outcome, Verdict
from tests.unit.runner.shop import SMOKE, Shop

CLOCKED = "import pathlib, time\npathlib.Path('collected').write_text(str(time.monotonic()))\n"
DYING = "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nos._exit(1)\n"


def test_everything_is_collected_before_the_system_is_asked(shop: Shop) -> None:
    """What pytest needs of the machine to collect would make the system seem slow."""
    shop.suite("smoke", CLOCKED + SMOKE)
    shop.run(phases=("first",))
    asked = [record.mono_s for record in shop.records(Sampled)]

    assert float((shop.root / "collected").read_text()) < min(asked)


def test_a_campaign_does_not_wait_for_ever_to_collect(shop: Shop) -> None:
    """The first phase's budget bounds it; then the system is asked all the same, and the phase is cut short."""
    shop.change("number = 1\nbudget_min = 1", "number = 1\nbudget_min = 0.02")
    shop.suite("smoke", "import time\ntime.sleep(60)\n")
    judgement = shop.run(phases=("first",))

    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert shop.events(Sampled)


def test_a_session_that_dies_costs_the_phase_of_what_killed_it_only(shop: Shop) -> None:
    """The other phases are then run by a pytest of their own."""
    shop.suite("orders", DYING)
    shop.run(phases=("first", "second"))
    passed = [event.node_id for event in shop.events(TestFinished) if event.outcome is Outcome.PASSED]

    assert passed == ["tests/test_smoke.py::test_it", "tests/test_smoke.py::test_that"]
    assert shop.judgement().verdict is Verdict.INCONCLUSIVE


def test_without_files_no_session_is_started(shop: Shop) -> None:
    """Nothing is collected, and what is missing is said by name."""
    Path(shop.root / "tests" / "test_smoke.py").unlink()
    shop.run(phases=("first",))

    assert [event.problem for event in shop.events(Collected)] == ["no such file or folder"]
    assert not (shop.out / "pytest.log").exists()
