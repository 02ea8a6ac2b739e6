"""An issue tracker in memory for the models: it counts requests and mails, and knows of each issue what it is about."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil

PER_PAGE = 100
_COMMENTS_PER_PAGE = 30
"""GitHub's default, with which the models read comments."""


@dataclass(slots=True)
class Page:
    """One issue."""

    number: int
    title: str
    text: str
    labels: set[str]
    causes: set[str]
    """Why the tests failed that it has told of so far."""
    is_open: bool = True
    comments: list[str] = field(default_factory=list)


class Tracker:
    """Issues, and what it takes to read and change them. What people do is not counted."""

    def __init__(self, *, is_lagging: bool = False) -> None:
        self.pages: list[Page] = []
        self.theirs: set[int] = set()
        """Issues of people."""
        self.reads = self.writes = self.mails = 0
        self._is_lagging = is_lagging
        self._unseen: set[int] = set()
        """What the next list or search leaves out."""

    @property
    def filed(self) -> list[Page]:
        """What a tool has filed."""
        return [page for page in self.pages if page.number not in self.theirs]

    def ends_campaign(self) -> None:
        """What was filed in it is not shown by the next answer, where lists lag."""
        self._unseen = {page.number for page in self.pages} if self._is_lagging else set()
        self._is_lagging = False

    def reads_once(self) -> None:
        """Something is read that is no issue."""
        self.reads += 1

    def listed(self) -> list[Page]:
        """Every issue of the tool, open or closed, the newest first."""
        unseen = self._left_out()
        found = [page for page in reversed(self.filed) if page.number not in unseen]
        self.reads += max(1, ceil(len(found) / PER_PAGE))
        return found

    def searched(self, title: str) -> list[Page]:
        """The open issues with exactly that *title*, the newest first."""
        self.reads += 1
        unseen = self._left_out()
        return [
            page for page in reversed(self.filed) if page.is_open and page.title == title and page.number not in unseen
        ]

    def said_in(self, page: Page) -> list[str]:
        """The comments on *page*."""
        self.reads += max(1, ceil(len(page.comments) / _COMMENTS_PER_PAGE))
        return page.comments

    def create(self, title: str, text: str, causes: Iterable[str], labels: Iterable[str] = ()) -> Page:
        """A new issue; whoever watches is mailed."""
        self.writes += 1
        self.mails += 1
        self.pages.append(Page(len(self.pages) + 1, title, text, set(labels), set(causes)))
        return self.pages[-1]

    def comment(self, page: Page, text: str, causes: Iterable[str] = ()) -> None:
        """One more comment; whoever watches is mailed."""
        self.writes += 1
        self.mails += 1
        page.comments.append(text)
        page.causes.update(causes)

    def edit(self, page: Page, text: str | None = None, causes: Iterable[str] = ()) -> None:
        """Another text of the same issue: nobody is mailed."""
        self.writes += 1
        page.text = page.text if text is None else text
        page.causes.update(causes)

    def turn(self, page: Page, *, is_open: bool) -> None:
        """Close or open again; if that changes anything, whoever watches is mailed."""
        self.writes += 1
        self.mails += page.is_open != is_open
        page.is_open = is_open

    def _left_out(self) -> set[int]:
        unseen, self._unseen = self._unseen, set()
        return unseen
