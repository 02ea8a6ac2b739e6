import pytest

from ci_tools.model import Suite
from ci_tools.planning.membership import suite_of

SUITES = (
    Suite(name="all", paths=("tests",)),
    Suite(name="orders", paths=("tests/orders/", "tests/test_cart.py")),
    Suite(name="payment", paths=("tests/orders/test_pay.py::TestCard", "tests/orders/test_pay.py::test_cash")),
    Suite(name="agents", paths=("tests/agents/test_real_*.py",)),
    Suite(name="handoff", paths=("tests/agents/test_real_h.py",)),
    Suite(name="euros", paths=("tests/orders/test_pay.py::test_cash[10*2?]", "tests/test_*.py::test_euro")),
    Suite(name="deep", paths=("tests/deep/**/test_*.py",)),
    Suite(name="parts", paths=("tests/part_?",)),
    Suite(name="dotted", paths=("./tests/dotted//test_it.py",)),
)


@pytest.mark.parametrize(
    ("node_id", "suite"),
    [
        ("tests/test_smoke.py::test_it", "all"),
        ("tests/test_cart.py::test_it", "orders"),
        ("tests/orders/test_list.py::test_it[one]", "orders"),
        ("tests/orders/test_pay.py::TestCard::test_it", "payment"),
        ("tests/orders/test_pay.py::test_cash", "payment"),
        ("tests/orders/test_pay.py::test_cash[euro]", "payment"),
        ("tests/orders/test_pay.py::test_cashback", "orders"),
        ("tests/agents/test_real_triage.py::test_it", "agents"),
        ("tests/agents/test_fake.py::test_it", "all"),
        ("tests/agents/test_real_h.py::test_it", "handoff"),
        ("tests/agents/test_real_of/test_it.py::test_it", "all"),
        ("tests/orders/test_pay.py::test_cash[10*2?]", "euros"),
        ("tests/orders/test_pay.py::test_cash[1022]", "payment"),
        ("tests/test_shop.py::test_euro[1]", "euros"),
        ("tests/more/test_shop.py::test_euro", "all"),
        ("tests/deep/test_it.py::test_it", "deep"),
        ("tests/deep/er/and/er/test_it.py::test_it", "deep"),
        ("tests/part_1/test_it.py::test_it", "parts"),
        ("tests/part_10/test_it.py::test_it", "all"),
        ("tests/dotted/test_it.py::test_it", "dotted"),
        ("tests/orders", "orders"),
    ],
)
def test_a_test_belongs_to_its_most_specific_path(node_id: str, suite: str) -> None:
    """A test belongs to the suite that names it most closely."""
    found = suite_of(node_id, SUITES)

    assert found is not None
    assert found.name == suite


@pytest.mark.parametrize("node_id", ["tests_of_others/test_it.py::test_it", "test_it.py::test_it", ""])
def test_a_test_that_no_suite_asked_for_has_none(node_id: str) -> None:
    """A path that only begins alike covers nothing."""
    assert suite_of(node_id, SUITES) is None
