"""Asks at once what a failing test needs, so that what needs something dead is held back instead of failing of it.

The probes run in a thread of their own while tests run. A dependency is *held* from the moment that
:data:`STRAIGHT` attempts in a row found it down until as many found it up again.
"""

import asyncio
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from queue import SimpleQueue

from ci_tools.evidence.events import (
    HELD_BACK,
    Collected,
    DependencyChanged,
    Event,
    Observed,
    Record,
    TestBlocked,
    TestFinished,
)
from ci_tools.model import FAILURES, DependencyState, Environment, NodeId, Observation, Phase, ReliabilityGate
from ci_tools.probes.attempt import attempt
from ci_tools.probes.clients import Clients, clients_of
from ci_tools.questions import GateProbe

STRAIGHT = 3
"""As many bad attempts in a row reject what is good four times in five (alpha 0.05)."""
_REST_S = 2.0
"""Real seconds before what was found up is asked again, however many tests fail meanwhile."""
_AGAIN_S = 1.0
"""Real seconds between two looks at what is held."""
_TURN_S = 0.05
_SETTLE_S = 3.0
"""Real seconds that a phase waits at its end for one more look at what is held."""
_END_PATIENCE_S = 2.0


class Breaker:
    """Follows the journal; what it finds out is taken by :meth:`heard`, from the thread that made it."""

    def __init__(self) -> None:
        self._probes: dict[str, GateProbe] = {}
        self._through: dict[str, tuple[str, ...]] = {}
        self._gates: dict[str, tuple[GateProbe, tuple[str, ...]]] = {}
        self._lasting: frozenset[str] = frozenset()
        self._requires: dict[NodeId, tuple[str, ...]] = {}
        self._suspected: SimpleQueue[str] = SimpleQueue()
        self._seeds: SimpleQueue[str] = SimpleQueue()
        self._found: SimpleQueue[Event] = SimpleQueue()
        self._error: Exception | None = None
        self._outages: dict[str, int] = {}
        self._blocked: dict[NodeId, str] = {}
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._hurry = threading.Event()
        self._rounds = 0
        self.held: dict[str, str] = {}
        """What is down as far as was heard, and why."""

    def guard(self, environment: Environment, environ: Mapping[str, str], phases: Iterable[Phase]) -> None:
        """From now on look at what the gates of *phases* can see; without, only follow."""
        probes = {probe.name: probe for probe in environment.probes if isinstance(probe, GateProbe)}
        for gate in (gate for phase in phases for gate in phase.gates):
            if isinstance(gate, ReliabilityGate) and gate.probe in probes:
                self._gates[gate.name] = (probes[gate.probe], gate.requires)
                self._probes.setdefault(gate.dependency, probes[gate.probe])
                self._through.setdefault(gate.dependency, gate.requires)
        self._environment = environment
        self._environ = environ

    def close(self) -> None:
        """Look at nothing any more."""
        self._stop.set()
        self._hurry.set()
        if self._thread is not None:
            self._thread.join(_END_PATIENCE_S)

    def take(self, record: Record) -> None:
        """Learn from the journal: what a test requires, and that one has failed."""
        event = record.event
        if isinstance(event, Collected):
            self._requires[event.node_id] = event.requires
        elif isinstance(event, TestBlocked) and event.attempt == HELD_BACK:
            self._blocked[event.node_id] = event.dependency
        elif isinstance(event, TestFinished) and event.outcome in FAILURES:
            self._suspect(self._requires.get(event.node_id, ()))

    def hold(self, failing: Iterable[DependencyChanged]) -> None:
        """What others found *failing* when a phase began.

        What is down is held until the probe of the gate that it fails finds it up again. What is only degraded holds
        back as long as the phase lasts: a few looks cannot tell a rate, and it was well in some of those before, too.
        """
        changes = tuple(failing)
        self._lasting = frozenset(one.dependency for one in changes if one.state is not DependencyState.DOWN)
        for change in changes:
            name = change.dependency
            if name in self._lasting or name not in self._probes or name in self.held:
                continue
            self._probes[name], self._through[name] = self._gates.get(
                change.gate, (self._probes[name], self._through[name])
            )
            self.held[name] = change.reason
            self._outages[name] = self._outages.get(name, 0) + 1
            self._seeds.put(name)
            self._begin()

    def recovered(self) -> list[NodeId]:
        """The tests held back since the last call that nothing holds back any more, by what :meth:`heard` has told."""
        holding = self._lasting.union(self.held)
        free = [node_id for node_id, blocker in self._blocked.items() if blocker not in holding]
        self._blocked.clear()
        return free

    def _suspect(self, dependencies: Iterable[str]) -> None:
        """Have *dependencies* looked at, as far as a gate's probe can see them."""
        for name in dependencies:
            if name in self._probes:
                self._suspected.put(name)
                self._begin()

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True, name="breaker")
            self._thread.start()

    def heard(self) -> list[Event]:
        """What was found out since the last call, for the journal; :attr:`held` says what follows from it.

        Raises:
            Exception: what ended the looking. What is held would be held for ever.
        """
        if self._error is not None:
            raise self._error
        events: list[Event] = []
        # What was asked while everything was ending says nothing of the system.
        while not self._found.empty() and not self._stop.is_set():
            event = self._found.get()
            events.append(event)
            if isinstance(event, DependencyChanged):
                if event.state is DependencyState.UP:
                    self.held.pop(event.dependency, None)
                else:
                    self.held[event.dependency] = event.reason
        return events

    def settle(self) -> None:
        """Have a last look at what holds tests back, for a while at most: it may be up again by now."""
        until = time.monotonic() + _SETTLE_S
        awaited = self._rounds + 2  # one may be under way, and have asked before
        while self.held and self._blocked and self._rounds < awaited and time.monotonic() < until:
            self._hurry.set()
            time.sleep(_TURN_S)

    def _run(self) -> None:
        try:
            asyncio.run(self._look())
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised where somebody hears it
            self._error = error

    async def _look(self) -> None:
        down: set[str] = set()
        well: dict[str, float] = {}
        async with clients_of(self._environment, self._environ) as clients:
            while not self._stop.is_set():
                for name in self._due(down, well):
                    await self._ask(name, clients, down)
                    well[name] = time.monotonic()
                self._rounds += 1
                await asyncio.to_thread(self._hurry.wait, _AGAIN_S if down else _TURN_S)
                self._hurry.clear()

    def _due(self, down: set[str], well: Mapping[str, float]) -> Iterator[str]:
        """What is to be asked now: not what was just found well, nor what is only seen through something down."""
        for name in self._wanted(down):
            rested = name in down or time.monotonic() - well.get(name, -_REST_S) >= _REST_S
            if rested and down.isdisjoint(self._through.get(name, ())):
                yield name

    def _wanted(self, down: set[str]) -> list[str]:
        while not self._seeds.empty():
            down.add(self._seeds.get())
        names = dict.fromkeys(down)
        while not self._suspected.empty():
            names[self._suspected.get()] = None
        return list(names)

    async def _ask(self, name: str, clients: Clients, down: set[str]) -> None:
        """Whether *name* has changed: it takes as many attempts in a row that agree."""
        expected = DependencyState.UP if name in down else DependencyState.DOWN
        for _ in range(STRAIGHT):
            seen = await attempt(self._probes[name], clients)
            self._found.put(Observed(observation=seen))
            if seen.state is not expected or self._stop.is_set():
                return
        down.symmetric_difference_update({name})
        self._found.put(self._change(name, seen))

    def _change(self, name: str, seen: Observation) -> DependencyChanged:
        if seen.state is DependencyState.UP:
            reason = f"{STRAIGHT} attempts of {seen.probe} in a row are good again"
        else:
            self._outages[name] = self._outages.get(name, 0) + 1
            reason = f"{name}-{self._outages[name]}: {STRAIGHT} attempts of {seen.probe} in a row fail: {seen.text}"
        return DependencyChanged(dependency=name, state=seen.state, reason=reason)
