import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ci_tools.evidence.events import CleanUpFailed, Collected, TestFinished
from ci_tools.model import Outcome, Verdict
from ci_tools.runner.parking import MARKS, PARKED, Collection, Parking, read_collection
from tests.unit.runner.shop import Shop

SCOPES = """\
import os, pathlib, pytest

def note(what):
    with pathlib.Path("notes").open("a") as notes:
        notes.write(what + "\\n")

@pytest.fixture(scope="session")
def session():
    note("session up")
    yield "s"
    note("session down")

@pytest.fixture(scope="module")
def module(session):
    note("module up")
    yield session + "m"
    note("module down")

@pytest.fixture
def function(module):
    note("function up")
    yield module + "f"
    note("function down")

def setup_module(): note("setup_module")
def teardown_module(): note("teardown_module")

class TestGroup:
    @pytest.fixture(scope="class")
    def group(self, module):
        note("class up")
        yield module + "c"
        note("class down")
    def test_it(self, group, function): assert (group, function) == ("smc", "smf")
    def test_that(self, group): assert group == "smc"
"""


def noted(shop: Shop) -> list[str]:
    """What the suite noted, in order."""
    return (shop.root / "notes").read_text(encoding="utf-8").splitlines()


def test_fixtures_of_every_scope_work(shop: Shop) -> None:
    """Each test finds what it asks for; what was set up is cleaned up, the last first."""
    shop.suite("smoke", SCOPES)

    judgement = shop.run(phases=("first",))

    assert judgement.verdict is Verdict.PASS
    rows = noted(shop)
    assert rows.count("session up") == rows.count("session down") == 1
    assert rows[-1] == "session down"
    for scope in ("module", "class", "function"):
        assert rows.count(f"{scope} up") == rows.count(f"{scope} down") >= 1
    assert rows.index("function down") < rows.index("class down") < rows.index("module down")
    assert rows.count("setup_module") == rows.count("teardown_module") >= 1


def test_a_parked_worker_holds_the_session_only(shop: Shop) -> None:
    """What a module opened is closed before the next test is known, so nothing of it disturbs a barrier."""
    shop.suite("smoke", SCOPES)

    shop.run(phases=("first",))

    rows = noted(shop)
    assert [row for row in rows if row.startswith("module")] == ["module up", "module down"] * 2
    assert [row for row in rows if row.startswith("session")] == ["session up", "session down"]


BROKEN_ENDING = """\
import pytest
@pytest.fixture(scope="session")
def untidy():
    yield
    raise RuntimeError("no clean-up today")
def test_it(untidy): pass
def test_that(untidy): pass
"""


def test_a_session_that_cannot_be_cleaned_up_is_told(shop: Shop) -> None:
    """Its tests keep what they saw; what belongs to none of them leaves the campaign without a pass."""
    shop.suite("smoke", BROKEN_ENDING)

    judgement = shop.run()

    assert [test.outcome for test in judgement.tests] == [Outcome.PASSED] * 3
    assert shop.events(CleanUpFailed) == [CleanUpFailed(worker="gw0", reason="RuntimeError: no clean-up today")]
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert judgement.reasons == ("a session was not cleaned up: RuntimeError: no clean-up today",)


def test_markers_reach_the_journal(shop: Shop) -> None:
    """Each test's own, and those of its class and module, beside what its suite requires."""
    shop.suite(
        "orders",
        "import pytest\npytestmark = pytest.mark.requires('stock')\n"
        "@pytest.mark.requires('shop')\nclass TestGroup:\n"
        "    @pytest.mark.requires('postgresql', 'redis')\n    def test_it(self): pass\n"
        "def test_that(): pass\n",
    )

    shop.run(phases=("second",))

    requires = {event.node_id.rpartition("::")[2]: event.requires for event in shop.events(Collected)}
    assert requires["test_it"][0] == "shop"
    assert sorted(requires["test_it"]) == ["postgresql", "redis", "shop", "stock"]
    assert requires["test_that"] == ("shop", "stock")


def test_what_a_suite_orders_anew_has_its_parking_place(shop: Shop) -> None:
    """Wherever a conftest of its own puts the items."""
    (shop.root / "conftest.py").write_text(
        "import pytest\n@pytest.hookimpl(wrapper=True, tryfirst=True)\n"
        "def pytest_collection_modifyitems(items):\n    yield\n    items.reverse()\n",
        encoding="utf-8",
    )

    judgement = shop.run()

    assert judgement.verdict is Verdict.PASS
    assert len(shop.events(TestFinished)) == 3


def test_a_suite_whose_options_select_is_run_by_them(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not selected is no part of the phase, and the parking place stays."""
    monkeypatch.setenv("PYTEST_ADDOPTS", f"{os.environ['PYTEST_ADDOPTS']} -k 'not test_that' -x")

    judgement = shop.run()

    assert [test.node_id.partition("::")[2] for test in judgement.tests] == ["test_it", "test_order"]
    assert [phase.verdict for phase in judgement.phases] == [Verdict.INCONCLUSIVE, Verdict.PASS]


def test_without_workers_control_is_refused(tmp_path: Path) -> None:
    """Nothing would be recorded and nobody would listen."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--campaign-journal=out", "--campaign-control=0"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 4
    assert "--campaign-control needs workers of pytest-xdist" in done.stderr
    assert not (tmp_path / "out").exists()


def test_marks_are_written_whole(pytester_items: list[pytest.Item], tmp_path: Path) -> None:
    """No half-written file is left beside them, and the parking place is not among them."""
    Parking(tmp_path / MARKS).pytest_collection_modifyitems(pytester_items[0].session, pytester_items)

    assert [path.name for path in tmp_path.iterdir()] == [MARKS]
    assert PARKED not in json.loads((tmp_path / MARKS).read_text(encoding="utf-8"))
    assert pytester_items[-1].nodeid == PARKED


@pytest.fixture
def pytester_items(request: pytest.FixtureRequest) -> list[pytest.Item]:
    """What a worker collected: this very test."""
    return [request.node]


def test_nothing_is_known_of_a_collection_that_nobody_wrote(tmp_path: Path) -> None:
    """Before the first worker has collected, no test requires anything and none was deselected."""
    assert read_collection(tmp_path / MARKS) == Collection(required={}, deselected=())


def test_what_the_workers_wrote_is_read(tmp_path: Path) -> None:
    """Marks and deselected tests reach the controller."""
    (tmp_path / MARKS).write_text('{"tests": {"test_b": ["redis"]}, "deselected": ["test_c"]}', encoding="utf-8")

    assert read_collection(tmp_path / MARKS) == Collection(required={"test_b": ["redis"]}, deselected=["test_c"])
