"""Numbers that others have written."""

import math


def finite(value: object) -> float | None:
    """The number of JSON that *value* is; None: it is none, or one that no float holds, however it is written."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
