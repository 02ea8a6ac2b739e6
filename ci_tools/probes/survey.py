"""A look at everything at once, before anything else is judged."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from ci_tools.model import DependencyState, Observation
from ci_tools.probes import (
    anonymous,
    checks,
    clock,
    conversation,
    dns,
    errors_listed,
    load,
    session,
    store,
    variables,
)
from ci_tools.probes.attempt import FAILURES, attempt, observed, unseen
from ci_tools.probes.clients import Clients
from ci_tools.probes.sighting import Seen, Sighting
from ci_tools.questions import (
    AnonymousProbe,
    ChecksProbe,
    ClockProbe,
    ConversationProbe,
    DnsProbe,
    ErrorsProbe,
    GateProbe,
    LoadProbe,
    Probe,
    SessionProbe,
    StoreProbe,
    SurveyProbe,
    VariablesProbe,
)
from ci_tools.target.websocket import SocketRefusedError

OUT_OF_TIME = "out_of_time"
"""The code of what was not seen, because the survey was over first."""
_PATIENCE_S = 45.0
"""Unscaled seconds of a survey: a server that never answers would hold up each probe for as long as that one waits."""
_LEAST_S = 20.0
"""Real seconds of a survey, however fast its environment is."""
_TIMES = 3
"""So often at most a probe is asked that meets nobody."""
_PAUSE_S = 5.0
"""Unscaled seconds in which an instance may start."""
_SOON_S = 5.0
"""Unscaled seconds within which an error has to come for its probe to be asked again: a survey has a limit."""
_NOT_NOW = (500, 502, 503, 504, 1006, 1011, 1012, 1013)
"""HTTP statuses and close codes of a service that is not there, or not yet, or not any longer."""
_ALONE = 1 / 3
"""The part of it that the measurements before everything else may take."""


async def survey(probes: Sequence[Probe], clients: Clients, within_s: float | None = None) -> list[Observation]:
    """What *probes* see, in their order: measurements first, then all that disturb nobody, load, and what was logged.

    What is not seen *within_s* real seconds (45 of the contract's, and 20 at least) is :data:`OUT_OF_TIME`.

    Raises:
        UsageError: the environment does not know a probe's host, or lacks a secret.
    """
    seen: dict[str, Sequence[Observation]] = {}
    within_s = within_s or max(_LEAST_S, clients.environment.scaled(_PATIENCE_S))
    now = asyncio.get_running_loop().time()
    until = now + within_s
    rounds: list[tuple[float, list[Probe]]] = [
        (now + _ALONE * within_s, [one for one in probes if isinstance(one, ChecksProbe)]),
        (until, [one for one in probes if not isinstance(one, ChecksProbe | LoadProbe | ErrorsProbe)]),
        (until, [one for one in probes if isinstance(one, LoadProbe)]),
        # Errors last: what was just asked may have caused some.
        (until, [one for one in probes if isinstance(one, ErrorsProbe)]),
    ]
    for end, asked in rounds:
        found = await asyncio.gather(*(_look_until(end, probe, clients) for probe in asked))
        seen.update(zip((probe.name for probe in asked), found, strict=True))
    return [observation for probe in probes for observation in seen[probe.name]]


async def _look_until(until: float, probe: Probe, clients: Clients) -> Sequence[Observation]:
    try:
        async with asyncio.timeout_at(until):
            return await look(probe, clients)
    except TimeoutError:
        unseen_yet = Sighting(state=DependencyState.UNKNOWN, code=OUT_OF_TIME, text="the survey's time was over first")
        return [observed(probe, probe.dependency, unseen_yet, f"a probe of kind {probe.kind}", clients)]


async def look(probe: Probe, clients: Clients) -> Sequence[Observation]:
    """What *probe* sees now, by its kind one thing or several; failing to ask is something, too."""
    if isinstance(probe, GateProbe):
        return [await attempt(probe, clients)]
    found = await _seen_in_the_end(probe, clients)
    return [observed(probe, one.dependency, one.sighting, one.source, clients) for one in found]


async def _seen_in_the_end(probe: SurveyProbe, clients: Clients) -> list[Seen]:
    """What is seen; asked again a moment later where a service was in between two instances, which is told, too."""
    clock = asyncio.get_running_loop().time
    in_vain: list[Seen] = []
    for left in reversed(range(_TIMES)):
        began_s = clock()
        try:
            return [*dict.fromkeys(in_vain), *await _seen(probe, clients)]
        except FAILURES as error:
            # Whoever could not be asked has told nothing of what was asked for.
            sighting = replace(unseen(error), state=DependencyState.UNKNOWN)
            in_vain.append(Seen(probe.dependency, sighting, f"a probe of kind {probe.kind}"))
            if not left or not _may_pass(error) or clock() - began_s > clients.environment.scaled(_SOON_S):
                break
        await asyncio.sleep(clients.environment.scaled(_PAUSE_S))
    return list(dict.fromkeys(in_vain))


def _may_pass(error: Exception) -> bool:
    """Whether a service said that it cannot answer now, which another instance could."""
    code = error.code if isinstance(error, SocketRefusedError) else getattr(error, "status", None)
    return code in _NOT_NOW


async def _seen(probe: SurveyProbe, clients: Clients) -> list[Seen]:  # noqa: C901, PLR0911 - one branch per kind
    match probe:
        case DnsProbe():
            return await dns.resolve(probe, clients)
        case ChecksProbe():
            return await checks.read_checks(probe, clients)
        case VariablesProbe():
            return await variables.read_variables(probe, clients)
        case SessionProbe():
            return await session.use(probe, clients)
        case AnonymousProbe():
            return await anonymous.knock(probe, clients)
        case ConversationProbe():
            return await conversation.talk(probe, clients)
        case ErrorsProbe():
            return await errors_listed.read_errors(probe, clients)
        case ClockProbe():
            return await clock.compare(probe, clients)
        case LoadProbe():
            return await load.press(probe, clients)
        case StoreProbe():
            return await store.ask_directly(probe, clients)
        case unreachable:
            assert_never(unreachable)
