from typing import Any

import pytest

from tests.diagnosis.fault_table import TABLE, FaultTable
from tests.diagnosis.scoring import matrix, score
from tests.diagnosis.trials import Outcome, Trial

REAL = FaultTable.read(TABLE.read_text(encoding="utf-8"))
OWNERS = {
    "redis": ("@r",),
    "agents": ("@a",),
    "secret_manager": ("@s",),
    "postgresql": ("@p",),
    "edge": ("@e",),
    "vpc_connector": ("@v",),
}


def incident(cause: str, dependency: str, *owners: str, **fields: Any) -> dict[str, Any]:
    """An incident as the results tell it."""
    return {
        "cause": cause,
        "dependency": dependency,
        "owners": list(owners),
        "certainty": "confirmed",
        "cascade": [],
        "consequences": [],
        **fields,
    }


REDIS = incident("redis_down", "redis", "@r")
SILENT = incident("agent_silent", "agents", "@a")


def problems(faults: tuple[str, ...], *incidents: dict[str, Any], exit_code: int = 1) -> tuple[str, ...]:
    """What is wrong with these incidents for those faults."""
    outcome = Outcome(
        trial=Trial(faults=faults), exit_code=exit_code, took_s=1.0, incidents=incidents, confirmed_s=None
    )
    return score(outcome, REAL, OWNERS).problems


def test_the_right_incident_is_right() -> None:
    """Cause, place and owner."""
    assert problems(("redis_down",), REDIS) == ()


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        ((), "redis_down: redis_down was to be found, nothing was"),
        ((incident("network_route", "redis", "@r"),), "redis_down: redis_down was to be found, network_route was"),
        ((incident("redis_down", "redis", "@x"),), "redis_down: goes to ['@x'] instead of ['@r']"),
        ((REDIS, SILENT), "too much: agent_silent at agents"),
    ],
)
def test_everything_else_is_wrong(found: tuple[dict[str, Any], ...], problem: str) -> None:
    """Missing, mistaken, misdirected, or one too many."""
    assert problems(("redis_down",), *found) == (problem,)


def test_a_healthy_twin_has_no_incident() -> None:
    """Not even a suspicion."""
    assert problems((), exit_code=0) == ()
    assert problems((), REDIS) == ("too much: redis_down at redis",)


def test_a_fault_that_passes_is_wrong_whatever_is_found() -> None:
    """Nobody reads incidents of a pass."""
    assert problems(("redis_down",), REDIS, exit_code=0) == ("the campaign passes",)


def test_two_independent_faults_are_two_incidents() -> None:
    """One for both would mix them."""
    assert problems(("redis_down", "agent_silent"), REDIS) != ()


def test_what_is_masked_has_to_be_named() -> None:
    """Somewhere in the cascade or among the consequences."""
    throttled = incident("edge_throttled", "edge", "@e")
    naming = {**throttled, "cascade": [{"lower": "edge", "upper": "redis", "effect": "masked"}]}

    assert problems(("edge_throttled", "redis_down"), naming) == ()
    assert problems(("edge_throttled", "redis_down"), throttled) == (
        "redis_down is masked, and nothing says that redis is",
    )


def test_what_is_masked_may_be_found_all_the_same() -> None:
    """Seen before it was masked, it is there."""
    throttled = incident("edge_throttled", "edge", "@e")

    assert problems(("redis_down", "edge_throttled"), throttled, REDIS) == ()


def test_beside_another_fault_a_place_or_a_cause_may_be_another() -> None:
    """As far as the table says so for that pair, and for no other."""
    route = incident("network_route", "redis", "@v")
    names = incident("name_resolution", "postgresql", "@p")

    assert problems(("network_route", "name_resolution"), route, names) == ()
    assert problems(("network_route",), route) != ()


def test_the_matrix_counts_what_was_taken_for_what() -> None:
    """Rows are what was there, columns what was said."""
    outcomes = [
        Outcome(trial=Trial(faults=("redis_down",)), exit_code=1, took_s=1, incidents=found, confirmed_s=None)
        for found in ([REDIS], [incident("network_route", "redis", "@r")], [REDIS, SILENT])
    ]

    assert matrix([score(one, REAL, OWNERS) for one in outcomes]) == {
        "nothing": {"agent_silent": 1},
        "redis_down": {"network_route": 1, "redis_down": 2},
    }
