from dataclasses import replace
from datetime import timedelta

import pytest

from ci_tools.triage.details import Context
from ci_tools.triage.state import Occasion
from ci_tools.triage.status import renewed, status
from tests.unit.triage.scenarios import START, failing
from tests.unit.triage.test_state import SEEN, state

CONTEXT = Context(judgement=failing(1))


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (timedelta(minutes=30), "seen in 2 campaigns over 30 minutes"),
        (timedelta(hours=5), "seen in 2 campaigns over 5 hours"),
        (timedelta(days=3), "seen in 2 campaigns over 3 days"),
        (timedelta(0), "seen in 2 campaigns"),
    ],
)
def test_how_long_it_has_been_is_told(after: timedelta, said: str) -> None:
    """In the unit that a person would use."""
    later = replace(SEEN, at=START + after)

    assert f"; {said}\n" in status(state(n_bad=2, last_bad=later), CONTEXT)


def test_what_nobody_knows_is_said_to_be_unknown() -> None:
    """No deployment, no time."""
    nobody = Occasion(campaign="c", at=None, revision="")
    seen = replace(failing(1), deployment=None, finished_at=None)

    told = status(state(first_bad=nobody, last_bad=nobody), Context(judgement=seen, run_url="https://ci.test/1"))

    assert "**Since:** an unknown time (campaign c)" in told
    assert "**Deployment:** unidentified" in told
    assert told.count("kept until") == 0


def test_faults_that_were_switched_on_on_purpose_are_told() -> None:
    """Nobody is to be woken by an exercise."""
    told = status(state(), Context(judgement=failing(1, faults=("store_down",))))

    assert "**Faults switched on on purpose:** store\\_down" in told


def test_only_how_it_stands_is_renewed() -> None:
    """What stands around it stays; where people have removed its marks, it is put in front."""
    now = status(state(n_bad=7), CONTEXT)

    assert renewed(f"head\n{status(state(), CONTEXT)}\nproof", now) == f"head\n{now}\nproof"
    assert renewed("head\nproof", now) == f"{now}\n\nhead\nproof"
