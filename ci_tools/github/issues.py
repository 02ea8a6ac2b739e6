"""The issues of one repository: one list is read, and each operation is one write, carried out once."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Self

from ci_tools.errors import IssueTrackerError, UsageError
from ci_tools.github.access import API, server_in, token_in
from ci_tools.github.answers import OneIssueError
from ci_tools.github.author import Author
from ci_tools.github.changes import changes
from ci_tools.github.comments import Comments
from ci_tools.github.documents import ISSUE, IssueDocument, validated
from ci_tools.github.listing import Listing
from ci_tools.github.owners import check_owners
from ci_tools.github.posting import Filing, require_labels
from ci_tools.github.requests import Patience, Requests
from ci_tools.triage.operations import (
    CAMPAIGN_LABEL,
    AdoptIssue,
    CloseIssue,
    Comment,
    CreateIssue,
    Issue,
    Operation,
    ReopenIssue,
    UpdateIssue,
)
from ci_tools.triage.surroundings import ACTIONS_BOT
from ci_tools.triage.twins import Twins, copies_closed, told_by_another

_KNOWN_DUPLICATE = re.compile(r'"duplicate_of":\s*\d|\bduplicate of #\d', re.IGNORECASE)


class GitHubIssues:
    """Reads and changes the issues of *repo* (``OWNER/NAME``) as the user *bot*."""

    def __init__(
        self, repo: str, token: str, *, bot: str = ACTIONS_BOT, base_url: str = API, patience: Patience | None = None
    ) -> None:
        self._bot = bot
        self._requests = Requests(repo, token, base_url=base_url, patience=patience or Patience())
        self._listing = Listing(self._requests)
        author = Author(self._requests, token, bot)
        self._filing = Filing(self._requests, self._listing, bot, author)
        self._comments = Comments(self._requests, self._listing, bot, author)
        self._seen: dict[int, IssueDocument] = {}
        self._unseen: dict[int, IssueDocument] = {}
        """Issues that no list showed when it was decided what to file."""
        self._twins = Twins(bot)

    @classmethod
    def from_environ(cls, repo: str, environ: Mapping[str, str], *, bot: str = ACTIONS_BOT) -> "GitHubIssues":
        """With the token in ``GITHUB_TOKEN``, on the server that ``GITHUB_API_URL`` names.

        Raises:
            CredentialsMissingError: there is no token.
        """
        token = token_in(environ, f"the issues of {repo!r} cannot be read", "issues: write")
        return cls(repo, token, bot=bot, base_url=server_in(environ))

    def __enter__(self) -> Self:
        """Open nothing yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Release the connections."""
        self._requests.close()

    @property
    def calls(self) -> Mapping[str, int]:
        """How many requests were sent so far, by verb, repetitions included."""
        return dict(sorted(self._requests.calls.items()))

    def check_owners(self) -> None:
        """Ask GitHub whether everybody named in CODEOWNERS exists; UsageError names who does not."""
        check_owners(self._requests)

    def read(
        self,
        *,
        adopted: Collection[int] = (),
        told_in: Collection[int] = (),
        marker: str = "",
    ) -> tuple[Issue, ...]:
        """Every issue, open or closed, with the label of campaigns, and those in *adopted*; pull requests are none.

        Args:
            adopted: Issues of people: each is read by its number, and with it the bot's comment that holds *marker*.
                What is gone, has moved or is a pull request is left out.
            told_in: Further issues of people that may hold such a comment; they are looked at where the list has them.
            marker: What the comment is known by.

        Raises:
            IssueTrackerError: the list contradicts what this run has read before, and keeps doing so.
        """
        listed = self._listing.ours({number for number, one in self._seen.items() if _is_labelled(one)})
        self._seen |= {one.number: one for one in listed}
        theirs = [
            one
            for number in sorted(set(adopted) - {one.number for one in listed})
            for one in self._listing.looked_at(number)
            if one.pull_request is None
        ]
        self._seen |= {one.number: one for one in theirs}
        may_tell = {*adopted, *told_in}
        self._filing.highest = max((*self._seen, self._filing.highest))
        return tuple(self._known(one, marker if one.number in may_tell else "") for one in (*listed, *theirs))

    def apply(self, operations: Iterable[Operation]) -> Iterator[tuple[Operation, int]]:
        """Carry out *operations* in order; each that is done is followed by the number of its issue.

        Raises:
            UsageError: the token is another user's than *bot*, or may not write.
            IssueTrackerError: GitHub refuses; what came before is done, and done once. What is refused for one issue
                only is told at the end, when all others are done.
        """
        problems = []
        for operation in operations:
            try:
                number = self._carry_out(operation)
            except OneIssueError as error:
                problems.append(str(error))
            else:
                yield operation, number
        if problems:
            raise IssueTrackerError(f"not done for {len(problems)} of the operations: {'; '.join(problems)}")

    def _carry_out(self, operation: Operation) -> int:
        if isinstance(operation, CreateIssue):
            return self._filed(operation)
        standing = self._listing.by_number(operation.number, self._seen.get(operation.number))
        if isinstance(operation, Comment):
            self._comments.say(standing, operation.body, operation.nonce)
        elif isinstance(operation, AdoptIssue):
            self._adopt(operation, standing)
        else:
            self._change(operation, standing)
        return operation.number

    def _filed(self, operation: CreateIssue) -> int:
        """The number of the issue that tells it: another run, or one that no list showed yet, may have been first."""
        self._require_no_other_app(operation)
        filed = self._filing.file(operation)
        self._unseen |= {one.number: one for one in self._listing.unseen(filed.number)}
        copies = {one.number: one.issue() for one in self._filing.copies}
        self._seen |= {**self._unseen, **{one.number: one for one in self._filing.copies}, filed.number: filed}
        closing = self._twins.needless(filed.issue(), [one.issue() for one in self._unseen.values()])
        number = closing.duplicate_of if closing and closing.duplicate_of else filed.number
        for one in (*([closing] if closing else []), *copies_closed(copies.values(), number)):
            self._change(one, self._seen[one.number])
        if number == filed.number:
            require_labels(filed, operation.labels)
        else:
            self._label(self._seen[number], operation.labels)
        return number

    def _require_no_other_app(self, operation: CreateIssue) -> None:
        other = told_by_another(operation.body, (one.issue() for one in self._seen.values()), self._bot)
        if other is not None:
            raise UsageError(
                f"nothing is filed: #{other.number} tells of it and was filed by {other.author!r}, but only what "
                f"{self._bot!r} wrote is recognised again; give --bot {other.author} with that app's token, or close "
                f"#{other.number} as not planned"
            )

    def _label(self, issue: IssueDocument, labels: Collection[str]) -> None:
        """Labels that GitHub dropped when it was filed are set, if the token may do that by now."""
        if not _is_labelled(issue):
            standing = issue.issue().labels
            more = [label for label in labels if label not in standing]
            self._patch(issue.number, {"labels": [*standing, *more]})

    def _change(self, operation: UpdateIssue | ReopenIssue | CloseIssue, standing: IssueDocument) -> None:
        then = self._seen.get(operation.number)
        changed = changes(operation, standing.issue(), then.issue() if then else None)
        winner = self._seen.get(operation.duplicate_of or 0) if isinstance(operation, CloseIssue) else None
        if winner is not None and changed.get("state_reason") == "duplicate":
            changed["duplicate_issue_id"] = winner.id
        self._patch(operation.number, changed)

    def _adopt(self, operation: AdoptIssue, standing: IssueDocument) -> None:
        labels = standing.issue().labels
        added = [label for label in operation.add_labels if label not in labels]
        self._comments.keep(standing, operation.body, operation.marker)
        self._patch(operation.number, {"labels": [*labels, *added]} if added else {})

    def _patch(self, number: int, changed: Mapping[str, object]) -> None:
        if not changed:
            return
        path = f"/issues/{number}"
        now = validated(ISSUE, self._requests.send("PATCH", path, document=changed).document, path)
        asked = changed.get("labels", ())
        require_labels(now, tuple(asked) if isinstance(asked, list) else ())
        self._seen[number] = now

    def _known(self, document: IssueDocument, marker: str) -> Issue:
        """The issue, with what is said in it as far as that matters."""
        issue = document.issue()
        if marker:
            kept = self._comments.find(document, marker)
            issue = replace(issue, comment=(kept.body or "") if kept else "")
        if issue.closed_as == "duplicate" and not _KNOWN_DUPLICATE.search(issue.body):
            issue = replace(issue, duplicate_of=self._comments.pointed_at(document))
        return issue


def _is_labelled(document: IssueDocument) -> bool:
    return CAMPAIGN_LABEL in document.issue().labels
