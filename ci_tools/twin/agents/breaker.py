"""A circuit breaker in front of the language model."""

import time
from collections.abc import Callable
from enum import StrEnum
from typing import Final

_THRESHOLD: Final = 5


class CircuitState(StrEnum):
    """Whether calls go through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """Open after five failures in a row; after *cool_down_s* one call is let through as a trial."""

    def __init__(self, *, cool_down_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._cool_down_s = cool_down_s
        self._clock = clock
        self._failures = 0
        self._last_failure = ""
        self._opened_at: float | None = None
        self._on_trial = False

    @property
    def state(self) -> CircuitState:
        """The state now."""
        if self._opened_at is None:
            return CircuitState.CLOSED
        cooled = self._clock() - self._opened_at >= self._cool_down_s
        return CircuitState.HALF_OPEN if cooled else CircuitState.OPEN

    @property
    def last_failure(self) -> str:
        """The text of the latest failure."""
        return self._last_failure

    def admit(self) -> bool:
        """Whether a call may be made now; of a half-open circuit only one at a time."""
        if self.state is CircuitState.CLOSED:
            return True
        if self.state is CircuitState.OPEN or self._on_trial:
            return False
        self._on_trial = True
        return True

    def succeeded(self) -> None:
        """The call was answered: the circuit is closed."""
        self._failures = 0
        self._opened_at = None
        self._on_trial = False

    def failed(self, why: str) -> None:
        """The call was not answered."""
        self._failures += 1
        self._last_failure = why
        if self._on_trial or self._failures >= _THRESHOLD:
            self._opened_at = self._clock()
        self._on_trial = False

    def abandoned(self) -> None:
        """The caller gave up: nothing is known of the model."""
        self._on_trial = False
