"""The WebSocket connections of this process: how many a user has, and how often a user speaks.

One event loop serves them all and no method waits, so the counts hold under any concurrency.
"""

from collections import defaultdict, deque
from typing import Final
from uuid import uuid4

_WINDOW_S: Final = 60.0


class Connections:
    """Admission of connections and messages per user; every ``now`` is monotonic seconds."""

    def __init__(self, *, connections: int, messages_per_min: int) -> None:
        self._limit = connections
        self._rate = messages_per_min
        self._open: defaultdict[str, set[str]] = defaultdict(set)
        self._spoken: dict[str, deque[float]] = {}

    def admit(self, user_id: str, now: float) -> str | None:
        """The id of the user's new connection; None when the user has as many as allowed."""
        self._forget(now)
        if len(self._open[user_id]) >= self._limit:
            return None
        connection_id = f"ws-{uuid4().hex}"
        self._open[user_id].add(connection_id)
        return connection_id

    def release(self, user_id: str, connection_id: str) -> None:
        """The connection counts no more."""
        self._open[user_id].discard(connection_id)
        if not self._open[user_id]:
            del self._open[user_id]

    def count(self, user_id: str) -> int:
        """How many connections the user has."""
        return len(self._open.get(user_id, ()))

    def may_speak(self, user_id: str, now: float) -> float:
        """0 when the user's message of *now* is within the rate, else the seconds until one is.

        A refused message does not count.
        """
        spoken = self._spoken.setdefault(user_id, deque())
        while spoken and now - spoken[0] >= _WINDOW_S:
            spoken.popleft()
        if len(spoken) >= self._rate:
            return _WINDOW_S - (now - spoken[0])
        spoken.append(now)
        return 0.0

    def _forget(self, now: float) -> None:
        silent = [user for user, spoken in self._spoken.items() if not spoken or now - spoken[-1] >= _WINDOW_S]
        for user in silent:
            del self._spoken[user]
