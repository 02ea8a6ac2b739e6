"""Which worker runs which test next: one at a time, in the order given, load suites alone."""

from collections import deque
from collections.abc import Hashable, Sequence
from typing import Generic, TypeVar

from ci_tools.model import NodeId

Worker = TypeVar("Worker", bound=Hashable)


class Dispatch(Generic[Worker]):
    """The tests of one phase on their way to workers, by node id.

    A worker gets its next test only when it has none, so a short test never waits behind a long one.
    """

    def __init__(self, together: Sequence[NodeId], alone: Sequence[NodeId]) -> None:
        self._together = deque(together)
        self._alone = deque(alone)
        self._running: dict[Worker, NodeId] = {}

    @property
    def running(self) -> int:
        """Tests under way."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """Tests not handed out yet."""
        return len(self._together) + len(self._alone)

    def next_for(self, worker: Worker) -> NodeId | None:
        """The test that *worker* runs now; None if there is none for it at this moment."""
        if worker in self._running:
            return None
        if self._together:
            chosen = self._together.popleft()
        elif self._alone and not self._running:
            chosen = self._alone.popleft()
        else:
            return None
        self._running[worker] = chosen
        return chosen

    def holds(self, worker: Worker) -> NodeId | None:
        """The test that *worker* runs."""
        return self._running.get(worker)

    def finished(self, worker: Worker, test: NodeId) -> bool:
        """*worker* is done with *test*; False if that was not what it ran."""
        if self._running.get(worker) != test:
            return False
        del self._running[worker]
        return True

    def lost(self, worker: Worker) -> NodeId | None:
        """*worker* died; the test it ran, which is not handed out again."""
        return self._running.pop(worker, None)

    def give_up(self) -> int:
        """Hand out nothing more; how many tests that leaves."""
        left = self.waiting
        self._together.clear()
        self._alone.clear()
        return left
