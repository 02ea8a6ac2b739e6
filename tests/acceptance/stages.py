"""Three campaigns of one outage, as journals: it fails, it is well, and it is well again."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ci_tools.evidence.events import Event
from ci_tools.evidence.journal import JournalWriter
from ci_tools.evidence.redaction import Redactor
from ci_tools.model import DependencyState, Outcome
from tests.unit.report.judgements import ALL_COLLECTED, CLOSING, GOOD, OPENING, STARTED, TESTS, ended, seen


def _campaign(name: str, events: Iterable[Event]) -> tuple[Event, ...]:
    opening = (replace(one, campaign=name) if one == STARTED else one for one in OPENING)
    return (*opening, *events, *CLOSING)


FAILING = _campaign(
    "first",
    (
        seen(DependencyState.DOWN, code="503", text="503 instead of 200: Redis is gone"),
        *ALL_COLLECTED,
        *(ended(test, Outcome.FAILED, "expected 201, got 500") for test in TESTS),
    ),
)
_WELL = (*GOOD, *ALL_COLLECTED, *(ended(test, Outcome.PASSED) for test in TESTS))
PASSING = _campaign("second", _WELL)
NEXT_PASSING = _campaign("third", _WELL)


def kept(folder: Path, events: Iterable[Event]) -> Path:
    """A campaign's directory that holds *events*."""
    writer = JournalWriter(folder, "campaign", Redactor())
    for event in events:
        writer.write(event)
    writer.close()
    return folder
