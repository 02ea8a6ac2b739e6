"""The attempts of a reliability gate, until they suffice."""

import asyncio
from collections.abc import Callable, Iterable

from ci_tools.model import DependencyState, GateState, Observation, ReliabilityGate
from ci_tools.probes.attempt import attempt
from ci_tools.probes.clients import Clients
from ci_tools.questions import GateProbe
from ci_tools.verdict.statistics import Sequential

GIVE_UP_AFTER = 5
"""Attempts in a row that are no evidence: more of them would only add to what throttles us."""
_AT_ONCE = 4
_SLOW_S = 0.1
"""Real seconds. What answers later than that makes us wait, and 28 such waits in a row are long."""

Decide = Callable[[ReliabilityGate, Iterable[Observation], float], Sequential]


async def sample(
    gate: ReliabilityGate,
    probe: GateProbe,
    clients: Clients,
    decide: Decide,
    record: Callable[[Observation], None],
    *,
    within_s: float = float("inf"),
) -> Sequential:
    """Repeat *probe* until *decide* does; what it says at the end.

    One attempt follows the other; where no gate times them and they are slow, four are made at once. Every attempt
    is recorded. At most ``gate.cap`` are made, none begins after *within_s* real seconds, and :data:`GIVE_UP_AFTER`
    in a row without evidence end it: then it cannot tell.
    """
    clock = asyncio.get_running_loop().time
    deadline_s = clock() + within_s
    time_scale = clients.environment.time_scale
    seen: list[Observation] = []
    at_once = 1
    decision = decide(gate, seen, time_scale)
    while decision.state is GateState.CANNOT_TELL and _goes_on(seen, gate.cap) and clock() < deadline_s:
        began_s = clock()
        for one in await asyncio.gather(*(attempt(probe, clients) for _ in range(min(at_once, gate.cap - len(seen))))):
            seen.append(one)
            record(one)
        at_once = _AT_ONCE if gate.under_s is None and clock() - began_s > _SLOW_S else 1
        decision = decide(gate, seen, time_scale)
    return decision


def _goes_on(seen: list[Observation], cap: int) -> bool:
    latest = seen[-GIVE_UP_AFTER:]
    void = len(latest) == GIVE_UP_AFTER and all(one.state is DependencyState.UNKNOWN for one in latest)
    return len(seen) < cap and not void
