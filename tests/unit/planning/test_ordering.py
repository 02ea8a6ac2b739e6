import pytest

from ci_tools.model import NodeId
from ci_tools.planning.ordering import ordered

A, B, C, D, E = (NodeId(f"test_it.py::test_{name}") for name in "abcde")


def test_the_longest_goes_first() -> None:
    """Whatever the order of collection; none of them is lost or repeated."""
    assert ordered([(A, "s"), (B, "s"), (C, "s")], {A: 1.0, B: 3.0, C: 2.0}) == [B, C, A]


def test_equals_keep_the_order_of_collection() -> None:
    """Without a reason to change it."""
    assert ordered([(C, "s"), (A, "s"), (B, "s")], {A: 2.0, B: 2.0, C: 2.0}) == [C, A, B]


def test_an_unknown_test_takes_the_median_of_its_suite() -> None:
    """Not the mean, which one slow test would carry off."""
    known = {A: 1.0, B: 2.0, C: 90.0, E: 2.5}

    assert ordered([(A, "s"), (B, "s"), (C, "s"), (D, "s"), (E, "t")], known) == [C, E, B, D, A]


def test_a_test_of_an_unknown_suite_takes_the_median_of_all() -> None:
    """Its own suite tells nothing."""
    assert ordered([(D, "t"), (A, "s"), (B, "s"), (C, "s")], {A: 1.0, B: 3.0, C: 2.0}) == [B, D, C, A]


def test_without_any_duration_the_order_is_that_of_the_collection() -> None:
    """Also where durations are those of other tests."""
    assert ordered([(C, "s"), (A, "t"), (B, "s")], {D: 5.0}) == [C, A, B]


@pytest.mark.parametrize("seed", [None, 7])
def test_nothing_is_in_no_order(seed: int | None) -> None:
    """An empty phase is no error here."""
    assert ordered([], {A: 1.0}, seed=seed) == []


def test_a_seed_gives_the_same_order_again() -> None:
    """Whatever the order of collection and the durations."""
    tests = [(A, "s"), (B, "s"), (C, "t"), (D, "t"), (E, "t")]

    first = ordered(tests, {}, seed=17)

    assert ordered(tests[::-1], {A: 9.0}, seed=17) == first
    assert sorted(first) == [A, B, C, D, E]


def test_seeds_give_different_orders() -> None:
    """A shuffle that moves nothing would show nothing."""
    tests = [(one, "s") for one in (A, B, C, D, E)]

    assert len({tuple(ordered(tests, {}, seed=seed)) for seed in range(20)}) > 10


def test_a_test_that_goes_leaves_the_others_in_their_order() -> None:
    """So an order that showed a defect can be made smaller."""
    tests = [(one, "s") for one in (A, B, C, D, E)]
    whole = ordered(tests, {}, seed=5)

    assert ordered(tests[1:], {}, seed=5) == [one for one in whole if one != A]


def test_a_name_that_no_encoding_knows_is_ordered() -> None:
    """As undecodable file names leave it."""
    assert ordered([(NodeId("test_\udcff.py::test_it"), "s")], {}, seed=1) == ["test_\udcff.py::test_it"]
