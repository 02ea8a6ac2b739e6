"""What GitHub really does to those who talk to it, to be switched on one by one."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

ACTIONS_BOT = "github-actions[bot]"
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


@dataclass(frozen=True)
class Fault:
    """What happens to the next request with *verb*."""

    verb: str
    status: int | None
    """0: no answer at all; None: the answer is as always."""
    message: str = "Server Error"
    headers: Mapping[str, str] = field(default_factory=dict)
    is_committed: bool = False
    """The request is carried out before it fails."""
    delay_s: float = 0.0
    """The answer comes that late."""
    is_garbled: bool = False
    """Only half of the answer's JSON comes."""


@dataclass
class Interruption:
    """Something happens in the middle of one of the next requests: whoever has sent it waits meanwhile."""

    call: int
    """Which one of the next requests: 1 is the very next."""
    happens: Callable[[], None]
    is_after: bool = False
    """Once the request is carried out and before it is answered; else before it is carried out."""


@dataclass
class Switches:
    """All is well unless something is switched."""

    faults: deque[Fault] = field(default_factory=deque)
    """The next one happens as soon as a request has its verb."""
    fault_at: dict[str, Fault] = field(default_factory=dict)
    """By verb and path; each happens once."""
    interruption: Interruption | None = None
    is_cut: bool = False
    """Nothing gets through: each connection ends without an answer, and nothing is carried out."""
    empty_lists: int = 0
    """As many of the next lists of issues are empty, as they have been seen to be."""
    list_lag: int = 0
    """As many lists do not show yet what is filed from now on; reading by number does."""
    search_lag: int = 0
    """As many searches do not find yet what is filed from now on."""
    hidden_from_lists: set[int] = field(default_factory=set)
    """Issues that no list shows."""
    former_name: str = ""
    """The repository's before it was renamed: who asks for that one is sent to this one."""
    login: str = ACTIONS_BOT
    """Whose token it is."""
    may_write: bool = True
    may_push: bool = True
    """Without, labels are dropped in silence, and what is locked or of others cannot be changed."""
    remaining: int = 1000
    """Requests that are left of this hour's."""
    reset: int = 2_000_000_000
    """When the next hour begins, in seconds since 1970."""
    between_writes_s: float = 0.0
    """Writes that follow each other faster are refused by the secondary limit."""

    def interrupted(self) -> Interruption | None:
        """What happens during this request, if that is now."""
        if self.interruption is None:
            return None
        self.interruption.call -= 1
        if self.interruption.call > 0:
            return None
        due, self.interruption = self.interruption, None
        return due

    def fault_for(self, verb: str, path: str) -> Fault | None:
        """What happens to this request, if anything does; it does not happen again."""
        if f"{verb} {path}" in self.fault_at:
            return self.fault_at.pop(f"{verb} {path}")
        return self.faults.popleft() if self.faults and self.faults[0].verb == verb else None


@dataclass
class Lag:
    """What is not shown yet: how many more answers leave each issue out."""

    left: dict[int, int] = field(default_factory=dict)

    def hide(self, number: int, answers: int) -> None:
        """As many *answers* leave *number* out."""
        if answers:
            self.left[number] = answers

    def hidden(self) -> set[int]:
        """What this answer leaves out."""
        now = set(self.left)
        self.left = {number: answers - 1 for number, answers in self.left.items() if answers > 1}
        return now
