from dataclasses import replace

import pytest

from ci_tools.diagnosis.incidents import Incident
from ci_tools.spec.values import KnownIssue
from ci_tools.triage.matching import known_for
from ci_tools.triage.seen import Seen
from tests.unit.triage.scenarios import AROUND, failing, incident, passing

AROUND_KNOWN = replace(
    AROUND,
    known_issues=(
        KnownIssue(number=3, causes=("full",)),
        KnownIssue(number=5, dependencies=("store",)),
        KnownIssue(number=7, dependencies=("queue",)),
    ),
)


@pytest.mark.parametrize(
    ("incidents", "numbers"),
    [((incident("store", "full"),), (3, 5)), ((incident("store"),), (5,)), ((), (5,))],
)
def test_known_issues_are_asked_for_by_what_fails(incidents: tuple[Incident, ...], numbers: tuple[int, ...]) -> None:
    """Those of its cause first, then those of its dependency; also where gates fail of no incident."""
    assert known_for(Seen(judgement=failing(), incidents=incidents), AROUND_KNOWN) == numbers


def test_what_is_well_asks_for_no_known_issue() -> None:
    """Nothing that people have filed is about it."""
    assert known_for(Seen(judgement=passing()), AROUND_KNOWN) == ()
