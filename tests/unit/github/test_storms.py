"""The issues come right whatever GitHub does: each of its switches alone, and a sample of many together."""

from collections.abc import Iterator

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.unit.github.storms import storm, storms
from tests.unit.github.weather import WEATHER
from tests.unit.github.world import Tally, World
from tests.unit.triage.histories import Look


@pytest.fixture
def world() -> Iterator[World]:
    """A system that is well, and a repository with an issue of people."""
    world = World(Tally())
    yield world
    world.end()


@pytest.mark.parametrize("name", WEATHER)
def test_each_switch_alone_loses_nothing_and_doubles_nothing(name: str, world: World) -> None:
    """Turned on before each campaign of a life: two failures, one goes, it comes back, both go."""
    twins = []
    for shop, store in ((1, 0), (1, 1), (1, 1), (0, 1), (0, 1), (1, 1), (1, 0), (0, 0)):
        world.looks |= {"shop": Look.DEAD if shop else Look.WELL, "store": Look.DEAD if store else Look.WELL}
        WEATHER[name](world.github, world.clock)
        world.run(world.campaign())
        twins.append(world.twins())

    assert twins == [set()] * len(twins)
    assert world.settle() == []


def test_a_sample_of_storms_comes_right() -> None:
    """Failures, people, switches, crashes and races in between: `tests/acceptance` has them at full size."""
    tally = Tally()
    run_state_machine_as_test(storms(tally), settings=storm(6, derandomize=True))

    assert tally.counts["violations"] == 0
    assert tally.counts["crashes"] > 0
    assert tally.counts["races"] > 0
