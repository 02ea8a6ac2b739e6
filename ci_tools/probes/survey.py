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
from ci_tools.probes.sighting import Seen
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


async def survey(probes: Sequence[Probe], clients: Clients) -> list[Observation]:
    """What *probes* see, in their order: measurements first, then all that disturb nobody, load, and what was logged.

    Raises:
        UsageError: the environment does not know a probe's host, or lacks a secret.
    """
    seen: dict[str, Sequence[Observation]] = {}
    for probe in probes:
        if isinstance(probe, ChecksProbe):
            seen[probe.name] = await look(probe, clients)
    together = [probe for probe in probes if not isinstance(probe, ChecksProbe | LoadProbe | ErrorsProbe)]
    for probe, found in zip(together, await asyncio.gather(*(look(one, clients) for one in together)), strict=True):
        seen[probe.name] = found
    # Errors last: what was just asked may have caused some.
    for kind in (LoadProbe, ErrorsProbe):
        for probe in probes:
            if isinstance(probe, kind):
                seen[probe.name] = await look(probe, clients)
    return [observation for probe in probes for observation in seen[probe.name]]


async def look(probe: Probe, clients: Clients) -> Sequence[Observation]:
    """What *probe* sees now, by its kind one thing or several; failing to ask is something, too."""
    if isinstance(probe, GateProbe):
        return [await attempt(probe, clients)]
    try:
        found = await _seen(probe, clients)
    except FAILURES as error:
        # Whoever could not be asked has told nothing of what was asked for.
        unasked = replace(unseen(error), state=DependencyState.UNKNOWN)
        found = [Seen(probe.dependency, unasked, f"a probe of kind {probe.kind}")]
    return [observed(probe, one.dependency, one.sighting, one.source, clients) for one in found]


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
