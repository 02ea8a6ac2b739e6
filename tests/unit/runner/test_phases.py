import pytest

from ci_tools.evidence.events import Collected, PhaseFinished, TestBlocked, TestFinished, TestStarted
from ci_tools.model import Outcome, Verdict
from tests.unit.runner.shop import Shop

STOCK = """\
[probes.stock]
kind = "http_json"
dependency = "stock"
host = "shop"
path = "/stock"
expect = { status = ["ok"] }

[gates.stock]
phase = "PHASE"
kind = "reliability"
dependency = "stock"
probe = "stock"
floor = 0.5
target = 1.0
"""


def problems(shop: Shop) -> dict[str, tuple[int, str]]:
    """What could not be collected: the phase and the suite that were told."""
    return {event.node_id: (event.phase, event.suite) for event in shop.events(Collected) if event.problem}


def test_a_phase_collects_what_is_its_own(shop: Shop) -> None:
    """Although pytest has collected the tests of all phases at once."""
    shop.run()

    assert {event.node_id: (event.phase, event.suite, event.requires) for event in shop.events(Collected)} == {
        "tests/test_smoke.py::test_it": (1, "smoke", ()),
        "tests/test_smoke.py::test_that": (1, "smoke", ()),
        "tests/test_orders.py::test_order": (2, "orders", ("shop",)),
    }


def test_what_its_suite_requires_holds_a_test_back(shop: Shop) -> None:
    """It is blocked by the dependency that fails, with the reason, and never begins."""
    shop.change('requires = ["shop"]', 'requires = ["stock"]')
    shop.extend(STOCK.replace("PHASE", "second"))
    shop.suite("orders", "def test_order(): pass\ndef test_other(): pass\n")

    judgement = shop.run()

    assert [event.node_id.partition("::")[2] for event in shop.events(TestStarted)] == ["test_it", "test_that"]
    blocked = shop.events(TestBlocked)
    assert [(event.node_id.partition("::")[2], event.dependency) for event in blocked] == [
        ("test_order", "stock"),
        ("test_other", "stock"),
    ]
    assert all(event.reason.startswith("blocked by stock: stock fails") for event in blocked)
    assert {test.outcome for test in judgement.tests if test.suite == "orders"} == {Outcome.BLOCKED}
    assert [event.cut_short for event in shop.events(PhaseFinished)] == ["", ""]


def test_what_its_marker_requires_holds_a_test_back(shop: Shop) -> None:
    """Its neighbours run."""
    shop.extend(STOCK.replace("PHASE", "second"))
    shop.suite(
        "orders",
        "import pytest\n@pytest.mark.requires('stock')\ndef test_order(): raise SystemExit('ran')\n"
        "def test_other(): pass\n",
    )

    shop.run(phases=("second",))

    ended = {event.node_id.partition("::")[2]: event.outcome for event in shop.events(TestFinished)}
    assert ended == {"test_order": Outcome.BLOCKED, "test_other": Outcome.PASSED}
    assert [event.node_id.partition("::")[2] for event in shop.events(TestStarted)] == ["test_other"]


def test_what_failed_in_one_phase_blocks_in_the_next(shop: Shop) -> None:
    """Until it is probed again; a phase that is blocked as a whole is over at once."""
    shop.change('requires = ["shop"]', 'requires = ["stock"]')
    shop.extend(STOCK.replace("PHASE", "first"))
    shop.extend('[suites.more]\nphase = "third"\npaths = ["tests/test_more.py"]\nvalue = "it is more"\n')
    shop.suite("more", "def test_more(): pass\n")

    judgement = shop.run()

    outcomes = {test.node_id.partition("::")[2]: test.outcome for test in judgement.tests}
    assert outcomes == {
        "test_it": Outcome.PASSED,
        "test_that": Outcome.PASSED,
        "test_order": Outcome.BLOCKED,
        "test_more": Outcome.PASSED,
    }


def test_a_broken_file_is_told_in_its_own_phase(shop: Shop) -> None:
    """Once, however many workers met it; the phase before knows nothing of it."""
    shop.suite("orders", "import nothing_of_that_name\n")

    judgement = shop.run(workers=2)

    assert problems(shop) == {"tests/test_orders.py": (2, "orders")}
    (problem,) = [event.problem for event in shop.events(Collected) if event.problem]
    assert "No module named 'nothing_of_that_name'" in problem
    assert [phase.verdict for phase in judgement.phases] == [Verdict.PASS, Verdict.INCONCLUSIVE]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("def test_order(): pass\n", "tests/test_orders.py::test_gone"),
        ("import nothing_of_that_name\n", "tests/test_orders.py"),
        ("", "tests/test_orders.py::test_gone"),
    ],
    ids=["gone", "broken", "empty"],
)
def test_a_named_test_that_is_not_there_is_told(shop: Shop, source: str, told: str) -> None:
    """With what stands in its way, and at no other test's cost."""
    shop.change('["tests/test_orders.py"]', '["tests/test_orders.py::test_gone"]')
    shop.suite("orders", source)

    judgement = shop.run()

    assert problems(shop) == {told: (2, "orders")}
    assert [phase.verdict for phase in judgement.phases] == [Verdict.PASS, Verdict.INCONCLUSIVE]


def test_a_named_test_of_a_missing_file_is_told_once(shop: Shop) -> None:
    """The file is what is missing."""
    shop.change('["tests/test_orders.py"]', '["tests/test_orders.py", "tests/test_gone.py::test_it"]')

    shop.run(phases=("second",))

    assert [event.problem for event in shop.events(Collected) if event.problem] == ["no such file or folder"]


def test_only_the_named_tests_of_a_file_run(shop: Shop) -> None:
    """The file is collected whole, and the others are nobody's."""
    shop.change('["tests/test_orders.py"]', '["tests/test_orders.py::test_order"]')
    shop.suite("orders", "def test_order(): pass\ndef test_other(): raise SystemExit('ran')\n")

    judgement = shop.run(phases=("second",))

    assert judgement.verdict is Verdict.PASS
    assert [event.node_id for event in shop.events(Collected)] == ["tests/test_orders.py::test_order"]


def test_a_folder_that_cannot_be_entered_is_told(shop: Shop) -> None:
    """Its suite has more than what could be collected of it."""
    shop.change('["tests/test_orders.py"]', '["tests/orders"]')
    deep = shop.root / "tests" / "orders" / "deep"
    deep.mkdir(parents=True)
    (deep / "conftest.py").write_text("import nothing_of_that_name\n", encoding="utf-8")
    (deep / "test_deep.py").write_text("def test_deep(): pass\n", encoding="utf-8")
    (deep.parent / "test_order.py").write_text("def test_order(): pass\n", encoding="utf-8")

    judgement = shop.run(phases=("second",))

    assert problems(shop) == {"tests/orders/deep": (2, "orders")}
    assert [test.outcome for test in judgement.tests] == [Outcome.PASSED]
    assert judgement.verdict is Verdict.INCONCLUSIVE
