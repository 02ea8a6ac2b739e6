import argparse
import json
from random import Random

import pytest

from tests.diagnosis.__main__ import chosen, main, summed
from tests.diagnosis.fault_table import TABLE, FaultTable, RelationKind
from tests.diagnosis.trials import Outcome, Trial

REAL = FaultTable.read(TABLE.read_text(encoding="utf-8"))


def outcome(*faults: str) -> Outcome:
    """A campaign that found nothing, and passed."""
    return Outcome(trial=Trial(faults=faults), exit_code=0, took_s=1.0, incidents=(), confirmed_s=40.0)


def test_all_of_it_is_one_document() -> None:
    """Shares by kind of trial, the matrix, what came late, and every wrong trial with what was expected."""
    trials = [outcome(), outcome("redis_down"), outcome("redis_down", "agent_silent")]

    document = json.loads(json.dumps(summed(trials, REAL, seed=7)))

    assert (document["seed"], document["met"]) == (7, False)
    assert document["right"] == {"healthy": 1.0, "singles": 0.0, "pairs": 0.0, "more": None}
    assert document["later_than_30_s"] == ["healthy", "redis_down", "redis_down+agent_silent"]
    assert [one["faults"] for one in document["wrong"]] == [["redis_down"], ["redis_down", "agent_silent"]]
    assert document["wrong"][1]["relation"]["kind"] == "independent"


@pytest.mark.parametrize("words", [("--pairs", "-1"), ("--healthy", "-1"), ("--pairs", "few"), ("--jobs", "0")])
def test_a_number_that_cannot_be_is_a_usage_error(words: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is run."""
    with pytest.raises(SystemExit) as ended:
        main(words)

    assert ended.value.code == 2
    assert f"{words[1]!r} is not a number from" in capsys.readouterr().err


def test_no_more_faults_are_drawn_than_there_are() -> None:
    """A number beyond them means all."""
    wanted = argparse.Namespace(pairs=0, healthy=0, singles="999", pair=[])

    trials = chosen(REAL, Random(5), wanted)  # noqa: S311 - repeatable, not secret

    assert {one.faults for one in trials} == {(name,) for name in REAL.fault}


def test_trials_are_drawn_by_the_seed() -> None:
    """The same again, and no pair that the twin refuses."""
    wanted = argparse.Namespace(pairs=40, healthy=2, singles="3", pair=["redis_down+agent_silent"])

    once, again = (chosen(REAL, Random(5), wanted) for _ in range(2))  # noqa: S311 - repeatable, not secret

    assert once == again
    assert [len(one.faults) for one in once[:4]] == [1, 1, 1, 2]
    assert once[3].faults == ("redis_down", "agent_silent")
    assert [one.faults for one in once[-2:]] == [(), ()]
    pairs = [one.faults for one in once if len(one.faults) == 2]
    assert RelationKind.EXCLUDED not in {REAL.relation(*pair).kind for pair in pairs}
