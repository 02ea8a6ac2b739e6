"""The phases of the backend's start (contract, section 6), run while it already answers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

LOG = logging.getLogger(__name__)


class StartupPhase(StrEnum):
    """The phases in their order."""

    INIT = "INIT"
    DEPENDENCIES = "DEPENDENCIES"
    DATABASE = "DATABASE"
    CACHE = "CACHE"
    SERVICES = "SERVICES"
    WEBSOCKET = "WEBSOCKET"
    FINALIZE = "FINALIZE"


Step = Callable[[], Awaitable[object]]


@dataclass(slots=True)
class Startup:
    """How far the start is. A dependency that does not answer degrades it and does not stop it."""

    phase: StartupPhase = StartupPhase.INIT
    complete: bool = False
    degraded: dict[str, str] = field(default_factory=dict)
    """Phase to what its dependency's client said."""
    failure: str | None = None
    """What stopped the start in its phase, for good."""

    async def run(
        self, steps: Mapping[StartupPhase, Step], patience_s: float, vital: Mapping[StartupPhase, Step] | None = None
    ) -> None:
        """Every phase was gone through, each of *steps* for at most *patience_s*; a *vital* one that fails ends it."""
        for phase in StartupPhase:
            self.phase = phase
            if phase in steps:
                await self._step(steps[phase], patience_s)
            if vital and phase in vital and not await self._succeeds(vital[phase]):
                return
        self.complete = True

    def described(self) -> str:
        """How far the start is, for people."""
        if self.failure is not None:
            return f"startup failed in phase {self.phase}: {self.failure}"
        return f"starting: phase {self.phase}"

    async def _succeeds(self, step: Step) -> bool:
        try:
            await step()
        except Exception as error:
            self.failure = f"{type(error).__name__}: {error}"
            LOG.exception("startup failed in phase %s", self.phase)
            return False
        return True

    async def _step(self, step: Step, patience_s: float) -> None:
        try:
            async with asyncio.timeout(patience_s):
                await step()
        except Exception as error:  # noqa: BLE001 - any failure of a dependency only degrades
            text = str(error) or type(error).__name__
            self.degraded[self.phase] = text
            LOG.warning("startup phase %s degraded: %s", self.phase, text)

    @property
    def websocket_ready(self) -> bool:
        """WebSockets may be accepted."""
        return self.complete
