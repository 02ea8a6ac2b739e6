import argparse
import json
from random import Random

from tests.diagnosis.__main__ import chosen, summed
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
