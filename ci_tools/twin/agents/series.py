"""Descriptive statistics of a series of finite numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median, quantiles, stdev
from typing import Final

_OUTLIER_FENCE: Final = 1.5
"""Tukey's fence, in interquartile ranges."""
_FENCE_NEEDS: Final = 4
_FLAT: Final = 0.01
"""A slope below this share of the mean per step counts as no trend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One series described; ``slope`` is the least-squares change per step."""

    count: int
    total: float
    mean: float
    median: float
    stdev: float
    minimum: float
    maximum: float
    p95: float
    slope: float
    trend: str
    outliers: tuple[float, ...]


def summarise(values: Sequence[float]) -> Summary:
    """The summary of a series of at least one number."""
    slope = _slope(values)
    mean = fmean(values)
    return Summary(
        count=len(values),
        total=_rounded(math.fsum(values)),
        mean=_rounded(mean),
        median=_rounded(median(values)),
        stdev=_rounded(stdev(values)) if len(values) > 1 else 0.0,
        minimum=min(values),
        maximum=max(values),
        p95=_rounded(_percentile(values, 0.95)),
        slope=_rounded(slope),
        trend=_trend(slope, mean),
        outliers=tuple(_outliers(values)),
    )


def _slope(values: Sequence[float]) -> float:
    centre = (len(values) - 1) / 2
    mean = fmean(values)
    spread = math.fsum((index - centre) ** 2 for index in range(len(values)))
    return math.fsum((i - centre) * (v - mean) for i, v in enumerate(values)) / spread if spread else 0.0


def _trend(slope: float, mean: float) -> str:
    if abs(slope) <= abs(mean) * _FLAT:
        return "flat"
    return "rising" if slope > 0 else "falling"


def _percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    below = math.floor(position)
    above = math.ceil(position)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def _outliers(values: Sequence[float]) -> list[float]:
    if len(values) < _FENCE_NEEDS:
        return []
    low, _, high = quantiles(values, n=4, method="inclusive")
    fence = _OUTLIER_FENCE * (high - low)
    return [value for value in values if not low - fence <= value <= high + fence]


def _rounded(value: float) -> float:
    return round(value, 6)
