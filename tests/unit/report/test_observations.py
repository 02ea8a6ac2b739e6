from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from ci_tools.model import DependencyState, Observation
from ci_tools.report.observations import observation_documents, print_observations
from tests.unit.report.judgements import START

SEEN = Observation(
    probe="shop",
    dependency="store",
    state=DependencyState.DOWN,
    latency_s=0.25,
    code="503",
    text="503 instead of 200",
    source="GET /health",
    at=START,
)


def row(seen: Observation) -> list[str]:
    """What a CI log shows of it, without what pads it."""
    console = Console(file=StringIO(), width=160, force_terminal=False, highlight=False)
    print_observations([seen], console)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue().splitlines()[-1].split()


def test_what_a_probe_saw_is_one_row() -> None:
    """Which probe, of what, how it is, how long that took, and what it said."""
    assert row(SEEN) == ["shop", "store", "down", "250", "ms", "503", "503", "instead", "of", "200"]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"latency_s": None}, ["—"]),
        ({"timed_out": True}, [">", "250", "ms"]),
    ],
)
def test_how_long_it_took_is_no_more_than_is_known(changed: dict[str, Any], expected: list[str]) -> None:
    """What was not timed has a dash; who was not waited for any longer has taken more than that."""
    assert row(replace(SEEN, **changed))[3 : 3 + len(expected)] == expected


def test_what_says_nothing_is_told_by_what_was_asked() -> None:
    """A person wants to know where to look."""
    assert row(replace(SEEN, state=DependencyState.UP, code=None, text=""))[-2:] == ["GET", "/health"]


def test_no_terminal_obeys_what_was_seen(hostile: str) -> None:
    """A probe tells what a stranger has answered."""
    shown = row(replace(SEEN, text=hostile))

    assert [char for word in shown for char in word if ord(char) < 32 or 127 <= ord(char) < 160] == []


@pytest.mark.parametrize(("at", "expected"), [(START, "2026-03-02T10:15:00+00:00"), (None, None)])
def test_what_a_probe_saw_is_plain_json(at: Any, expected: str | None) -> None:
    """Its state by name, its time as ISO 8601 says; null where nobody knows it."""
    (told,) = observation_documents([replace(SEEN, at=at)])

    assert (told["state"], told["at"], told["latency_s"]) == ("down", expected, 0.25)
