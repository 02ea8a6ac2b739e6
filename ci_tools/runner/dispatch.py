"""Which worker runs which test next: one at a time, in the order given, load suites alone."""

from collections import deque
from collections.abc import Container, Hashable, Sequence
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
        self._loads_system = frozenset(alone)
        self._running: dict[Worker, NodeId] = {}
        self._begun: set[NodeId] = set()
        self._returned: set[NodeId] = set()

    @property
    def running(self) -> int:
        """Tests under way."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """Tests not handed out yet."""
        return len(self._together) + len(self._alone)

    @property
    def queued(self) -> tuple[NodeId, ...]:
        """The tests not handed out yet, in their order."""
        return (*self._together, *self._alone)

    def next_for(self, worker: Worker, known: Container[NodeId]) -> NodeId | None:
        """The test among those *known* to *worker* that it runs now; None if there is none at this moment."""
        if worker in self._running or not self._loads_system.isdisjoint(self._running.values()):
            return None
        if not self._together and self._running:
            return None
        queue = self._together or self._alone
        chosen = next((test for test in queue if test in known), None)
        if chosen is not None:
            queue.remove(chosen)
            self._running[worker] = chosen
        return chosen

    def holds(self, worker: Worker) -> NodeId | None:
        """The test that *worker* runs."""
        return self._running.get(worker)

    def begun(self, test: NodeId) -> None:
        """*test*, which was handed out, has begun."""
        self._begun.add(test)

    def finished(self, worker: Worker, test: NodeId) -> bool:
        """*worker* is done with *test*; False if that was not what it ran."""
        if self._running.get(worker) != test:
            return False
        del self._running[worker]
        return True

    def lost(self, worker: Worker) -> NodeId | None:
        """*worker* died; the test over which it did, which is not handed out again.

        A test that had not begun is handed out once more: it had no part in that death.
        """
        test = self._running.get(worker)
        if test is not None and test not in self._begun | self._returned:
            self._returned.add(test)
            self.take_back(worker)
            return None
        return self._running.pop(worker, None)

    def take_back(self, worker: Worker) -> None:
        """What was meant for *worker* did not reach it: it is the next to be handed out."""
        test = self._running.pop(worker)
        (self._alone if test in self._loads_system else self._together).appendleft(test)

    def drop_unknown(self, known: Container[NodeId]) -> int:
        """Hand out only what is *known* to a worker; how many tests that leaves out."""
        before = self.waiting
        self._together = deque(test for test in self._together if test in known)
        self._alone = deque(test for test in self._alone if test in known)
        return before - self.waiting

    def withdraw(self, tests: Container[NodeId]) -> None:
        """Hand out none of *tests*."""
        self._together = deque(test for test in self._together if test not in tests)
        self._alone = deque(test for test in self._alone if test not in tests)

    def give_up(self) -> int:
        """Hand out nothing more; how many tests that leaves."""
        left = self.waiting
        self._together.clear()
        self._alone.clear()
        return left
