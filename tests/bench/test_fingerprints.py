import json

import pytest

from tests.bench.fingerprints import grouped, made_up, main, measured


def test_the_same_seed_makes_up_the_same_failures() -> None:
    """Two measurements are of the same work."""
    assert list(made_up(50, seed=3)) == list(made_up(50, seed=3))
    assert list(made_up(50, seed=3)) != list(made_up(50, seed=4))


def test_made_up_failures_are_far_fewer_kinds() -> None:
    """Ids, numbers and addresses differ in every one; the failures are some two hundred."""
    assert 20 < len(grouped(list(made_up(2_000)))) < 300


def test_telling_failures_apart_costs_no_more_for_each_of_many() -> None:
    """Every count is measured; work that grows with the square would cost eight times as much for each."""
    figures = measured([200, 1_600], grouped)

    assert set(figures["cpu_s"]) == {"200", "1600"}
    assert figures["growth"] < 3


def test_work_that_grows_with_the_square_shows_in_its_growth() -> None:
    """What compares each failure with each other costs eight times as much for each of eight times as many."""
    figures = measured([400, 3_200], lambda lines: {one: sum(one < other for other in lines) for one in lines})

    assert figures["growth"] > 3


def test_the_command_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    """For whoever keeps it."""
    assert main(["--count", "20", "40", "--causes"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == {"fingerprints", "causes"}
