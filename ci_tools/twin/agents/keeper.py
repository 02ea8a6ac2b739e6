"""The stored state of one run, kept up to date while the run goes on."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from ci_tools.twin.agents.events import AgentEvent, recorded
from ci_tools.twin.agents.failures import AgentFailureError
from ci_tools.twin.agents.ports import RunStore
from ci_tools.twin.agents.runs import RunState, StepRecord, instant

_PAUSE_S: Final = 0.05
"""Between two writes; a run that ends sooner writes its opening and its end only."""


class Keeper:
    """Writes a run's steps at most every 50 ms, and its end at once.

    A failed write in between is not an error of the run: the next one carries the same steps.
    """

    def __init__(self, store: RunStore, run: RunState) -> None:
        self._store = store
        self._timer: asyncio.TimerHandle | None = None
        self._write: asyncio.Task[None] | None = None
        self._closed = False
        self.run = run
        self.steps: Sequence[StepRecord] = ()

    def touch(self) -> None:
        """The steps have changed: they are written soon."""
        if self._timer is None and self._write is None:
            self._timer = asyncio.get_running_loop().call_later(_PAUSE_S, self._begin)

    async def close(self, last: AgentEvent, **end: Any) -> RunState:
        """The run with *end* and its *last* event, stored; nothing is written afterwards.

        Raises:
            StorageError: The end could not be stored.
        """
        if self._timer is not None:
            self._timer.cancel()
        if self._write is not None:
            await self._write
        steps = (*self.steps, recorded(last, len(self.steps) + 1))
        self.run = replace(self.run, steps=steps, updated_at=last.timestamp, **end)
        self._closed = True
        try:
            await self._store.save(self.run)
        except AgentFailureError:
            self._closed = False  # the next change is another chance to store the end
            raise
        return self.run

    def _begin(self) -> None:
        self._timer = None
        if not self._closed:
            self._write = asyncio.get_running_loop().create_task(self._save())

    async def _save(self) -> None:
        written = len(self.steps)
        try:
            await self._store.save(replace(self.run, steps=tuple(self.steps), updated_at=instant(datetime.now(UTC))))
        except AgentFailureError:
            written = len(self.steps)  # a store that is away is not asked again before the next event
        self._write = None
        if len(self.steps) > written:
            self.touch()
