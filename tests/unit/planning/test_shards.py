from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_tools.model import NodeId, Phase, ReliabilityGate, Runs, Shard, Suite
from ci_tools.planning.shards import by_phase, divided, shards

TESTS = [(NodeId(f"test_it.py::test_{name}"), "s") for name in "abcdef"]
NAMES = [node_id for node_id, _ in TESTS]


def test_each_shard_is_an_equal_part_of_every_phase() -> None:
    """They are counted from 1."""
    phases = (Phase(number=1, name="first", budget_s=1.0), Phase(number=4, name="fourth", budget_s=1.0))

    assert shards(phases, 2) == (
        Shard(number=1, phases=(1, 4), part=1, parts=2, at_once=2),
        Shard(number=2, phases=(1, 4), part=2, parts=2, at_once=2),
    )


def phase(number: int, *, loads: bool = False, samples: bool = False) -> Phase:
    """A phase, with a suite that loads the system or a gate that is sampled."""
    gate = ReliabilityGate(name="g", dependency="d", probe="p", floor=0.5, target=1.0)
    suite = Suite(name="s", paths=("test_it.py",), loads_system=loads)
    return Phase(number=number, name=f"p{number}", budget_s=1.0, suites=(suite,), gates=(gate,) if samples else ())


def test_by_phase_the_first_one_is_before_the_others() -> None:
    """It has the edge's limits for itself; the others share them."""
    assert by_phase(phase(1, samples=True), [phase(2), phase(4)]) == (
        Shard(number=1, phases=(1,)),
        Shard(number=2, phases=(2,), runs=Runs.TOGETHER, at_once=2),
        Shard(number=3, phases=(4,), runs=Runs.TOGETHER, at_once=2),
    )


def test_by_phase_what_needs_quiet_is_one_shard_at_the_end() -> None:
    """Suites that load the system spoil what others measure, and others spoil what is sampled."""
    later = [phase(2), phase(3, loads=True), phase(4, samples=True)]

    assert by_phase(phase(1), later)[-1] == Shard(number=5, phases=(3, 4), runs=Runs.ALONE)


def test_by_phase_a_phase_that_may_follow_in_two_ways_is_one_shard() -> None:
    """Which of the two it is will be decided by the first phase."""
    assert [shard.phases for shard in by_phase(phase(1), [phase(2), phase(3), phase(2)])] == [(1,), (2,), (3,)]


def test_by_phase_a_plan_of_one_phase_is_one_shard() -> None:
    """Nothing follows."""
    assert by_phase(phase(1), []) == (Shard(number=1, phases=(1,)),)


def test_the_longest_goes_to_the_least_loaded() -> None:
    """Greedily: 9 | 5 4, then 3 to either side's lower load."""
    durations = dict(zip(NAMES, (9.0, 5.0, 4.0, 3.0, 2.0, 1.0), strict=True))

    assert divided(TESTS, durations, 2) == [
        frozenset({NAMES[0], NAMES[3]}),
        frozenset({NAMES[1], NAMES[2], NAMES[4], NAMES[5]}),
    ]


def test_without_durations_parts_have_equally_many() -> None:
    """Each test is expected to take the same."""
    assert [len(part) for part in divided(TESTS, {}, 4)] == [2, 2, 1, 1]


def test_tests_that_take_no_time_are_divided_too() -> None:
    """A load of nothing must not draw all of them into one part."""
    assert [len(part) for part in divided(TESTS, dict.fromkeys(NAMES, 0.0), 3)] == [2, 2, 2]


def test_one_part_is_all() -> None:
    """A campaign without shards."""
    assert divided(TESTS, {}, 1) == [frozenset(NAMES)]


def test_more_parts_than_tests_leaves_some_empty() -> None:
    """Nothing is run twice to fill them."""
    assert [len(part) for part in divided(TESTS[:2], {}, 4)] == [1, 1, 0, 0]


@given(st.lists(st.floats(0, 100), max_size=30), st.integers(1, 8), st.randoms(use_true_random=False))
def test_every_test_is_in_one_part_whoever_divides(durations: list[float], parts: int, random: Random) -> None:
    """Jobs that collected in different orders agree without speaking to each other."""
    tests = [(NodeId(f"t::{number}"), f"s{number % 3}") for number in range(len(durations))]
    known = {node_id: took for (node_id, _), took in zip(tests, durations, strict=True) if took > 10}
    shuffled = random.sample(tests, len(tests))

    ours = divided(tests, known, parts)

    assert ours == divided(shuffled, known, parts)
    assert sorted(name for part in ours for name in part) == sorted(node_id for node_id, _ in tests)


@pytest.mark.parametrize("parts", [2, 3, 5])
def test_no_part_exceeds_the_greedy_bound(parts: int) -> None:
    """At most the mean load and one test more (Graham)."""
    durations = {NodeId(f"t::{number}"): float(number % 7 + 1) for number in range(40)}
    loads = [sum(durations[name] for name in part) for part in divided([(n, "s") for n in durations], durations, parts)]

    assert max(loads) <= sum(durations.values()) / parts + max(durations.values())
