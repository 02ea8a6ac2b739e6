"""The narrow way that all private traffic of the services takes, as a serverless VPC connector is one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Width:
    """How much goes through: *burst_bytes* at once, *bytes_per_s* in the long run; nothing waits beyond *cap_s*."""

    bytes_per_s: float
    burst_bytes: int
    cap_s: float

    def scaled(self, time_scale: float) -> "Width":
        """The same width in real seconds: the load is faster by the time scale, too."""
        return Width(
            bytes_per_s=self.bytes_per_s / time_scale, burst_bytes=self.burst_bytes, cap_s=self.cap_s * time_scale
        )


class Passage:
    """What several proxies share; every time is seconds of one clock."""

    def __init__(self) -> None:
        self._width: Width | None = None
        self._free_at = 0.0

    def widen(self, width: Width | None) -> None:
        """*width* holds from now on; None lets everything through. What waits already waits no longer than it would."""
        if width != self._width:
            self._width, self._free_at = width, 0.0

    def due_at(self, size_bytes: int, now: float) -> float:
        """When *size_bytes* that arrive *now* are through."""
        width = self._width
        if width is None:
            return now
        earliest = now - width.burst_bytes / width.bytes_per_s
        passed_at = max(self._free_at, earliest) + size_bytes / width.bytes_per_s
        self._free_at = min(passed_at, now + width.cap_s)
        return max(now, self._free_at)
