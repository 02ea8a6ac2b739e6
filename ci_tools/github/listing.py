"""Issues as GitHub lists them, and how far that is believed: lists lag behind and have been empty for no reason."""

from collections.abc import Collection, Iterator, Mapping
from typing import TypeVar

from pydantic import TypeAdapter

from ci_tools.errors import IssueTrackerError, UsageError
from ci_tools.github.answers import AGAIN, AbsentError, OneIssueError
from ci_tools.github.documents import FOUND, ISSUE, ISSUES, IssueDocument, validated
from ci_tools.github.requests import Requests
from ci_tools.triage.operations import CAMPAIGN_LABEL

PROBED_NUMBERS = 10
"""What no list shows yet is read by its number, at most so many at once: lists lag behind by seconds."""
_PER_PAGE = 100
_MAX_PAGES = 25
"""Comments of an issue end at 2,500, and as many issues of ours are more than can be looked through."""
_Document = TypeVar("_Document")


class Listing:
    """What *requests* reads of the repository's issues."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests
        self._accounted: set[int] = set()
        """Numbers of which it is known what they are."""

    def ours(self, known: Collection[int]) -> list[IssueDocument]:
        """Every issue, open or closed, with the label of campaigns; pull requests are none.

        Raises:
            IssueTrackerError: the list contradicts the numbers in *known*, or what a search finds, and keeps doing so.
        """
        missing: set[int] = set()
        for _ in self._requests.patience.looks():
            listed = self._labelled()
            missing = {number for number in set(known) - {one.number for one in listed} if self._is_ours(number)}
            self._accounted |= {one.number for one in listed}
            if not missing and (listed or not self._found()):
                return [one for one in listed if one.pull_request is None]
        contradiction = f"#{min(missing)} is one of them" if missing else "a search finds some"
        raise IssueTrackerError(
            f"GitHub lists {len(listed)} issues with the label {CAMPAIGN_LABEL!r}, but {contradiction} that it does "
            f"not list; nothing is filed on a list that is wrong; {AGAIN}"
        )

    def newest(self, at_least: int) -> list[IssueDocument]:
        """The latest issues, *at_least* being a number that was seen before.

        Raises:
            IssueTrackerError: the list ends before it, and keeps doing so.
        """
        for _ in self._requests.patience.looks():
            newest = self._latest()
            if max((one.number for one in newest), default=0) >= at_least:
                return newest
        raise IssueTrackerError(
            f"GitHub lists no issue as new as #{at_least}, which it has shown before; whether the last one was "
            f"filed cannot be told, so nothing is filed again; {AGAIN}"
        )

    def unseen(self, before: int) -> list[IssueDocument]:
        """The issues with the last hundred numbers below *before*, which was just given, that were not listed yet.

        Nothing is asked where all these numbers are accounted for. What no list shows yet is read by its number, the
        latest :data:`PROBED_NUMBERS` of them.
        """
        gap = set(range(max(1, before - _PER_PAGE), before)) - self._accounted
        self._accounted.add(before)
        if not gap:
            return []
        shown = {one.number: one for one in self._latest() if one.number in gap}
        hidden = sorted(gap - shown.keys(), reverse=True)[:PROBED_NUMBERS]
        probed = [one for number in hidden for one in self.looked_at(number)]
        self._accounted |= gap
        return [one for one in (*shown.values(), *probed) if one.pull_request is None]

    def looked_at(self, number: int) -> Iterator[IssueDocument]:
        """The issue with that *number*, unless it is gone or has moved."""
        try:
            yield self.by_number(number)
        except OneIssueError:
            return

    def by_number(self, number: int, then: IssueDocument | None = None) -> IssueDocument:
        """The issue as it stands now, which is *then* if nothing has changed; reading by number does not lag behind.

        Raises:
            AbsentError: there is none.
            OneIssueError: it has moved to another repository.
        """
        path = f"/issues/{number}"
        reply = self._requests.send("GET", path, changed_since=then.updated_at if then else None)
        found = then if then and reply.is_unchanged else validated(ISSUE, reply.document, path)
        if not found.is_in(self._requests.repo):
            raise OneIssueError(
                f"#{number} has moved to {found.repo}#{found.number} and is left alone there; "
                "what fails again is filed here anew"
            )
        return found

    def pages(self, kind: TypeAdapter[list[_Document]], path: str, query: Mapping[str, str]) -> Iterator[_Document]:
        """What *path* lists, over all its pages.

        Raises:
            IssueTrackerError: there are more than can be read.
        """
        for page in range(1, _MAX_PAGES + 1):
            asked = {**query, "per_page": str(_PER_PAGE), "page": str(page)}
            reply = self._requests.send("GET", path, query=asked)
            yield from validated(kind, reply.document, path)
            if not reply.has_next_page:
                return
        raise IssueTrackerError(
            f"{path} has more than {_MAX_PAGES * _PER_PAGE} entries, more than can be told apart reliably; "
            f"remove the label {CAMPAIGN_LABEL!r} from old closed issues"
        )

    def _latest(self) -> list[IssueDocument]:
        query = {"state": "all", "sort": "created", "direction": "desc", "per_page": str(_PER_PAGE)}
        return validated(ISSUES, self._requests.send("GET", "/issues", query=query).document, "/issues")

    def _labelled(self) -> list[IssueDocument]:
        """In the order of filing: what is filed meanwhile moves nothing from one page to another."""
        query = {"state": "all", "labels": CAMPAIGN_LABEL, "sort": "created", "direction": "asc"}
        listed = list(self.pages(ISSUES, "/issues", query))
        for one in listed:
            if not one.is_in(self._requests.repo):
                raise UsageError(f"{self._requests.repo!r} is {one.repo!r} now; give --repo {one.repo}")
        return listed

    def _is_ours(self, number: int) -> bool:
        try:
            return CAMPAIGN_LABEL in self.by_number(number).issue().labels
        except (AbsentError, OneIssueError):
            return False

    def _found(self) -> int:
        """How many issues with our label a search finds, which has an index of its own."""
        query = {"q": f'repo:{self._requests.repo} is:issue label:"{CAMPAIGN_LABEL}"', "per_page": "1"}
        return validated(
            FOUND, self._requests.send("GET", "/search/issues", query=query).document, "/search"
        ).total_count
