"""The recent errors that a service lists of itself, in its own words."""

import re
from collections.abc import Mapping
from typing import Any

from ci_tools.model import DependencyState
from ci_tools.probes.clients import Clients
from ci_tools.probes.reading import read, rows, source_of
from ci_tools.probes.sighting import Seen, Sighting
from ci_tools.questions import ErrorsProbe
from ci_tools.target.answers import accepted

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
"""The same error with another port or duration is no other error."""
_MOST = 25
"""Distinct texts that are told: a service in trouble repeats itself."""


async def read_errors(probe: ErrorsProbe, clients: Clients) -> list[Seen]:
    """One sighting for each dependency and text, newest first as the service lists them; one of none where none is.

    An error of the past does not say that anything is down now: *degraded*.

    Raises:
        EvidenceError: we were throttled, or had no credentials.
        TargetError: the list was not given.
    """
    source = source_of(probe, clients)
    answer = await read(probe, clients, bearer=await clients.bearer(probe.timeout_s))
    accepted(answer)
    told: dict[tuple[str, str], Seen] = {}
    for row in rows(answer, probe.under):
        words = "; ".join(str(row[name]) for name in (probe.text, "error") if row.get(name))
        about = _about(row, probe)
        told.setdefault((about, _NUMBER.sub("0", words)), Seen(about, _error(words, row), source))
    well = Seen(probe.dependency, Sighting(state=DependencyState.UP, text="no recent error"), source)
    return list(told.values())[:_MOST] or [well]


def _about(row: Mapping[str, Any], probe: ErrorsProbe) -> str:
    """The dependency that the service itself names, else the service."""
    return str(row.get("dependency") or probe.dependency)


def _error(words: str, row: Mapping[str, Any]) -> Sighting:
    code = row.get("error_code") or row.get("status")
    return Sighting(state=DependencyState.DEGRADED, code=None if code is None else str(code), text=words)
