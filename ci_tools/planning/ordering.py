"""In which order the tests of a phase are handed out."""

from collections.abc import Mapping, Sequence
from random import Random
from statistics import median

from ci_tools.model import NodeId


def ordered(
    tests: Sequence[tuple[NodeId, str]], durations_s: Mapping[NodeId, float], *, seed: int | None = None
) -> list[NodeId]:
    """*tests* (node id and suite), longest first; or shuffled by *seed*.

    A test that was never timed is expected to take the median of its suite, or of all: the order is
    then that of the collection.
    """
    if seed is not None:
        # Sorted first: the same seed gives the same order whatever the order of collection.
        shuffled = sorted(node_id for node_id, _ in tests)
        Random(seed).shuffle(shuffled)  # noqa: S311 - an order to be repeated, not a secret
        return shuffled
    by_suite: dict[str, list[float]] = {}
    for node_id, suite in tests:
        if node_id in durations_s:
            by_suite.setdefault(suite, []).append(durations_s[node_id])
    known = [duration for durations in by_suite.values() for duration in durations]
    otherwise = median(known) if known else 0.0
    typical = {suite: median(durations) for suite, durations in by_suite.items()}

    def expected(test: tuple[NodeId, str]) -> float:
        node_id, suite = test
        return durations_s.get(node_id, typical.get(suite, otherwise))

    return [node_id for node_id, _ in sorted(tests, key=expected, reverse=True)]
