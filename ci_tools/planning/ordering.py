"""In which order the tests of a phase are handed out."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from statistics import median

from ci_tools.model import NodeId


def ordered(
    tests: Sequence[tuple[NodeId, str]], durations_s: Mapping[NodeId, float], *, seed: int | None = None
) -> list[NodeId]:
    """*tests* (node id and suite), longest first; or shuffled by *seed*. Equals keep the order of the collection."""
    if seed is not None:
        return _shuffled([node_id for node_id, _ in tests], seed)
    expected = expected_durations(tests, durations_s)
    return sorted((node_id for node_id, _ in tests), key=lambda node_id: expected[node_id], reverse=True)


def expected_durations(
    tests: Sequence[tuple[NodeId, str]], durations_s: Mapping[NodeId, float]
) -> Mapping[NodeId, float]:
    """Seconds that each of *tests* (node id and suite) is expected to take.

    One that was never timed takes the median of its suite, or of all; where nothing was timed, one second.
    """
    by_suite: dict[str, list[float]] = {}
    for node_id, suite in tests:
        if node_id in durations_s:
            by_suite.setdefault(suite, []).append(durations_s[node_id])
    known = [duration for durations in by_suite.values() for duration in durations]
    otherwise = median(known) if known else 1.0
    typical = {suite: median(durations) for suite, durations in by_suite.items()}
    return {node_id: durations_s.get(node_id, typical.get(suite, otherwise)) for node_id, suite in tests}


def _shuffled(tests: Sequence[NodeId], seed: int) -> list[NodeId]:
    """By a digest of each test's own name: one that comes or goes leaves the others in their order."""
    return sorted(tests, key=lambda node_id: sha256(f"{seed} {node_id}".encode(errors="surrogatepass")).digest())
