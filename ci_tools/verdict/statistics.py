"""Statistics of repeated attempts: the sequential test that decides, and figures that only describe."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist, median

from ci_tools.model import GateState
from ci_tools.sequential import ACCEPT, REJECT


@dataclass(frozen=True, slots=True)
class Sequential:
    """What a sequential probability ratio test says after *n* attempts, *good* of them good."""

    state: GateState
    n: int
    good: int


def sprt(attempts: Iterable[bool], *, floor: float, target: float) -> Sequential:
    """Decide between a success rate of *floor* and of *target* as soon as the evidence suffices.

    Wald's test with alpha = beta = 0.05; attempts after the decision are ignored. A *target* of 1.0
    is refuted by the first bad attempt.
    """
    ratio, n, good = 0.0, 0, 0
    for attempt in attempts:
        n += 1
        good += attempt
        ratio += _weight(attempt, floor, target)
        if ratio >= ACCEPT:
            return Sequential(GateState.HOLDS, n, good)
        if ratio <= REJECT:
            return Sequential(GateState.FAILS, n, good)
    return Sequential(GateState.CANNOT_TELL, n, good)


def _weight(attempt: bool, floor: float, target: float) -> float:  # noqa: FBT001 - the datum itself
    if attempt:
        return math.log(target / floor)
    return -math.inf if target >= 1 else math.log((1 - target) / (1 - floor))


_Z_95 = NormalDist().inv_cdf(0.975)


def wilson(good: int, n: int) -> tuple[float, float] | None:
    """Wilson's 95 % interval for the rate behind *good* of *n*; None without attempts. It only describes."""
    if not n:
        return None
    rate, spread = good / n, _Z_95**2 / n
    centre = (rate + spread / 2) / (1 + spread)
    half = _Z_95 / (1 + spread) * math.sqrt(rate * (1 - rate) / n + spread / (4 * n))
    return max(0.0, centre - half), min(1.0, centre + half)


@dataclass(frozen=True, slots=True)
class Latency:
    """Latencies in seconds, described. *p95_s* is None below 59 samples, where it has no upper bound."""

    n: int
    median_s: float
    max_s: float
    p95_s: float | None
    censored: int
    """Attempts that timed out: their latency is at least what stands here."""


_P95_SAMPLES = 59


def latency(samples_s: Sequence[float], censored: int = 0) -> Latency | None:
    """Describe *samples_s*, time-outs included as the least they took; None without samples."""
    if not samples_s:
        return None
    ordered = sorted(samples_s)
    p95 = ordered[math.ceil(0.95 * len(ordered)) - 1] if len(ordered) >= _P95_SAMPLES else None
    return Latency(len(ordered), median(ordered), ordered[-1], p95, censored)
