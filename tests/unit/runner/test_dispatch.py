from ci_tools.model import NodeId
from ci_tools.runner.dispatch import Dispatch

A, B, C, D = (NodeId(f"test_it.py::test_{name}") for name in "abcd")
ALL = (A, B, C, D)


def test_tests_are_handed_out_in_the_order_given() -> None:
    """The longest first is the first given."""
    dispatch: Dispatch[str] = Dispatch([C, A, B], [])

    assert [dispatch.next_for(worker, ALL) for worker in ("one", "two", "three", "four")] == [C, A, B, None]


def test_a_worker_has_one_test_at_a_time() -> None:
    """Nothing waits behind what it runs."""
    dispatch: Dispatch[str] = Dispatch([A, B], [])

    assert dispatch.next_for("one", ALL) == A
    assert dispatch.next_for("one", ALL) is None
    assert dispatch.finished("one", A)
    assert dispatch.next_for("one", ALL) == B


def test_what_is_waiting_and_running_is_counted() -> None:
    """Nothing disappears between the two."""
    dispatch: Dispatch[str] = Dispatch([A, B], [C])

    dispatch.next_for("one", ALL)

    assert (dispatch.waiting, dispatch.running, dispatch.holds("one"), dispatch.holds("two")) == (2, 1, A, None)


def test_only_what_a_worker_runs_can_be_finished() -> None:
    """A late word on another test frees nobody."""
    dispatch: Dispatch[str] = Dispatch([A, B], [])
    dispatch.next_for("one", ALL)

    assert not dispatch.finished("one", B)
    assert not dispatch.finished("two", A)
    assert dispatch.running == 1


def test_what_loads_the_system_waits_for_all_others() -> None:
    """Also for those that are still under way."""
    dispatch: Dispatch[str] = Dispatch([A], [C, D])
    dispatch.next_for("one", ALL)

    assert dispatch.next_for("two", ALL) is None
    dispatch.finished("one", A)
    assert dispatch.next_for("two", ALL) == C


def test_what_loads_the_system_runs_alone() -> None:
    """Not even beside another of its kind."""
    dispatch: Dispatch[str] = Dispatch([], [C, D])
    dispatch.next_for("one", ALL)

    assert dispatch.next_for("two", ALL) is None
    dispatch.finished("one", C)
    assert dispatch.next_for("two", ALL) == D


def test_a_test_over_which_a_worker_died_is_not_repeated() -> None:
    """It is named, and its attempt counts."""
    dispatch: Dispatch[str] = Dispatch([A, B], [])
    dispatch.next_for("one", ALL)
    dispatch.begun(A)

    assert dispatch.lost("one") == A
    assert (dispatch.running, dispatch.next_for("two", ALL)) == (0, B)


def test_a_worker_that_ran_nothing_takes_nothing_with_it() -> None:
    """Its death has no test."""
    dispatch: Dispatch[str] = Dispatch([A], [])

    assert dispatch.lost("one") is None
    assert dispatch.waiting == 1


def test_a_test_that_had_not_begun_is_the_next_to_be_handed_out() -> None:
    """It had no part in the death of the worker that was to run it."""
    dispatch: Dispatch[str] = Dispatch([A, B], [])
    dispatch.next_for("one", ALL)

    assert dispatch.lost("one") is None
    assert dispatch.next_for("two", ALL) == A


def test_a_test_that_never_begins_is_given_back_once() -> None:
    """Two workers that die before it are no coincidence, and would not be the last."""
    dispatch: Dispatch[str] = Dispatch([A], [])
    dispatch.next_for("one", ALL)
    dispatch.lost("one")
    dispatch.next_for("two", ALL)

    assert dispatch.lost("two") == A
    assert dispatch.waiting == 0


def test_what_did_not_reach_its_worker_is_the_next() -> None:
    """Of those that load the system, too, which stay alone."""
    dispatch: Dispatch[str] = Dispatch([], [C, D])
    dispatch.next_for("one", ALL)

    dispatch.take_back("one")

    assert dispatch.next_for("two", ALL) == C
    assert dispatch.next_for("three", ALL) is None


def test_a_worker_gets_only_what_it_knows() -> None:
    """The first of it, in the order given."""
    dispatch: Dispatch[str] = Dispatch([A, B, C], [])

    assert dispatch.next_for("one", (C, B)) == B
    assert dispatch.next_for("two", ()) is None
    assert dispatch.next_for("three", ALL) == A


def test_nothing_begins_beside_what_runs_alone() -> None:
    """Not even a test that came back meanwhile, or that the first worker did not know."""
    dispatch: Dispatch[str] = Dispatch([A], [C])
    dispatch.next_for("one", ALL)
    dispatch.lost("one")

    assert dispatch.next_for("two", (C,)) is None
    assert dispatch.next_for("three", ALL) == A
    dispatch.finished("three", A)
    assert dispatch.next_for("two", ALL) == C
    assert dispatch.next_for("three", ALL) is None


def test_what_nobody_knows_is_dropped_and_counted() -> None:
    """A phase would wait for it for ever."""
    dispatch: Dispatch[str] = Dispatch([A, B], [C, D])

    assert dispatch.drop_unknown({B, C}) == 2
    assert dispatch.next_for("one", ALL) == B
    dispatch.finished("one", B)
    assert dispatch.next_for("one", ALL) == C
    assert dispatch.waiting == 0


def test_giving_up_leaves_what_runs_and_counts_the_rest() -> None:
    """A test under way may end."""
    dispatch: Dispatch[str] = Dispatch([A, B], [C])
    dispatch.next_for("one", ALL)

    assert dispatch.give_up() == 2
    assert (dispatch.waiting, dispatch.running) == (0, 1)
    assert dispatch.next_for("two", ALL) is None
    assert dispatch.give_up() == 0
