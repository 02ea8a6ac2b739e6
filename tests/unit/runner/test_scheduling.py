import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ci_tools.evidence.events import (
    Interrupted,
    Record,
    Sampled,
    TestFinished,
    TestStarted,
    WorkerLost,
)
from ci_tools.model import NodeId, Outcome, Verdict
from ci_tools.runner.control import Line, RunPhase
from ci_tools.runner.parking import PARKED
from ci_tools.runner.scheduling import Assignment, CampaignScheduling
from tests.unit.runner.shop import Shop, Site, lean_pytest
from tests.unit.runner.told import FOUR, MEETING, NAMING, SECOND_GATE, cut_short, outcomes, started

Eventually = Callable[..., None]

CONFTEST = """\
import os, pathlib, pytest
def note(what):
    with pathlib.Path("notes").open("a") as notes:
        notes.write(f"{what} {os.getpid()}\\n")
@pytest.fixture(scope="session", autouse=True)
def whole():
    note("set up")
    yield
    note("cleaned up")
"""


def notes(shop: Shop, what: str) -> list[int]:
    """The processes that noted *what*, as often as they did."""
    rows = [row.rpartition(" ") for row in (shop.root / "notes").read_text(encoding="utf-8").splitlines()]
    return [int(process) for said, _, process in rows if said == what]


def processes_of(records: list[Record]) -> set[str]:
    """The processes that wrote *records*."""
    return {record.writer.rpartition("-")[2] for record in records}


@pytest.fixture(scope="session")
def two_phases(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Two phases that two workers have run, with probes before each."""
    with Site().serving() as serving:
        shop = Shop(tmp_path_factory.mktemp("two"), serving)
        shop.extend(SECOND_GATE)
        (shop.root / "conftest.py").write_text(CONFTEST, encoding="utf-8")
        shop.suite(
            "smoke",
            f"{MEETING}\ndef test_it(): meet('a', 'b')\ndef test_that():\n    meet('b', 'a')\n    time.sleep(0.3)\n",
        )
        shop.suite("orders", f"{MEETING}\ndef test_one(): meet('c', 'd')\ndef test_two(): meet('d', 'c')\n")
        with lean_pytest():
            shop.prepared(workers=2).run()
        return shop


TWO_PHASES = pytest.mark.xdist_group("two phases")


@TWO_PHASES
def test_all_phases_run_in_one_pytest(two_phases: Shop) -> None:
    """One controller, and the same workers in both phases."""
    assert two_phases.judgement().verdict is Verdict.PASS
    assert len(list((two_phases.out / "journal").glob("pytest-*.jsonl"))) == 1
    ended = two_phases.records(TestFinished)
    assert len(ended) == 4
    assert processes_of(ended[:2]) == processes_of(ended[2:])
    assert len(processes_of(ended)) == 2


@TWO_PHASES
def test_a_session_is_set_up_once_for_each_worker(two_phases: Shop) -> None:
    """Over all phases, and cleaned up at the end."""
    workers = sorted(int(process) for process in processes_of(two_phases.records(TestFinished)))

    assert sorted(notes(two_phases, "set up")) == workers
    assert sorted(notes(two_phases, "cleaned up")) == workers


@TWO_PHASES
def test_probing_between_two_phases_is_quiet(two_phases: Shop) -> None:
    """The last test of one phase has ended before, the first of the next begins after."""
    ended = [record.mono_s for record in two_phases.records(TestFinished)]
    began = [record.mono_s for record in two_phases.records(TestStarted)]
    probed = [
        record.mono_s
        for record in two_phases.records(Sampled)
        if isinstance(record.event, Sampled) and record.event.phase == 2
    ]

    assert len(began) == len(ended) == 4
    assert probed
    assert max(ended[:2]) < min(probed)
    assert max(probed) < min(began[2:])


@TWO_PHASES
def test_a_parking_place_is_no_test(two_phases: Shop) -> None:
    """Not in the journal, not in what pytest says."""
    written = b"".join(path.read_bytes() for path in (two_phases.out / "journal").iterdir())

    assert b"parked" not in written
    assert "4 passed" in (two_phases.out / "pytest.log").read_text(encoding="utf-8")
    assert not (two_phases.out / "collection.json").exists()


def test_the_longest_test_goes_first(shop: Shop) -> None:
    """By what each took before."""
    shop.suite("orders", FOUR)
    took = {f"tests/test_orders.py::test_{name}": took_s for name, took_s in zip("abcd", (1, 4, 2, 3), strict=True)}

    shop.run(phases=("second",), durations_s=took)

    assert started(shop) == ["test_b", "test_d", "test_c", "test_a"]


def test_a_seed_gives_the_same_order_again(shop: Shop, tmp_path: Path) -> None:
    """Whatever the durations."""
    shop.suite("orders", FOUR)
    shop.run(phases=("second",), seed=3)
    first = started(shop)
    shop.out = tmp_path / "again"

    shop.run(phases=("second",), seed=3, out=shop.out, durations_s={"tests/test_orders.py::test_a": 9.0})

    assert started(shop) == first
    assert sorted(first) == ["test_a", "test_b", "test_c", "test_d"]
    assert first != sorted(first)


def test_what_loads_the_system_runs_alone_after_the_others(shop: Shop) -> None:
    """Nothing else is under way beside any of its tests."""
    shop.suite(
        "orders", "import time, pytest\n@pytest.mark.parametrize('n', range(4))\ndef test_order(n): time.sleep(0.1)"
    )
    shop.suite(
        "load", "import time, pytest\n@pytest.mark.parametrize('n', range(3))\ndef test_load(n): time.sleep(0.1)"
    )
    shop.extend(
        '[suites.load]\nphase = "second"\npaths = ["tests/test_load.py"]\nloads_system = true\nvalue = "it is slow"\n'
    )

    judgement = shop.run(phases=("second",), workers=3, durations_s={"tests/test_load.py::test_load[0]": 99.0})

    assert judgement.verdict is Verdict.PASS
    steps = sorted([*shop.records(TestStarted), *shop.records(TestFinished)], key=lambda record: record.mono_s)
    loading = [record.event for record in steps[-6:]]
    assert {event.node_id.partition("[")[0] for event in loading} == {"tests/test_load.py::test_load"}
    assert [type(event) for event in loading] == [TestStarted, TestFinished] * 3
    assert [one.node_id for one in loading[::2]] == [one.node_id for one in loading[1::2]]


def test_more_workers_than_tests_are_no_trouble(shop: Shop) -> None:
    """Two dozen share two tests, and those that have none end as well."""
    judgement = shop.run(phases=("first",), workers=24)

    assert (judgement.verdict, cut_short(shop)) == (Verdict.PASS, [""])
    assert len(list((shop.out / "journal").glob("gw*.jsonl"))) == 24
    assert shop.events(WorkerLost) == []


def test_a_phase_without_tests_lets_the_next_one_run(shop: Shop) -> None:
    """Nothing collected is inconclusive, and no more than that."""
    shop.suite("smoke", "WHY = 'nobody wrote one yet'\n")

    judgement = shop.run()

    assert [phase.verdict for phase in judgement.phases] == [Verdict.INCONCLUSIVE, Verdict.PASS]
    assert cut_short(shop) == ["", ""]


@pytest.fixture
def hurried(shop: Shop) -> Shop:
    """Three phases, the second with few seconds: pytest is up by then, however slow its start was."""
    shop.change("budget_min = 1\n\n[phases.third]", "budget_min = 0.1\n\n[phases.third]")
    shop.extend('[suites.late]\nphase = "third"\npaths = ["tests/test_late.py"]\nvalue = "nobody can return"\n')
    shop.suite("late", "def test_late(): pass\n")
    return shop


def test_what_the_budget_keeps_from_beginning_is_said(hurried: Shop) -> None:
    """It is not run; a test under way may end within the grace, and the next phase has its own budget."""
    hurried.suite("orders", "import time\ndef test_a(): time.sleep(6.5)\ndef test_b(): pass\ndef test_c(): pass\n")

    judgement = hurried.run()

    assert cut_short(hurried) == ["", "the budget ended with 2 tests not begun", ""]
    assert outcomes(hurried) == {
        "test_it": Outcome.PASSED,
        "test_that": Outcome.PASSED,
        "test_a": Outcome.PASSED,
        "test_b": Outcome.NOT_RUN,
        "test_c": Outcome.NOT_RUN,
        "test_late": Outcome.PASSED,
    }
    assert [phase.verdict for phase in judgement.phases] == [Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.PASS]


def test_a_hanging_test_costs_its_phase_only(hurried: Shop) -> None:
    """It is ended after the grace, and the next phase runs in a new process."""
    hurried.suite("orders", "import time\ndef test_a(): pass\ndef test_b(): time.sleep(60)\n")

    judgement = hurried.run()

    assert cut_short(hurried) == ["", "the budget ended before the tests did", ""]
    assert outcomes(hurried)["test_b"] is Outcome.NOT_RUN
    assert outcomes(hurried)["test_late"] is Outcome.PASSED
    assert [phase.verdict for phase in judgement.phases] == [Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.PASS]


def test_a_campaign_stopped_during_a_test_does_not_wait_for_it(shop: Shop) -> None:
    """Everything is ended at once; what it saw stands."""
    shop.suite(
        "smoke",
        "import os, signal, time\ndef test_it(): pass\n"
        "def test_that():\n    os.kill(int(os.environ['CAMPAIGN_PROCESS']), signal.SIGINT)\n    time.sleep(60)\n",
    )
    began = time.monotonic()

    judgement = shop.run()

    assert time.monotonic() - began < 20
    assert shop.events(Interrupted) == [Interrupted(reason="SIGINT was received")]
    assert outcomes(shop) == {"test_it": Outcome.PASSED, "test_that": Outcome.NOT_RUN}
    assert judgement.verdict is Verdict.INCONCLUSIVE


def test_a_campaign_stopped_at_a_barrier_lets_the_session_clean_up(shop: Shop, eventually: Eventually) -> None:
    """No test was under way: pytest ends by itself, and no process is left."""
    (shop.root / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    shop.extend(SECOND_GATE)
    shop.suite("smoke", NAMING)

    def stop() -> object:
        if (shop.root / "controller").exists():
            os.kill(os.getpid(), signal.SIGINT)
        return {"status": "ok"}

    shop.site.answers["/health"] = stop
    judgement = shop.run()

    assert shop.events(Interrupted) == [Interrupted(reason="SIGINT was received")]
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert started(shop) == ["test_it", "test_that"]
    assert notes(shop, "cleaned up") == notes(shop, "set up")
    (worker,) = notes(shop, "set up")
    eventually(lambda: not Path(f"/proc/{worker}").exists(), within_s=5, what="the worker is gone")


class Worker:
    """Stands for a worker as its controller sees it."""

    shutting_down = False

    def __init__(self, *, deaf: bool = False) -> None:
        self.told: list[list[int]] = []
        self.deaf = deaf

    def send_runtest_some(self, indices: list[int]) -> None:
        """Be told what to run."""
        if self.deaf:
            raise OSError("cannot send (already closed?)")
        self.told.append(indices)


A, B = NodeId("test_it.py::test_a"), NodeId("test_it.py::test_b")
COLLECTION = [A, PARKED, B]


@pytest.fixture
def scheduling() -> Iterator[CampaignScheduling]:
    """Of two workers, for a campaign that orders one phase and then is gone."""
    ours, theirs = Line.pair()
    ours.send(RunPhase(phase=1, deadline=time.monotonic() + 60))
    line = Line(theirs)
    ours.close()
    yield CampaignScheduling(
        2, line, lambda _order, collected, _disputed: Assignment(collected, ()), lambda _held, _waiting: ()
    )
    line.close()


def test_what_does_not_reach_a_dying_worker_goes_to_another(scheduling: CampaignScheduling) -> None:
    """Its death is about to be told; the test had no part in it."""
    dying, healthy = Worker(deaf=True), Worker()
    for worker in (dying, healthy):
        scheduling.add_node(worker)
        scheduling.add_node_collection(worker, COLLECTION)

    scheduling.schedule()
    crashed = scheduling.remove_node(dying)
    scheduling.test_begun(A)
    scheduling.mark_test_complete(healthy, 0)

    assert crashed is None
    assert healthy.told == [[0, 1], [2, 1]]


def test_a_phase_does_not_end_before_a_crash_is_reported(scheduling: CampaignScheduling) -> None:
    """The test is told first; the replaced worker leads on."""
    first, second, third = Worker(), Worker(), Worker()
    for worker in (first, second):
        scheduling.add_node(worker)
        scheduling.add_node_collection(worker, COLLECTION)
    scheduling.schedule()
    scheduling.mark_test_complete(first, 0)
    scheduling.test_begun(B)

    crashed = scheduling.remove_node(second)

    assert (crashed, scheduling.tests_finished) == (B, False)
    scheduling.add_node(third)
    scheduling.add_node_collection(third, COLLECTION)
    scheduling.schedule()
    assert scheduling.tests_finished


def test_a_worker_that_was_never_up_is_unknown(scheduling: CampaignScheduling) -> None:
    """As xdist expects it to be said."""
    with pytest.raises(KeyError):
        scheduling.remove_node(Worker())


def test_a_worker_that_gave_up_collecting_is_no_worker(scheduling: CampaignScheduling) -> None:
    """An empty collection of an error is not mistaken for a suite without tests."""
    with pytest.raises(RuntimeError, match="gave up collecting"):
        scheduling.add_node_collection(Worker(), [])


def test_leaving_the_parking_place_ends_no_test(scheduling: CampaignScheduling) -> None:
    """A worker that is told to run a test first says that it is done with parking."""
    first, second = Worker(), Worker()
    for worker in (first, second):
        scheduling.add_node(worker)
        scheduling.add_node_collection(worker, COLLECTION)
    scheduling.schedule()

    scheduling.mark_test_complete(first, 1)

    assert (first.told, second.told) == ([[0, 1]], [[2, 1]])
    assert scheduling.has_pending


def test_workers_are_forked_by_a_process_that_has_imported_ahead(shop: Shop) -> None:
    """Each would spend more than a second on the same imports."""
    shop.suite(
        "smoke",
        "import os, pathlib\ndef test_it(): pass\n"
        "def test_that():\n    forking = pathlib.Path(f'/proc/{os.getppid()}')\n"
        "    assert b'/ahead.py' in (forking / 'cmdline').read_bytes()\n"
        "    assert f'PPid:\\t{os.environ[\"CAMPAIGN_PROCESS\"]}\\n' in (forking / 'status').read_text()\n",
    )

    shop.run(workers=2)

    assert outcomes(shop) == {"test_it": Outcome.PASSED, "test_that": Outcome.PASSED, "test_order": Outcome.PASSED}


def test_workers_that_cannot_be_forked_are_started(shop: Shop) -> None:
    """A plugin changes what Python reads when it starts: the campaign goes on, and pytest's log says why."""
    (shop.root / "conftest.py").write_text("import os\nos.environ['PYTHONHASHSEED'] = '7'\n", encoding="utf-8")

    judgement = shop.run(workers=2)

    assert judgement.verdict is Verdict.PASS
    reason = "the suite has changed what Python reads when it starts: PYTHONHASHSEED"
    log = (shop.out / "pytest.log").read_text(encoding="utf-8")
    assert log.count(f"ci-tools: a worker is started instead of forked: {reason}\n") == 2
