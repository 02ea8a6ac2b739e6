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
    """Repeat *probe*, one attempt after the other, until *decide* does; what it says at the end.

    Every attempt is recorded. At most ``gate.cap`` are made, none begins after *within_s* real seconds,
    and :data:`GIVE_UP_AFTER` in a row without evidence end it: then it cannot tell.
    """
    clock = asyncio.get_running_loop().time
    deadline_s = clock() + within_s
    time_scale = clients.environment.time_scale
    seen: list[Observation] = []
    decision = decide(gate, seen, time_scale)
    while decision.state is GateState.CANNOT_TELL and _goes_on(seen, gate.cap) and clock() < deadline_s:
        seen.append(await attempt(probe, clients))
        record(seen[-1])
        decision = decide(gate, seen, time_scale)
    return decision


def _goes_on(seen: list[Observation], cap: int) -> bool:
    latest = seen[-GIVE_UP_AFTER:]
    void = len(latest) == GIVE_UP_AFTER and all(one.state is DependencyState.UNKNOWN for one in latest)
    return len(seen) < cap and not void
