"""What an incident says: values only. One cause, everything that follows from it, and who has to know."""

from dataclasses import dataclass, field
from datetime import datetime

from ci_tools.diagnosis.hypotheses import Certainty
from ci_tools.diagnosis.knowledge import Remedy
from ci_tools.model import NodeId

UNKNOWN = "unknown"
"""The cause of an incident for which nothing speaks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Something that was seen, and what it means."""

    ref: str
    says: str
    text: str
    """The exact words, shortened."""
    discriminates: bool
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuledOut:
    """A cause that looks alike: ruled out where *by* names what does it, else only less likely."""

    cause: str
    separates: str
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """A part of the system that fails because of an incident elsewhere."""

    dependency: str
    cause: str
    """What it looked like by itself; empty where nothing spoke for anything."""
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """One answer in a chain of whys."""

    question: str
    answer: str
    observed: bool
    """Else it is inferred, from the graph or from the knowledge base."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One step of a cascade: *upper* is hit because *lower* is."""

    lower: str
    upper: str
    effect: str
    """``failing``, ``masked`` or ``at risk``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Findings with one cause: one outage, however many tests it takes."""

    id: str
    """Unique in its campaign: the dependency and a number."""
    certainty: Certainty
    cause: str
    summary: str
    dependency: str
    owners: tuple[str, ...] = ()
    owned_because: str = ""
    evidence: tuple[Proof, ...] = ()
    rivals: tuple[RuledOut, ...] = ()
    consequences: tuple[Consequence, ...] = ()
    failed: tuple[NodeId, ...] = ()
    blocked: tuple[NodeId, ...] = ()
    masked: tuple[str, ...] = ()
    """Gates that cannot tell because of it."""
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    """The last time that it was seen; None: never by itself."""
    value: tuple[str, ...] = ()
    """What the business loses meanwhile."""
    remedy: tuple[Remedy, ...] = ()
    verification: str = ""
    whys: tuple[Why, ...] = field(default=())
    cascade: tuple[Link, ...] = field(default=())
