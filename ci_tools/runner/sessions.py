"""The pytest sessions of a campaign: one over everything, started ahead, or where that cannot be one for each phase."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from ci_tools.evidence.journal import CampaignDirectory
from ci_tools.model import Suite
from ci_tools.runner import pytest_process
from ci_tools.runner.breaker import Breaker
from ci_tools.runner.control import RunPhase
from ci_tools.runner.pytest_process import PytestProcess

LOG = "pytest.log"
"""pytest's own output."""
_COLLECTING_S = 60.0
"""Real seconds that nothing is asked of the system while pytest collects; later the first phase's budget runs."""


@dataclass(slots=True)
class Sessions:
    """Runs phases in pytest; as a context manager everything that it started is ended."""

    root: Path
    """The folder that the paths of suites are relative to."""
    directory: CampaignDirectory
    environ: Mapping[str, str]
    """What pytest needs beside our own environment."""
    workers: int
    shard: int | None
    suites_own: Sequence[str]
    """Options of the suites' conftest."""
    breaker: Breaker
    watch: Callable[[], None]
    """Called all the while."""
    _stack: ExitStack = field(init=False, default_factory=ExitStack)
    _whole: PytestProcess | None = field(init=False, default=None)
    _begun: list[PytestProcess] = field(init=False, default_factory=list)
    _apart: bool = field(init=False, default=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def begin(self, suites: Sequence[Suite]) -> None:
        """Start the one over all *suites* that may run: one for each phase would cost its start each time."""
        paths = [path for suite in suites for path in suite.paths]
        found, _ = pytest_process.expand(paths, self.root)
        if found:
            self._whole = self._stack.enter_context(closing(self._pytest_over(found)))

    def settle(self, within_s: float) -> None:
        """Wait until what was started is idle: what is asked of the system from then on is asked in quiet."""
        if self._whole is not None:
            self._whole.collected(min(within_s, _COLLECTING_S), self.watch)

    def run(self, order: RunPhase, paths: Sequence[str], suites: Sequence[Suite]) -> str:
        """Run the phase of *order*, which is in *paths*; what cut it short, or nothing.

        *suites* are all that may still run: where the session over everything died, another takes its place.
        """
        if not self._apart:
            cut_short, begun = self._together(order, suites)
            # What belongs to another phase may keep pytest from collecting: it must cost that phase only.
            self._apart = not begun
            if order.phase in begun or time.monotonic() >= order.deadline:
                return cut_short or self._second_pass(order)
        with closing(self._pytest_over(paths)) as process:
            return process.run(order, self.watch, self._down)

    def vetoes(self) -> list[int]:
        """Let the session over everything end; the exit codes other than 0 that no phase has told."""
        if self._whole is not None:
            self._whole.close()
        return [session.veto for session in self._begun if session.veto]

    def _together(self, order: RunPhase, suites: Sequence[Suite]) -> tuple[str, Sequence[int]]:
        """What cut the phase short, or nothing, and the phases that the session over everything has begun so far."""
        if self._whole is None or (self._whole.begun and not self._whole.alive):
            self.begin(suites)
        if self._whole is None:
            return "", ()
        return self._whole.run(order, self.watch, self._down), self._whole.begun

    def _second_pass(self, order: RunPhase) -> str:
        """What was held back by something that is up again has one chance, while there is time."""
        self.breaker.settle()
        self.watch()
        again = self.breaker.recovered()
        if not again or self._whole is None or not self._whole.alive or time.monotonic() >= order.deadline:
            return ""
        return self._whole.run(replace(order, again=again, failing=self._down()), self.watch, self._down)

    def _down(self) -> Mapping[str, str]:
        return self.breaker.held

    def _pytest_over(self, paths: Sequence[str]) -> PytestProcess:
        session = PytestProcess(
            lambda control: pytest_process.arguments(
                paths,
                root=self.root,
                out=self.directory.path,
                workers=self.workers,
                control=control,
                shard=self.shard,
                suites_own=self.suites_own,
            ),
            root=self.root,
            environ=self.environ,
            log=self.directory.log(LOG),
        )
        self._begun.append(session)
        return session
