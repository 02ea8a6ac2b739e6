"""Issues as they were read, and what is to be done to them: values only."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

CAMPAIGN_LABEL = "e2e-campaign"
"""The label that every issue of ours carries, and by which they are listed."""
MAX_LABEL = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One issue, as the tracker shows it."""

    number: int
    title: str
    body: str
    author: str
    labels: tuple[str, ...]
    is_open: bool
    closed_as: str = ""
    """``completed``, ``not_planned`` or ``duplicate``; empty while open."""
    closed_at: datetime | None = None
    duplicate_of: int | None = None
    """The issue that people marked it as a duplicate of."""
    comment: str = ""
    """The one comment that the bot keeps up to date here; empty where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateIssue:
    """File a new issue, exactly once: *nonce* stands in *body* and in no other issue."""

    title: str
    body: str
    labels: tuple[str, ...]
    nonce: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateIssue:
    """Replace our section of the body; *labels* or *title* None leaves them alone.

    *body* is the whole body as it was read, with *section* in it: whoever reads the issue again just before
    writing puts *section* between our marks there.
    """

    number: int
    body: str
    labels: tuple[str, ...] | None
    reason: str
    section: str = ""
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenIssue:
    """:class:`UpdateIssue`, and open it again, in one request."""

    number: int
    body: str
    labels: tuple[str, ...] | None
    reason: str
    section: str = ""
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseIssue:
    """Replace our section of the body and close, in one request."""

    number: int
    body: str
    closed_as: Literal["completed", "duplicate"]
    reason: str
    section: str = ""
    duplicate_of: int | None = None
    """The issue that it is merged into."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """Say something to whoever follows the issue, exactly once: *nonce* stands in *body*.

    It precedes the change it speaks of: what stopped halfway is then decided again and said once.
    """

    number: int
    body: str
    nonce: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptIssue:
    """Keep one comment of ours up to date in an issue that belongs to people: body, title and state stay theirs.

    The bot's comment that holds *marker* says *body*; it is created where there is none. *add_labels* are added to
    those that the issue has.
    """

    number: int
    body: str
    marker: str
    add_labels: tuple[str, ...]
    reason: str


Operation = CreateIssue | UpdateIssue | ReopenIssue | CloseIssue | Comment | AdoptIssue
