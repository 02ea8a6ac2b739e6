"""What is created is created once: a POST is sent once, and looked for before it is sent again."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import TypeAdapter

from ci_tools.errors import IssueTrackerError, UsageError
from ci_tools.github.answers import AGAIN, AbsentError, AmbiguousError, OneIssueError
from ci_tools.github.author import Author
from ci_tools.github.changes import MAX_TITLE, fitting
from ci_tools.github.documents import ISSUE, IssueDocument, validated
from ci_tools.github.listing import PROBED_NUMBERS, Listing
from ci_tools.github.requests import Repeat, Requests
from ci_tools.triage.operations import CreateIssue

_Document = TypeVar("_Document")


def once(
    requests: Requests,
    path: str,
    document: Mapping[str, Any],
    kind: TypeAdapter[_Document],
    find: Callable[[], _Document | None],
) -> _Document:
    """What a POST created, or what *find* finds of it where an answer was lost.

    Raises:
        IssueTrackerError: GitHub keeps failing, and nothing was created.
    """
    for attempt in range(requests.patience.attempts):
        try:
            reply = requests.send("POST", path, document=document, repeat=Repeat.NEVER)
        except AmbiguousError as error:
            lost = error
        else:
            created = validated(kind, reply.document, path)
            return (find() or created) if attempt else created
        requests.patience.sleep(float(2**attempt))
        if found := find():
            return found
    raise IssueTrackerError(f"{lost}; it was not carried out in {requests.patience.attempts} attempts; {AGAIN}")


class Filing:
    """Files issues as *author*, who is *bot*; *highest* is the highest number that was ever seen."""

    def __init__(self, requests: Requests, listing: Listing, bot: str, author: Author) -> None:
        self._requests = requests
        self._listing = listing
        self._bot = bot
        self._author = author
        self.highest = 0
        self.copies: list[IssueDocument] = []
        """What holds the nonce of the last operation as well: another run has filed it, or an answer was lost."""

    def file(self, operation: CreateIssue) -> IssueDocument:
        """The issue that *operation* asks for; of several with its nonce, the one with the lowest number.

        Raises:
            UsageError: the token is another user's than *bot*.
        """
        self._author.require_bot()
        self.copies = []
        document = {
            "title": operation.title[:MAX_TITLE],
            "body": fitting(operation.body, f"the body of {operation.title[:MAX_TITLE]!r}"),
            "labels": list(operation.labels),
        }
        issue = once(self._requests, "/issues", document, ISSUE, lambda: self._filed(operation.nonce))
        self.highest = max(self.highest, issue.number)
        self._author.require(issue.author, f"#{issue.number} was filed, and stays open, by")
        return issue

    def _filed(self, nonce: str) -> IssueDocument | None:
        """The issue with *nonce*, among the newest and then by number, for lists lag behind; None: there is none."""
        newest = self._listing.newest(self.highest)
        last = max((one.number for one in newest), default=0)
        mine = [one for one in (*newest, *self._beyond(last)) if self._is_mine(one, nonce)]
        found = sorted(mine, key=lambda one: (one.state != "open", one.number))
        self.copies = found[1:]
        return found[0] if found else None

    def _beyond(self, last: int) -> list[IssueDocument]:
        found = []
        for number in range(last + 1, last + 1 + PROBED_NUMBERS):
            try:
                found.append(self._listing.by_number(number))
            except AbsentError as error:
                if not error.was_deleted:
                    break
            except OneIssueError:
                continue
        return found

    def _is_mine(self, issue: IssueDocument, nonce: str) -> bool:
        return nonce in (issue.body or "") and issue.author == self._bot


def require_labels(issue: IssueDocument, asked: tuple[str, ...]) -> None:
    """Do nothing if *issue* has the labels that were *asked* for.

    Raises:
        UsageError: GitHub has dropped some, which it does in silence without the permission to push.
    """
    has = {label.casefold() for label in issue.issue().labels}
    dropped = [label for label in asked if label.casefold() not in has]
    if dropped:
        raise UsageError(
            f"GitHub dropped the labels {', '.join(map(repr, dropped))} of #{issue.number}, and without them it is not "
            "recognised again; set them by hand, and give a token that may push (issues: write)"
        )
