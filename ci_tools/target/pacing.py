"""A campaign stays below the edge's limits, over all processes that share one pacing directory.

Each limit is one theoretical arrival time (GCRA) in a locked eight-byte file. The clock is the
machine's monotonic one, which all its processes share.
"""

import asyncio
import fcntl
import hashlib
import math
import os
import struct
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from ci_tools.errors import OwnPaceError, UsageError
from ci_tools.model import EdgeLimit, Environment

PACING_DIR = "CAMPAIGN_PACING_DIR"
MAX_WAIT_S = 120.0
"""A longer queue is refused instead of joined: the campaign asks for more than its share."""

_RECORD = struct.Struct("<d")
_HEADROOM = 0.95
"""The edge counts in windows of its own and hears of other clients behind our address."""


def pacing_directory(environment: Environment, environ: Mapping[str, str]) -> Path:
    """Where this user's processes share the pace of *environment*.

    Raises:
        UsageError: the directory cannot be made, or belongs to somebody else.
    """
    if given := environ.get(PACING_DIR):
        return _private(Path(given))
    hosts = "\n".join(sorted(environment.hosts.values()))
    name = f"{environment.name}-{hashlib.sha256(hosts.encode()).hexdigest()[:12]}"
    return _private(_private(Path(tempfile.gettempdir()) / f"ci-tools-pacing-{os.getuid()}") / name)


def _private(directory: Path) -> Path:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot use pacing directory {str(directory)!r}: {error.strerror}; set {PACING_DIR} to one of yours"
        ) from error
    if directory.is_symlink() or directory.stat().st_uid != os.getuid():
        raise UsageError(f"pacing directory {directory} belongs to another user; set {PACING_DIR} to one of yours")
    return directory


class Pace:
    """One limit: at most *limit* requests a minute over all its users, *share* of it ours."""

    def __init__(self, path: Path, limit: EdgeLimit, share: float) -> None:
        allowed = limit.rate_per_min * share * _HEADROOM
        # A full burst may precede a minute at the sustained rate, so both together stay below the limit.
        burst = max(1.0, min(float(limit.burst), allowed / 2))
        self.interval_s = 60 / max(allowed - burst, allowed / 2)
        self._tolerance_s = (burst - 1) * self.interval_s
        self._path = path

    def reserve(self, now_s: float) -> float:
        """Seconds from *now_s* until the next request may go; more than MAX_WAIT_S reserves nothing."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            arrival_s = max(self._arrival_s(os.pread(descriptor, _RECORD.size + 1, 0), now_s), now_s)
            wait_s = max(0.0, arrival_s - self._tolerance_s - now_s)
            if wait_s <= MAX_WAIT_S:
                os.pwrite(descriptor, _RECORD.pack(arrival_s + self.interval_s), 0)
                os.ftruncate(descriptor, _RECORD.size)
            return wait_s
        finally:
            os.close(descriptor)

    def _arrival_s(self, content: bytes, now_s: float) -> float:
        """The stored arrival time, or *now_s* where the file is new, torn, or of another boot."""
        if len(content) != _RECORD.size:
            return now_s
        (arrival_s,) = _RECORD.unpack(content)
        latest_s = now_s + MAX_WAIT_S + self._tolerance_s + self.interval_s
        return arrival_s if math.isfinite(arrival_s) and 0 <= arrival_s <= latest_s else now_s


class Pacer:
    """Admits requests at the pace of the longest limit that matches their path; no match is unpaced."""

    def __init__(self, directory: Path, limits: tuple[EdgeLimit, ...], share: float = 1.0) -> None:
        if not 0 < share <= 1:
            raise UsageError(f"pacing_share is {share:g}; allowed: above 0, at most 1")
        longest_first = sorted(limits, key=lambda limit: -len(limit.path_prefix))
        self._paces = [
            (limit.path_prefix, Pace(directory / _file_name(limit), limit, share)) for limit in longest_first
        ]

    @classmethod
    def of(cls, environment: Environment, environ: Mapping[str, str]) -> "Pacer":
        """The pacer that all clients of *environment* on this machine share."""
        return cls(pacing_directory(environment, environ), environment.limits, environment.pacing_share)

    async def admit(self, path: str) -> float:
        """Return when a request for *path* may be sent; the seconds waited.

        Raises:
            OwnPaceError: the queue is longer than MAX_WAIT_S; nothing was sent.
        """
        pace = next((pace for prefix, pace in self._paces if path.startswith(prefix)), None)
        wait_s = pace.reserve(time.monotonic()) if pace else 0.0
        if wait_s > MAX_WAIT_S:
            raise OwnPaceError(
                f"our own pace for {path!r} has a queue of {wait_s:.0f} s; allowed: {MAX_WAIT_S:.0f} s. "
                "Run fewer workers, or raise pacing_share or the limit's rate_per_min in campaign.toml",
                retry_after_s=wait_s,
            )
        if wait_s:
            await asyncio.sleep(wait_s)
        return wait_s


def _file_name(limit: EdgeLimit) -> str:
    """By its rate, too: who waits at another one would make us wait as long."""
    named = f"{limit.path_prefix} {limit.rate_per_min} {limit.burst}"
    return hashlib.sha256(named.encode()).hexdigest()[:16] + ".arrival"
