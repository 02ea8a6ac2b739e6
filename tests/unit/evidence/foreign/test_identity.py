from ci_tools.evidence.foreign.identity import Identities
from ci_tools.evidence.foreign.results import ForeignAttempt, ForeignTest
from ci_tools.model import Outcome


def told(*outcomes: Outcome, node_id: str = "t", suite: str = "") -> ForeignTest:
    """A test of which a file tells that its attempts ended so."""
    return ForeignTest(
        suite=suite, node_id=node_id, attempts=tuple(ForeignAttempt(outcome=outcome) for outcome in outcomes)
    )


PASSED, FAILED, ERRORED = told(Outcome.PASSED), told(Outcome.FAILED), told(Outcome.ERRORED)


def places(*tests: ForeignTest) -> list[tuple[str, int]]:
    """Where *tests* of one file belong."""
    identities = Identities(str)
    found = [identities.place(test, "r.xml") for test in tests]
    return [(place.node_id, place.first) for place in found]


def test_what_is_told_again_after_a_failure_was_rerun() -> None:
    """The same test, with further attempts."""
    assert places(FAILED, ERRORED, PASSED) == [("t", 1), ("t", 2), ("t", 3)]


def test_what_is_told_again_after_a_pass_is_another_test() -> None:
    """Its failure must not hide behind the pass of the first."""
    assert places(PASSED, FAILED, PASSED) == [("t", 1), ("t @ r.xml", 1), ("t @ r.xml", 2)]


def test_a_rerun_that_passed_ends_the_test() -> None:
    """What then has the same name is another one."""
    assert places(FAILED, PASSED, PASSED) == [("t", 1), ("t", 2), ("t @ r.xml", 1)]


def test_attempts_that_one_entry_tells_of_are_counted() -> None:
    """The next entry goes on behind them."""
    assert places(told(Outcome.FAILED, Outcome.FAILED), PASSED) == [("t", 1), ("t", 3)]


def test_a_test_of_another_group_is_another_test() -> None:
    """A browser or a platform is told as a group."""
    assert places(told(Outcome.FAILED, suite="a"), told(Outcome.PASSED, suite="b")) == [("t", 1), ("t @ r.xml b", 1)]


def test_many_tests_of_one_name_are_numbered() -> None:
    """None is lost."""
    assert places(*[PASSED] * 5) == [
        ("t", 1),
        ("t @ r.xml", 1),
        ("t @ r.xml #2", 1),
        ("t @ r.xml #3", 1),
        ("t @ r.xml #4", 1),
    ]


def test_a_test_of_another_file_is_another_test() -> None:
    """Nobody knows whether it ran on the same deployment, or under another version."""
    identities = Identities(str)
    first = identities.place(FAILED, "a.xml")
    identities.next_file()

    second = identities.place(PASSED, "b.xml")

    assert (first.node_id, second.node_id, second.is_new) == ("t", "t @ b.xml", True)


def test_names_that_masking_makes_equal_stay_two() -> None:
    """A name is what stands in the journal."""
    identities = Identities(lambda text: text.replace("secret1", "*").replace("secret2", "*"))

    first = identities.place(told(Outcome.PASSED, node_id="t[secret1]"), "r.xml")
    second = identities.place(told(Outcome.PASSED, node_id="t[secret2]"), "r.xml")

    assert (first.node_id, second.node_id) == ("t[*]", "t[*] @ r.xml")
