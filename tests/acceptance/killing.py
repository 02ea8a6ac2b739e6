"""Campaigns that are killed at a moment that their journal tells."""

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.acceptance.commands import FIRST_PHASE, ci_tools, environ
from tests.acceptance.processes import Brood, eventually

WITHIN_S = 120.0
_MOST_WAIT_S = 0.3
_FIRST_WAIT_S = 3.0
"""Between a campaign's first event and its second its twin starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """*wait_s* seconds after the journal held *events* events."""

    events: int
    wait_s: float


def moment(number: int, of: int, events: int, random: Random) -> Moment:
    """A random moment in part *number* of *of* parts of a campaign that writes *events* events."""
    if number == 0:
        return Moment(events=1, wait_s=random.uniform(0.0, _FIRST_WAIT_S))
    share = (number + random.random()) / of
    return Moment(events=max(1, int(share * 0.97 * events)), wait_s=random.uniform(0.0, _MOST_WAIT_S))


def begin(processes: Brood, out: Path, temporary: Path, *options: str) -> "subprocess.Popen[bytes]":
    """A campaign of the first phase runs, and writes beside *out* what it says."""
    argv = ci_tools("campaign", "--out", str(out), *FIRST_PHASE, *options)
    return processes.start(argv, environ(temporary), out.with_suffix(".log"))


def events_in(directory: Path) -> int:
    """How many events the journal in *directory* holds."""
    return sum(path.read_bytes().count(b"\n") for path in directory.glob("journal/*.jsonl"))


def has_finished(directory: Path) -> bool:
    """Whether the campaign has written its last event."""
    return b'"event":"campaign_finished"' in (directory / "journal" / "campaign.jsonl").read_bytes()


def wait_for(when: Moment, directory: Path, processes: Brood) -> None:
    """The moment has come; fails when the campaign ends before it."""
    eventually(
        lambda: events_in(directory) >= when.events,
        within_s=WITHIN_S,
        what=lambda: f"{when.events} events; there are {events_in(directory)}; {len(processes.living())} processes",
    )
    time.sleep(when.wait_s)


def is_testing(directory: Path, workers: int) -> bool:
    """Whether so many workers have begun tests."""
    begun = [path for path in directory.glob("journal/gw*.jsonl") if path.stat().st_size]
    return len(begun) >= workers
