"""Issues as they were read, and what is to be done to them: values only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

CAMPAIGN_LABEL = "e2e-campaign"
"""The label that every issue of ours carries, and by which they are listed."""
MAX_LABEL = 50


class Severity(StrEnum):
    """How urgent a failure is; the lesser text is the more urgent."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"


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
    """Replace the body; *labels* None leaves the labels alone."""

    number: int
    body: str
    labels: tuple[str, ...] | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenIssue:
    """:class:`UpdateIssue`, and open it again, in one request."""

    number: int
    body: str
    labels: tuple[str, ...] | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseIssue:
    """Replace the body and close, in one request."""

    number: int
    body: str
    closed_as: Literal["completed", "duplicate"]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """Say something to whoever follows the issue, exactly once: *nonce* stands in *body*.

    It precedes the change it speaks of: what stopped halfway is then decided again and said once.
    """

    number: int
    body: str
    nonce: str
    reason: str


Operation = CreateIssue | UpdateIssue | ReopenIssue | CloseIssue | Comment
