from dataclasses import replace

from ci_tools.model import CoverageGate, GateState, Outcome, ReliabilityGate, Verdict
from ci_tools.triage.failures import failures_in, redacted
from tests.unit.triage.scenarios import REACHABLE, SHOP_TESTS, TESTS, ended, failing, gate, judgement, passing, suite


def test_the_gates_of_a_dependency_are_one_failure() -> None:
    """A failure holds all failing gates of its dependency, and no other's."""
    (failure,) = failures_in(failing())

    assert failure.dependency == "store"
    assert [one.gate.name for one in failure.gates] == ["store_reachable", "store_tests"]


def test_where_nothing_fails_there_is_no_failure() -> None:
    """A passing judgement has none."""
    assert failures_in(passing()) == ()


def test_what_a_failure_hides_is_masked() -> None:
    """Probes that look through it and tests that need it, or were blocked by it, are named."""
    (failure,) = failures_in(failing())

    assert [one.gate.name for one in failure.masked] == ["shop_tests", "socket_connects"]
    assert failure.unexplained == ()


def test_a_blocked_test_shows_what_blocks_it() -> None:
    """A suite that declares nothing is masked by what its tests met."""
    (failure,) = failures_in(failing(suites=()))

    assert [one.gate.name for one in failure.masked] == ["shop_tests", "socket_connects"]


def test_what_is_undecided_for_another_reason_is_not_masked() -> None:
    """A gate that nothing connects with the failure is named apart."""
    (failure,) = failures_in(failing(suites=(), tests=()))

    assert [one.gate.name for one in failure.masked] == ["socket_connects"]
    assert [one.gate.name for one in failure.unexplained] == ["shop_tests"]


def test_what_one_of_two_failures_masks_is_explained_for_both() -> None:
    """An undecided gate that another failure explains is not said to be unexplained."""
    pay = ReliabilityGate(name="pay", dependency="pay", probe="pay", floor=0.8, target=0.95)
    seen = failing()

    store, other = failures_in(replace(seen, gates=(*seen.gates, gate(pay, GateState.FAILS))))

    assert [one.gate.name for one in store.masked] == ["shop_tests", "socket_connects"]
    assert (other.masked, other.unexplained) == ((), ())


def test_an_undecided_gate_of_the_same_dependency_is_its_own() -> None:
    """It is not masked by the failure: it is part of it."""
    tests = CoverageGate(name="store_load", dependency="store", suites=("load",), floor=1.0)
    gates = (gate(REACHABLE, GateState.FAILS), gate(tests, GateState.CANNOT_TELL))

    (failure,) = failures_in(judgement(1, Verdict.FAIL, gates))

    assert [one.gate.name for one in failure.undecided] == ["store_load"]
    assert (failure.masked, failure.unexplained) == ((), ())


def test_own_suites_are_at_stake_before_those_that_need_it() -> None:
    """What is lost begins with what the dependency itself is for, each suite once."""
    suites = (suite("shop", requires=("store",)), suite("other"), suite("store", requires=("store",), failed=1))

    (failure,) = failures_in(failing(suites=suites))

    assert [one.name for one in failure.suites] == ["store", "shop"]


def test_only_failing_tests_of_its_own_suites_are_shown() -> None:
    """Neither passes nor blocked tests nor another dependency's failures."""
    stranger = ended("shop", "fails", Outcome.FAILED)
    error = ended("store", "starts", Outcome.ERRORED)

    (failure,) = failures_in(failing(tests=(*TESTS, stranger, error)))

    assert [test.node_id for test in failure.tests] == [
        "tests/test_store.py::test_writes",
        "tests/test_store.py::test_starts",
    ]


def test_redaction_reaches_every_text() -> None:
    """Names, reasons and evidence pass the redactor; states, numbers and times stay what they are."""
    seen = redacted(failing(), lambda text: text.replace("store", "[x]"))

    assert "store" not in repr(seen)
    assert seen.gates[0].state is GateState.FAILS
    assert seen.gates[0].gate.floor == REACHABLE.floor
    assert seen.started_at == failing().started_at
    assert seen.tests[0].evidence["exchanges"][0]["request_id"] == "e2e-77"


def test_redaction_leaves_out_what_nobody_will_read() -> None:
    """Passed tests, and the evidence of those that did not fail, are not carried along."""
    seen = redacted(failing(tests=(*TESTS, replace(TESTS[2], evidence={"notes": ["x"]}))), str)

    assert [test.outcome for test in seen.tests] == [Outcome.FAILED, Outcome.BLOCKED, Outcome.BLOCKED]
    assert seen.tests[2].evidence == {}
    assert SHOP_TESTS in [one.gate for one in seen.gates]
