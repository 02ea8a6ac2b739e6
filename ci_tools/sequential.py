"""The sequential probability ratio test in figures: where it accepts, where it rejects, how long it takes at least."""

import math

ALPHA = BETA = 0.05
"""Error rates: a healthy service refused, a broken one accepted."""

ACCEPT = math.log((1 - BETA) / ALPHA)
REJECT = math.log(BETA / (1 - ALPHA))
"""Logarithms of the likelihood ratio at which Wald's test ends."""


def passes_needed(floor: float, target: float) -> int:
    """Straight good attempts after which the test accepts *target*: the least a gate's cap may be."""
    return math.ceil(ACCEPT / math.log(target / floor))
