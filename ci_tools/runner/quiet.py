"""What is asked of the deployed system while nothing else runs: repeated probes and its identity."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self, TypeVar

from ci_tools.errors import UsageError
from ci_tools.evidence.events import DeploymentIdentified
from ci_tools.model import DeploymentSource, Environment, Observation, ReliabilityGate
from ci_tools.probes.clients import clients_of
from ci_tools.probes.sampling import sample
from ci_tools.probes.survey import survey
from ci_tools.questions import GateProbe
from ci_tools.runner.deployment import identify
from ci_tools.verdict.gates import decide

T = TypeVar("T")
_AGAIN_S = 2.0
"""Unscaled seconds for a deployment that was asked who it is before, and did not say: it would cost each phase."""


def ended(runner: asyncio.Runner, asked: Coroutine[Any, Any, T]) -> T:
    """What *asked* comes to on *runner*; what stops it is raised once, and leaves no task that would raise it again.

    Raises:
        KeyboardInterrupt: in one of several tasks it is raised there, in whoever waits for it, and in the loop.
    """
    try:
        return runner.run(asked)
    except KeyboardInterrupt:
        left = asyncio.all_tasks(runner.get_loop())
        for task in left:
            task.cancel()
        runner.get_loop().run_until_complete(asyncio.gather(*left, return_exceptions=True))
        raise


class QuietWindow:
    """Clients of *environment* on an event loop of their own."""

    def __init__(self, environment: Environment, environ: Mapping[str, str]) -> None:
        self._environment = environment
        self._environ = environ
        self._loop = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._unidentified = False

    def __enter__(self) -> Self:
        self._clients = self._loop.run(self._stack.enter_async_context(clients_of(self._environment, self._environ)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._loop.run(self._stack.aclose())
        finally:
            self._loop.close()

    def sample(
        self, gate: ReliabilityGate, deadline: float, record: Callable[[Observation], None]
    ) -> list[Observation]:
        """Repeat the gate's probe until it is decided, its cap is reached or the monotonic clock passes *deadline*."""
        observations: list[Observation] = []

        def keep(observation: Observation) -> None:
            observations.append(observation)
            record(observation)

        within_s = max(0.0, deadline - time.monotonic())
        ended(self._loop, sample(gate, self._probe(gate), self._clients, decide, keep, within_s=within_s))
        return observations

    def _probe(self, gate: ReliabilityGate) -> GateProbe:
        for probe in self._environment.probes:
            if probe.name == gate.probe and isinstance(probe, GateProbe):
                return probe
        raise UsageError(
            f"gate {gate.name!r} repeats probe {gate.probe!r}, which environment {self._environment.name!r} does not "
            f"have; it has: {', '.join(probe.name for probe in self._environment.probes) or 'none'}"
        )

    def survey(self) -> list[Observation]:
        """What the environment's survey sees of everything; nothing where it has none."""
        chosen = [probe for probe in self._environment.probes if probe.name in self._environment.survey]
        return ended(self._loop, survey(chosen, self._clients))

    def identify(self, source: DeploymentSource) -> DeploymentIdentified:
        """Which deployment answers now."""
        patience_s = _AGAIN_S if self._unidentified else self._environment.timeouts.health_s
        identified = ended(self._loop, identify(self._clients.patient(patience_s), source))
        self._unidentified = identified.deployment is None
        return identified
