"""The xdist scheduler of a campaign: phases as barriers, one test handed out at a time, longest first."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from xdist.workermanage import WorkerController

from ci_tools.model import NodeId
from ci_tools.runner.control import Line, PhaseBegun, PhaseDone, Ready, RunPhase
from ci_tools.runner.dispatch import Dispatch
from ci_tools.runner.parking import PARKED


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a phase hands out: tests that may run beside each other, and tests that run alone after them."""

    together: Sequence[NodeId]
    alone: Sequence[NodeId]


Assign = Callable[[RunPhase, Sequence[NodeId], Sequence[NodeId]], Assignment]
"""Chooses what a phase runs, from what all workers collected and what only some did."""

HoldBack = Callable[[Mapping[str, str], Sequence[NodeId]], Sequence[NodeId]]
"""Chooses what must not be handed out while dependencies are held, and accounts for it."""


class CampaignScheduling:
    """Hands tests to workers, phase by phase, as the campaign at the other end of *line* lets it.

    A worker holds the test it runs and, behind it, its parking place; so nothing is handed out before
    a worker is free. At a barrier every worker is parked, and this process waits for the campaign.
    """

    def __init__(self, workers: int, line: Line, assign: Assign, hold_back: HoldBack) -> None:
        self._workers = workers
        self._line = line
        self._assign = assign
        self._hold_back = hold_back
        self._nodes: dict[WorkerController, None] = {}
        self._indices: dict[WorkerController, dict[NodeId, int]] = {}
        self._collected: list[NodeId] = []
        self._disputed: list[NodeId] = []
        self._phase: RunPhase | None = None
        self._dispatch: Dispatch[WorkerController] = Dispatch((), ())
        self._left = 0
        self._unknown = 0
        self._begun = False
        self._ended = False

    @property
    def nodes(self) -> list[WorkerController]:
        """Every worker that is alive."""
        return list(self._nodes)

    @property
    def collection_is_completed(self) -> bool:
        """Whether all first workers have collected."""
        return self._begun or self._all_up

    @property
    def tests_finished(self) -> bool:
        """Whether the campaign said that nothing follows."""
        return self._ended

    @property
    def has_pending(self) -> bool:
        """Whether a phase is under way."""
        return self._dispatch.waiting > 0 or self._dispatch.running > 0

    @property
    def _all_up(self) -> bool:
        return len(self._indices) >= self._workers

    def add_node(self, node: WorkerController) -> None:
        """A worker is up and collects."""
        self._nodes[node] = None

    def add_node_collection(self, node: WorkerController, collection: Sequence[str]) -> None:
        """A worker collected; orders may differ, and what it lacks is never handed to it.

        Raises:
            RuntimeError: it has no parking place, for pytest gave its collection up.
        """
        indices = {NodeId(node_id): index for index, node_id in enumerate(collection)}
        if PARKED not in indices:
            raise RuntimeError(f"{node} gave up collecting; the pytest log says why")
        self._indices[node] = indices

    def schedule(self) -> None:
        """Begin once all have collected; later calls give a replaced worker something to do."""
        if not self._begun:
            self._begun = True
            self._compare()
            self._line.send(Ready(workers=len(self._nodes)))
            self._barrier()
        self._advance()

    def _compare(self) -> None:
        every = dict.fromkeys(node_id for indices in self._indices.values() for node_id in indices)
        for node_id in every:
            if node_id != PARKED:
                agreed = all(node_id in indices for indices in self._indices.values())
                (self._collected if agreed else self._disputed).append(node_id)

    def test_begun(self, test: NodeId) -> None:
        """The worker that was handed *test* has begun it."""
        self._dispatch.begun(test)

    def mark_test_complete(self, node: WorkerController, item_index: int, duration: float = 0) -> None:  # noqa: ARG002
        """A worker is done with a test, or left its parking place to begin one."""
        running = self._dispatch.holds(node)
        if running is not None and self._indices[node][running] == item_index:
            self._dispatch.finished(node, running)
            self._advance()

    def mark_test_pending(self, item: str) -> None:
        """Part of xdist's protocol for retrying a crashed test: a campaign never does, its attempt counts."""

    def remove_pending_tests_from_node(self, node: WorkerController, indices: Sequence[int]) -> None:
        """Part of xdist's protocol for stealing: nothing is queued that could be stolen."""

    def remove_node(self, node: WorkerController) -> str | None:
        """A worker ended; the test it was running, if it died over one.

        The phase does not end here, even if that was its last test: xdist has yet to report it, and to
        replace the worker, whose collection then leads through the barrier.

        Raises:
            KeyError: it ended before it was up.
        """
        del self._nodes[node]
        self._indices.pop(node, None)
        crashed = self._dispatch.lost(node)
        if not self._ended:
            self._hand_out()
        return crashed

    def _advance(self) -> None:
        """Hand out; and where nothing is left to run, go through the barrier to the next phase."""
        self._hand_out()
        while self._phase is not None and not self.has_pending and self._all_up:
            self._line.send(PhaseDone(phase=self._phase.phase, left=self._left, unknown=self._unknown))
            self._barrier()
            self._hand_out()

    def _hand_out(self) -> None:
        self._hear()
        if self._phase is not None and time.monotonic() >= self._phase.deadline:
            self._left += self._dispatch.give_up()
        self._feed()
        if self._all_up and self._dispatch.waiting and not self._dispatch.running:
            self._unknown += self._dispatch.drop_unknown({test for known in self._indices.values() for test in known})
            self._feed()

    def _hear(self) -> None:
        """What needs a dependency that has died meanwhile is held back; that the line has ended is the barrier's."""
        try:
            while self._phase is not None and (message := self._line.receive(within_s=0)) is not None:
                self._dispatch.withdraw(set(self._hold_back(message["held"], self._dispatch.queued)))
        except TimeoutError:
            pass

    def _feed(self) -> None:
        for node, indices in self._indices.items():
            if not node.shutting_down:
                self._hand_to(node, indices)

    def _hand_to(self, node: WorkerController, indices: dict[NodeId, int]) -> None:
        test = self._dispatch.next_for(node, indices)
        if test is None:
            return
        try:
            node.send_runtest_some([indices[test], indices[PARKED]])
        except OSError:
            # It died a moment ago; xdist is about to say so.
            self._dispatch.take_back(node)

    def _barrier(self) -> None:
        """Wait for the campaign while all workers are parked, and begin what it says."""
        self._phase = None
        message = self._line.receive()
        while message is not None and "held" in message:  # said while the last test ended
            message = self._line.receive()
        if message is None:
            self._ended = True
            return
        self._phase = RunPhase(**message)
        self._line.send(PhaseBegun(phase=self._phase.phase))
        assignment = self._assign(self._phase, self._collected, self._disputed)
        self._dispatch = Dispatch(assignment.together, assignment.alone)
        self._left = self._unknown = 0
