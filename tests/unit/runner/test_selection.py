"""What keeps tests of a suite from being seen is told, and never passes."""

import sys

import pytest

from ci_tools.evidence.events import Interrupted
from ci_tools.model import Outcome, Verdict
from ci_tools.runner.pytest_process import arguments
from tests.unit.runner.shop import Shop


def test_a_deselected_test_is_missed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """An option left over in the caller's shell must not turn a failing suite into a pass."""
    shop.suite("orders", "def test_it(): pass\ndef test_fails(): assert 0\n")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k 'not test_fails'")
    shop.prepared(workers=1).run()

    judgement = shop.judgement()
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert any("test_fails could not be collected: deselected by an option" in reason for reason in judgement.reasons)


def test_a_file_that_skips_itself_is_missed(shop: Shop) -> None:
    """A missing import must not make the tests behind it vanish."""
    shop.suite("orders", "import pytest\npytest.importorskip('no_such_module')\ndef test_fails(): assert 0\n")
    shop.prepared(workers=1).run()

    judgement = shop.judgement()
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert any("skipped as a whole" in reason for reason in judgement.reasons)


def test_assertions_hold_whatever_python_was_told(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """``PYTHONOPTIMIZE`` takes the assertions out of every module that pytest does not rewrite."""
    (shop.root / "tests" / "steps_of_orders.py").write_text("def is_one(x):\n    assert x == 1\n", encoding="utf-8")
    importing = "import sys, pathlib\nsys.path.insert(0, str(pathlib.Path(__file__).parent))\n"
    shop.suite("orders", f"{importing}from steps_of_orders import is_one\ndef test_it(): is_one(2)\n")
    monkeypatch.setenv("PYTHONOPTIMIZE", "1")
    shop.prepared(workers=1).run()

    assert shop.judgement().verdict is Verdict.FAIL


def test_a_veto_of_the_session_is_told(shop: Shop) -> None:
    """A plugin that refuses a session whose tests all passed is heard."""
    (shop.root / "conftest.py").write_text(
        "def pytest_sessionfinish(session):\n    session.exitstatus = 1\n", encoding="utf-8"
    )
    shop.prepared(workers=1).run()

    reasons = [event.reason for event in shop.events(Interrupted)]
    assert reasons == ["pytest ended its session with exit code 1, which no test explains; see pytest.log"]
    assert shop.judgement().verdict is Verdict.INCONCLUSIVE


def test_a_veto_is_heard_where_each_phase_has_a_session(shop: Shop) -> None:
    """What keeps all suites from being collected together does not take anything away from what each says."""
    for name in ("smoke", "orders"):
        folder = shop.root / "tests" / name
        folder.mkdir()
        (folder / f"test_{name}.py").write_text("def test_it(): pass\n", encoding="utf-8")
        (folder / "conftest.py").write_text(
            "def pytest_addoption(parser):\n    parser.addoption('--shop')\n"
            "def pytest_sessionfinish(session):\n    session.exitstatus = 6\n",
            encoding="utf-8",
        )
        shop.change(f"tests/test_{name}.py", f"tests/{name}")
    shop.prepared(workers=1).run()

    reasons = [event.reason for event in shop.events(Interrupted)]
    assert reasons == ["pytest ended its session with exit code 6, which no test explains; see pytest.log"] * 2
    assert shop.judgement().verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    "source",
    [
        "from ci_tools.errors import ThrottledError\ndef test_it(): raise ThrottledError('429 from /api')\n",
        "import no_such_module\n",
    ],
    ids=["throttled", "not importable"],
)
def test_what_a_test_or_a_file_explains_is_no_veto(shop: Shop, source: str) -> None:
    """A session with trouble of its own ends with 1, whatever is made of the trouble."""
    shop.suite("orders", source)
    shop.prepared(workers=1).run()

    assert shop.events(Interrupted) == []
    assert shop.judgement().verdict is not Verdict.PASS


def test_warnings_taken_for_errors_do_not_end_the_session(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The advice of a plugin that came with us is not a foreign suite's fault."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:cov -p no:valkey")
    (shop.root / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n", encoding="utf-8")
    shop.prepared(workers=1).run()

    assert shop.judgement().verdict is Verdict.PASS


def test_pytest_does_not_shorten_what_it_prints(shop: Shop) -> None:
    """Half a secret is one that no redactor knows."""
    argv = arguments(["tests"], root=shop.root, out=shop.out, workers=1, control=3)

    assert argv[0] == sys.executable
    assert {"-rN", "--override-ini=truncation_limit_lines=0", "--override-ini=truncation_limit_chars=0"} <= set(argv)


def test_a_campaign_ends_with_the_process_that_wants_it(shop: Shop) -> None:
    """Whose parent is not the one that it was to end with has lost it."""
    run = shop.prepared(workers=1, parent=1)
    run.run()

    reasons = [event.reason for event in shop.events(Interrupted)]
    assert reasons == ["the process that started the campaign has ended"]
    assert shop.judgement().verdict is Verdict.INCONCLUSIVE


TWINS = """\
import pytest
TOKENS = [f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx{number}In0.c2ln" for number in (1, 2)]
@pytest.mark.parametrize("token", TOKENS)
def test_login(token): pass
"""


def test_tests_that_masking_makes_one_are_no_pass(shop: Shop) -> None:
    """Two ids that hold tokens are one name in the journal: what became of each cannot be told."""
    shop.suite("orders", TWINS)

    judgement = shop.run()

    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert any("2 tests have this name once secrets in it are masked" in reason for reason in judgement.reasons)


SUBTESTS = """\
import unittest, pytest
def test_it(subtests):
    with subtests.test("one"): pytest.skip("not here")
    with subtests.test("two"): pass
class TestThat(unittest.TestCase):
    def test_that(self):
        with self.subTest("one"): self.skipTest("not there")
"""


def test_a_skipped_subtest_is_a_skipped_test(shop: Shop) -> None:
    """What a test leaves out it has not shown."""
    shop.suite("smoke", SUBTESTS)

    judgement = shop.run(phases=("first",))

    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert {test.outcome for test in judgement.tests} == {Outcome.SKIPPED}
    assert any("a subtest was skipped: not here" in test.reason for test in judgement.tests)
