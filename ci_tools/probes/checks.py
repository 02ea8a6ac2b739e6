"""The checks that a service makes of its own dependencies, as its health document lists them."""

import asyncio
from collections.abc import Mapping
from typing import Any

from ci_tools.errors import TargetError
from ci_tools.model import DependencyState
from ci_tools.numbers import finite
from ci_tools.probes.clients import Clients
from ci_tools.probes.reading import listed, read, source_of
from ci_tools.probes.sighting import Seen, Sighting
from ci_tools.questions import ChecksProbe
from ci_tools.target.http import Answer

_NOT_ASKED = ("skipped", "disabled")


async def read_checks(probe: ChecksProbe, clients: Clients) -> list[Seen]:
    """One sighting for each listed dependency and each reading; of the service itself where it lists nothing.

    A reading that takes its time is not repeated: it has told what there is to tell.
    """
    clock = asyncio.get_running_loop().time
    began_s, seen = clock(), list[Seen]()
    for _ in range(probe.times):
        seen += await _once(probe, clients)
        if clock() - began_s > clients.environment.scaled(probe.timeout_s) / 2:
            break
    return seen


async def _once(probe: ChecksProbe, clients: Clients) -> list[Seen]:
    source = source_of(probe, clients)
    answer = await read(probe, clients)
    try:
        checks = listed(answer, probe.under)
    except TargetError:
        return [Seen(probe.dependency, _unlisted(answer), source)]
    entries = checks.items() if isinstance(checks, Mapping) else ()
    found = [Seen(str(name), _checked(check), source) for name, check in entries if isinstance(check, Mapping)]
    return [one for one in found if one.sighting.state is not DependencyState.UNKNOWN]


def _unlisted(answer: Answer) -> Sighting:
    text = f"{answer.status} without a list of checks: {answer.text.strip()}"
    return Sighting(state=DependencyState.DOWN, code=str(answer.status), text=text)


def _checked(check: Mapping[str, Any]) -> Sighting:
    status = str(check.get("status", ""))
    if check.get("connected") is not True and status.startswith(_NOT_ASKED):
        return Sighting(state=DependencyState.UNKNOWN, text=status)
    latency_ms = finite(check.get("response_time_ms"))
    return Sighting(
        state=DependencyState.UP if check.get("connected") is True else DependencyState.DOWN,
        latency_s=latency_ms / 1000 if latency_ms is not None and latency_ms >= 0 else None,
        code=status or None,
        text=str(check.get("error") or ""),
    )
