"""Diagnoses held against the fault table: which incident is which fault's, what is missing, and what is too much."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.diagnosis.fault_table import FaultTable, Relation, RelationKind
from tests.diagnosis.trials import Outcome, Trial

NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How one trial went."""

    trial: Trial
    relation: Relation | None
    """Of a pair: how its faults relate."""
    found: tuple[str, ...]
    """The incidents, as ``cause@dependency (certainty)``."""
    confusions: tuple[tuple[str, str], ...]
    """Cause that was to be found, and the one that was."""
    problems: tuple[str, ...]

    @property
    def right(self) -> bool:
        """The right incidents, each with its cause, place and owner, and no other."""
        return not self.problems


def expected(trial: Trial, table: FaultTable) -> tuple[Relation | None, tuple[str, ...]]:
    """The faults that make an incident each; of a pair with how its faults relate."""
    if len(trial.faults) != 2:
        return None, trial.faults
    relation = table.relation(*trial.faults)
    return relation, relation.incidents


def score(outcome: Outcome, table: FaultTable, owners: Mapping[str, Sequence[str]]) -> Score:
    """*outcome* against *table*; *owners* maps a dependency to who is responsible for it."""
    relation, faults = expected(outcome.trial, table)
    left = list(outcome.incidents)
    problems: list[str] = []
    confusions: list[tuple[str, str]] = []
    for fault in faults:
        mine = next((one for one in left if _is(one, fault, table, relation)), None)
        if mine is None:
            mine = next((one for one in left if one["dependency"] in _places(fault, table, relation)), None)
            said = mine["cause"] if mine else NOTHING
            problems.append(f"{fault}: {table.fault[fault].cause} was to be found, {said} was")
        elif wrong := _wrong_owner(mine, fault, table, owners):
            problems.append(wrong)
        confusions.append(
            (table.fault[fault].cause, table.fault[fault].cause if _is(mine, fault, table, relation) else said)
        )
        left = [one for one in left if one is not mine]
    if relation is not None and relation.hidden is not None:
        # Named with its own cause it is said to be there, and more than was asked for.
        left = [one for one in left if not _is(one, relation.hidden, table, relation)]
    problems += [f"too much: {one['cause']} at {one['dependency']}" for one in left]
    confusions += [(NOTHING, one["cause"]) for one in left]
    problems += _unnamed(relation, outcome, table)
    if outcome.exit_code == 0 and outcome.trial.faults:
        problems.append("the campaign passes")
    found = tuple(f"{one['cause']}@{one['dependency']} ({one['certainty']})" for one in outcome.incidents)
    return Score(
        trial=outcome.trial,
        relation=relation,
        found=found,
        confusions=tuple(confusions),
        problems=tuple(problems),
    )


def matrix(scores: Sequence[Score]) -> dict[str, dict[str, int]]:
    """How often each cause was taken for which; ``nothing`` where there was, or was found, none."""
    counted = Counter(pair for one in scores for pair in one.confusions)
    rows: dict[str, dict[str, int]] = {}
    for (cause, said), count in sorted(counted.items()):
        rows.setdefault(cause, {})[said] = count
    return rows


def _is(incident: Mapping[str, Any] | None, fault: str, table: FaultTable, relation: Relation | None) -> bool:
    if incident is None:
        return False
    wanted = table.fault[fault]
    causes = (wanted.cause, *wanted.also, *(relation.also.get(fault, ()) if relation else ()))
    return incident["cause"] in causes and incident["dependency"] in _places(fault, table, relation)


def _places(fault: str, table: FaultTable, relation: Relation | None) -> tuple[str, ...]:
    wanted = table.fault[fault]
    return (wanted.dependency, *wanted.dependencies, *(relation.places.get(fault, ()) if relation else ()))


def _wrong_owner(
    incident: Mapping[str, Any], fault: str, table: FaultTable, owners: Mapping[str, Sequence[str]]
) -> str:
    responsible = list(owners.get(table.fault[fault].owner.rpartition("/")[2], ()))
    if incident["owners"] == responsible:
        return ""
    return f"{fault}: goes to {incident['owners']} instead of {responsible}"


def _unnamed(relation: Relation | None, outcome: Outcome, table: FaultTable) -> list[str]:
    """What is masked has to be said to be."""
    if relation is None or relation.kind is not RelationKind.MASKING or relation.hidden is None:
        return []
    named = {
        name
        for one in outcome.incidents
        for name in (
            one["dependency"],
            *(link["upper"] for link in one["cascade"]),
            *(consequence["dependency"] for consequence in one["consequences"]),
        )
    }
    if named.isdisjoint(_places(relation.hidden, table, relation)):
        return [f"{relation.hidden} is masked, and nothing says that {table.fault[relation.hidden].dependency} is"]
    return []
