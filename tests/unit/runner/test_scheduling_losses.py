import os
import signal
from collections.abc import Callable

import pytest

from ci_tools.evidence.events import Collected, PhaseFinished, TestFinished, WorkerLost
from ci_tools.model import Outcome, Verdict
from tests.unit.runner.shop import Shop
from tests.unit.runner.told import FAMILY, FOUR, MEETING, NAMING, SECOND_GATE, cut_short, outcomes, started

DYING = """\
import os, signal
def test_it(): pass
def test_that(): os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_a_worker_killed_over_a_test_is_replaced(shop: Shop, workers: int) -> None:
    """Its test is errored in its own phase, also when it was the last; everything else runs."""
    shop.suite("smoke", DYING)

    judgement = shop.run(workers=workers)

    assert outcomes(shop) == {
        "test_it": Outcome.PASSED,
        "test_that": Outcome.ERRORED,
        "test_order": Outcome.PASSED,
    }
    assert [phase.verdict for phase in judgement.phases] == [Verdict.FAIL, Verdict.PASS]
    assert cut_short(shop) == ["", ""]
    assert {event.node_id for event in shop.events(WorkerLost)} == {None, "tests/test_smoke.py::test_that"}
    (died,) = [
        record
        for record in shop.records(TestFinished)
        if isinstance(record.event, TestFinished) and record.event.node_id.endswith("test_that")
    ]
    assert died.mono_s < shop.records(PhaseFinished)[0].mono_s


def test_a_crash_stops_a_plan_that_stops_early(shop: Shop) -> None:
    """It is known when the phase is judged."""
    shop.suite("smoke", DYING)

    judgement = shop.run(plan="short")

    assert judgement.verdict is Verdict.FAIL
    assert judgement.phases[1].missing[-1] == "never started"


def test_what_loads_the_system_runs_after_a_crash(shop: Shop) -> None:
    """The worker that was lost is not waited for as if it were still running its test."""
    shop.suite("smoke", DYING)
    shop.extend(
        '[suites.load]\nphase = "first"\npaths = ["tests/test_load.py"]\nloads_system = true\nvalue = "it is slow"\n'
    )
    shop.suite("load", "def test_load(): pass\n")

    shop.run(phases=("first",), workers=2)

    assert outcomes(shop) == {"test_it": Outcome.PASSED, "test_that": Outcome.ERRORED, "test_load": Outcome.PASSED}


def kills(shop: Shop, name: str) -> Callable[[], object]:
    """An answer of the site during which the process that the file *name* names is killed, once it is there."""

    def answer() -> object:
        file = shop.root / name
        if file.exists():
            os.kill(int(file.read_text(encoding="utf-8")), signal.SIGKILL)
            file.unlink()
        return {"status": "ok"}

    return answer


@pytest.mark.parametrize("workers", [1, 2])
def test_a_worker_killed_while_parked_takes_no_test_with_it(shop: Shop, workers: int) -> None:
    """Between two phases, while the controller hears nobody: the next phase runs as if nothing had been."""
    shop.suite("smoke", NAMING)
    shop.suite("orders", FOUR)
    shop.extend(SECOND_GATE)
    shop.site.answers["/health"] = kills(shop, "worker")

    judgement = shop.run(workers=workers)

    assert (judgement.verdict, cut_short(shop)) == (Verdict.PASS, ["", ""])
    assert not (shop.root / "worker").exists()
    assert [event.node_id for event in shop.events(WorkerLost)] == [None]
    assert started(shop)[2:] == ["test_a", "test_b", "test_c", "test_d"] or workers > 1


def test_a_worker_killed_while_others_work_takes_no_test_with_it(shop: Shop) -> None:
    """It was parked, for nothing was left for it."""
    shop.suite(
        "smoke",
        f"{MEETING}\nimport os, signal\n"
        "def test_it(): pathlib.Path('worker').write_text(str(os.getpid()))\n"
        "def test_that():\n"
        "    meet('here', 'worker')\n    time.sleep(0.5)\n"
        "    os.kill(int(pathlib.Path('worker').read_text()), signal.SIGKILL)\n    time.sleep(0.5)\n",
    )

    judgement = shop.run(workers=2)

    assert (judgement.verdict, cut_short(shop)) == (Verdict.PASS, ["", ""])
    assert [event.node_id for event in shop.events(WorkerLost)] == [None]


def test_what_keeps_pytest_from_collecting_costs_only_its_own_phase(shop: Shop) -> None:
    """The phases before and after run without it."""
    (shop.root / "tests" / "other").mkdir()
    (shop.root / "tests" / "other" / "conftest.py").write_text("import nothing_of_that_name\n", encoding="utf-8")
    (shop.root / "tests" / "other" / "test_other.py").write_text("def test_other(): pass\n", encoding="utf-8")
    shop.extend('[suites.other]\nphase = "second"\npaths = ["tests/other/test_other.py"]\nvalue = "it is odd"\n')
    shop.extend('[suites.more]\nphase = "third"\npaths = ["tests/test_more.py"]\nvalue = "it is more"\n')
    shop.suite("more", "def test_more(): pass\n")

    judgement = shop.run()

    assert cut_short(shop) == ["", "pytest ended with exit code 4: it was called wrongly, see pytest.log", ""]
    verdicts = [phase.verdict for phase in judgement.phases]
    assert verdicts == [Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.PASS]


def test_a_file_that_kills_who_imports_it_costs_only_its_own_phase(shop: Shop) -> None:
    """Worker after worker dies over it, and none ever runs a test of that phase."""
    shop.suite("orders", "import os\nos._exit(1)\n")

    judgement = shop.run()

    assert [phase.verdict for phase in judgement.phases] == [Verdict.PASS, Verdict.INCONCLUSIVE]
    assert cut_short(shop)[0] == ""
    assert cut_short(shop)[1].startswith("pytest ended with exit code ")


@pytest.mark.parametrize("whom", ["forking.pid", "controller.pid"])
def test_a_killed_controller_costs_its_phase(shop: Shop, whom: str) -> None:
    """Or the process that has forked it: the phase says so, and the next one runs in a new process."""
    shop.suite("smoke", f"{FAMILY}def test_it(): pass\ndef test_that():\n    os.kill({whom}, 9)\n    time.sleep(60)\n")

    judgement = shop.run()

    assert cut_short(shop) == ["pytest was killed by signal 9", ""]
    assert [phase.verdict for phase in judgement.phases] == [Verdict.INCONCLUSIVE, Verdict.PASS]
    assert len(list((shop.out / "journal").glob("pytest-*.jsonl"))) == 2


def test_a_worker_whose_launcher_is_killed_is_replaced(shop: Shop) -> None:
    """It goes with it, and so does its test."""
    shop.suite(
        "smoke",
        f"{FAMILY}def test_it(): pass\ndef test_that():\n    controller.children()[0].kill()\n    time.sleep(60)\n",
    )

    judgement = shop.run()

    assert outcomes(shop) == {"test_it": Outcome.PASSED, "test_that": Outcome.ERRORED, "test_order": Outcome.PASSED}
    assert [phase.verdict for phase in judgement.phases] == [Verdict.FAIL, Verdict.PASS]


def test_a_controller_killed_between_two_phases_costs_nothing(shop: Shop) -> None:
    """Nobody was running a test."""
    shop.suite("smoke", NAMING)
    shop.extend(SECOND_GATE)
    shop.site.answers["/health"] = kills(shop, "controller")

    judgement = shop.run()

    assert (judgement.verdict, cut_short(shop)) == (Verdict.PASS, ["", ""])
    assert not (shop.root / "controller").exists()
    assert len(list((shop.out / "journal").glob("pytest-*.jsonl"))) == 2


def test_tests_that_only_some_workers_know_are_named(shop: Shop) -> None:
    """They are not run, and the others are."""
    shop.change("expected = 2\n", "")
    shop.suite(
        "smoke",
        "import os, pytest\ndef test_it(): pass\n"
        "@pytest.mark.parametrize('n', [os.getpid()])\ndef test_that(n): pass\n",
    )

    judgement = shop.run(workers=2)

    assert outcomes(shop) == {"test_it": Outcome.PASSED, "test_order": Outcome.PASSED}
    problems = [event for event in shop.events(Collected) if event.problem]
    assert len(problems) == 2
    assert all(event.node_id.startswith("tests/test_smoke.py::test_that[") for event in problems)
    assert {event.suite for event in problems} == {"smoke"}
    assert all("pytest workers do not agree" in event.problem for event in problems)
    assert [phase.verdict for phase in judgement.phases] == [Verdict.INCONCLUSIVE, Verdict.PASS]


def test_what_a_replaced_worker_no_longer_knows_is_said(shop: Shop) -> None:
    """It collects otherwise than the one that died: the phase ends, and tells how many tests it lost."""
    shop.change("expected = 2\n", "")
    shop.suite(
        "smoke",
        "import os, signal, pytest\ndef test_it(): os.kill(os.getpid(), signal.SIGKILL)\n"
        "@pytest.mark.parametrize('n', [os.getpid()])\ndef test_that(n): pass\ndef test_more(): pass\n",
    )

    shop.run()

    assert cut_short(shop) == ["1 tests are known to no pytest worker any more", ""]
    assert [event.outcome for event in shop.events(TestFinished)] == [Outcome.ERRORED, Outcome.PASSED, Outcome.PASSED]
    assert [one for name, one in outcomes(shop).items() if name.startswith("test_that")] == [Outcome.NOT_RUN]


def test_workers_that_keep_dying_end_the_phase(shop: Shop) -> None:
    """After so many that a new one is no help; the next phase has new ones."""
    shop.change("expected = 2", "expected = 8")
    shop.suite(
        "smoke",
        "import os, signal, pytest\n@pytest.mark.parametrize('n', range(8))\n"
        "def test_it(n): os.kill(os.getpid(), signal.SIGKILL)\n",
    )

    judgement = shop.run()

    assert cut_short(shop)[0].startswith("pytest ended with exit code ")
    assert cut_short(shop)[1] == ""
    assert [phase.verdict for phase in judgement.phases] == [Verdict.FAIL, Verdict.PASS]
    assert set(outcomes(shop).values()) == {Outcome.ERRORED, Outcome.NOT_RUN, Outcome.PASSED}


def test_a_worker_that_dies_before_it_is_up_is_replaced(shop: Shop) -> None:
    """Once is an accident."""
    (shop.root / "conftest.py").write_text(
        "import os, pathlib\ndef pytest_configure(config):\n"
        "    if hasattr(config, 'workerinput') and not pathlib.Path('died').exists():\n"
        "        pathlib.Path('died').touch()\n        os._exit(1)\n",
        encoding="utf-8",
    )

    judgement = shop.run()

    assert (shop.root / "died").exists()
    assert (judgement.verdict, cut_short(shop)) == (Verdict.PASS, ["", ""])
