"""Steps put in an order in which each comes after what it depends on."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from ci_tools.twin.agents.failures import AgentInputError

PRIORITIES = ("critical", "high", "medium", "low")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something to do."""

    name: str
    priority: str = "medium"
    after: tuple[str, ...] = ()


def ordered(steps: Sequence[Step]) -> list[Step]:
    """*steps* after their dependencies; among those that are free, the most urgent, then as given.

    Raises:
        AgentInputError: A step named twice, an unknown dependency or priority, or a cycle.
    """
    position = {step.name: index for index, step in enumerate(steps)}
    _check(steps, position)
    waiting = {step.name: set(step.after) for step in steps}
    free = [_key(step, position) for step in steps if not step.after]
    heapq.heapify(free)
    result: list[Step] = []
    while free:
        step = steps[heapq.heappop(free)[1]]
        result.append(step)
        for other in steps:
            if step.name in waiting[other.name]:
                waiting[other.name].discard(step.name)
                if not waiting[other.name]:
                    heapq.heappush(free, _key(other, position))
    if len(result) < len(steps):
        raise AgentInputError(f"steps wait for each other: {', '.join(sorted(n for n in waiting if waiting[n]))}")
    return result


def _check(steps: Sequence[Step], position: dict[str, int]) -> None:
    if len(position) < len(steps):
        raise AgentInputError(f"a step is named twice among {', '.join(s.name for s in steps)}; rename one")
    for step in steps:
        if missing := [name for name in step.after if name not in position]:
            raise AgentInputError(f"step {step.name!r} comes after {missing[0]!r}, which is not a step")
        if step.priority not in PRIORITIES:
            raise AgentInputError(
                f"step {step.name!r} has priority {step.priority!r}; allowed: {', '.join(PRIORITIES)}"
            )


def _key(step: Step, position: dict[str, int]) -> tuple[int, int]:
    return PRIORITIES.index(step.priority), position[step.name]
