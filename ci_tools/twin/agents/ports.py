"""What the agents need of the world around them; the backend connects these to real servers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ci_tools.twin.agents.runs import RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """On whose behalf something is done."""

    user_id: str
    permissions: frozenset[str] = frozenset()
    thread_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document of the corpus, as far as agents see it."""

    document_id: str
    title: str
    excerpt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a thread."""

    role: str
    content: str


class Model(Protocol):
    """The language model."""

    async def complete(self, prompt: str, task: str) -> str:
        """The model's text. Unbounded in time: the caller bounds it.

        Raises:
            ModelUnavailableError: Refused, broken off, or an answer that is none.
        """


class Gate(Protocol):
    """The circuit breaker in front of the language model; *now* is monotonic seconds."""

    def allows(self, now: float) -> bool:
        """Whether a call may be made."""

    def succeeded(self) -> None:
        """A call was answered."""

    def failed(self, now: float) -> None:
        """A call was not answered."""


class Documents(Protocol):
    """The corpus in PostgreSQL, one per user."""

    async def create(self, caller: Caller, title: str, content: str) -> Document:
        """The stored document."""

    async def search(self, caller: Caller, query: str, limit: int) -> Sequence[Document]:
        """The user's documents that match *query*, best first."""


class Threads(Protocol):
    """The conversations in PostgreSQL."""

    async def owns(self, caller: Caller) -> bool:
        """Whether the caller's thread exists and is the caller's."""

    async def append(self, caller: Caller, message: Message, metadata: Mapping[str, Any]) -> None:
        """The message stands at the end of the caller's thread."""

    async def history(self, caller: Caller, limit: int) -> Sequence[Message]:
        """The latest messages of the caller's thread, oldest first."""


class RunStore(Protocol):
    """The state of runs in Redis."""

    async def open(self, run: RunState) -> str:
        """Store *run*; the id of the run that holds its request id: its own, or an earlier one's."""

    async def save(self, run: RunState) -> None:
        """Replace the stored state of *run*."""

    async def load(self, run_id: str) -> RunState | None:
        """The stored state, if it still exists."""
