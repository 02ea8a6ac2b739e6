"""Parts of a campaign for parallel jobs: which shards there are, and which of them runs a test."""

from collections.abc import Mapping, Sequence

from ci_tools.model import NodeId, Phase, ReliabilityGate, Runs, Shard
from ci_tools.planning.ordering import expected_durations

MAX_SHARDS = 256
"""Jobs that one matrix of GitHub Actions may have."""


def shards(phases: Sequence[Phase], count: int) -> tuple[Shard, ...]:
    """*count* shards, each an equal part of every phase."""
    numbers = tuple(phase.number for phase in phases)
    return tuple(
        Shard(number=part, phases=numbers, part=part, parts=count, at_once=count) for part in range(1, count + 1)
    )


def by_phase(first: Phase, later: Sequence[Phase]) -> tuple[Shard, ...]:
    """One shard for *first*, which runs before all others, then one for each number in *later*, and one at the end.

    The last one is for what needs the system for itself, in whatever phase; there is none if nothing does.
    *later* may hold a phase more than once: what follows is not decided yet, and a plan may narrow it.
    """
    numbers = sorted({phase.number for phase in later})
    quiet = tuple(sorted({phase.number for phase in later if _needs_quiet(phase)}))
    together = (
        Shard(number=number, phases=(phase,), runs=Runs.TOGETHER, at_once=len(numbers))
        for number, phase in enumerate(numbers, 2)
    )
    alone = [Shard(number=len(numbers) + 2, phases=quiet, runs=Runs.ALONE)] if quiet else []
    return (Shard(number=1, phases=(first.number,)), *together, *alone)


def _needs_quiet(phase: Phase) -> bool:
    sampled = any(isinstance(gate, ReliabilityGate) for gate in phase.gates)
    return sampled or any(suite.loads_system for suite in phase.suites)


def divided(
    tests: Sequence[tuple[NodeId, str]], durations_s: Mapping[NodeId, float], parts: int
) -> list[frozenset[NodeId]]:
    """*tests* (node id and suite) over exactly *parts* parts, longest first to the least loaded (Graham's LPT).

    Every test is in one part. The same for all who collected the same, in whatever order: ties are broken by
    the number of tests, then by node id.
    """
    expected = expected_durations(tests, durations_s)
    loads: list[tuple[float, int, int]] = [(0.0, 0, part) for part in range(parts)]
    chosen: list[set[NodeId]] = [set() for _ in range(parts)]
    for node_id in sorted(expected, key=lambda name: (-expected[name], name)):
        load_s, size, part = min(loads)
        loads[part] = (load_s + expected[node_id], size + 1, part)
        chosen[part].add(node_id)
    return [frozenset(tests) for tests in chosen]
