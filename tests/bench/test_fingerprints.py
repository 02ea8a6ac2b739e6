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


def test_growth_compares_the_most_with_the_least() -> None:
    """Every count is measured, and nothing is lost."""
    figures = measured([20, 40], grouped)

    assert set(figures["cpu_s"]) == {"20", "40"}
    assert figures["growth"] > 0


def test_the_command_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    """For whoever keeps it."""
    assert main(["--count", "20", "40", "--causes"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == {"fingerprints", "causes"}
