"""A clock that moves only when somebody waits by it."""

from dataclasses import dataclass


@dataclass
class Clock:
    """It begins at *now_s* and is at once where it is told to wait for."""

    now_s: float = 1_000.0

    def read(self) -> float:
        """The time."""
        return self.now_s

    def sleep(self, seconds: float) -> None:
        """*seconds* have passed."""
        self.now_s += seconds
