"""The issues of one repository: one list is read, and each operation is one write, carried out once."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

from pydantic import TypeAdapter, ValidationError

from ci_tools.errors import CredentialsMissingError, IssueTrackerError, UsageError
from ci_tools.github.documents import COMMENTS, ISSUE, ISSUES, IssueDocument
from ci_tools.github.requests import AmbiguousError, Patience, Repeat, Requests
from ci_tools.triage.decide import ACTIONS_BOT
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

API = "https://api.github.com"
_REPO = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_PER_PAGE = 100
_MAX_PAGES = 25
"""Comments of an issue end at 2,500, and as many issues of ours are more than can be looked through."""
_PROBED_NUMBERS = 10
_Document = TypeVar("_Document")


class GitHubIssues:
    """Reads and changes the issues of *repo* (``OWNER/NAME``) as the user *bot*."""

    def __init__(
        self, repo: str, token: str, *, bot: str = ACTIONS_BOT, base_url: str = API, patience: Patience | None = None
    ) -> None:
        if not _REPO.fullmatch(repo):
            raise UsageError(f"{repo!r} is no repository; give --repo OWNER/NAME")
        self._bot = bot
        self._patience = patience or Patience()
        self._requests = Requests(repo, token, base_url=base_url, patience=self._patience)
        self._highest = 0

    @classmethod
    def from_environ(
        cls, repo: str, environ: Mapping[str, str], *, bot: str = ACTIONS_BOT, patience: Patience | None = None
    ) -> "GitHubIssues":
        """With the token in ``GITHUB_TOKEN``, on the server that ``GITHUB_API_URL`` names.

        Raises:
            CredentialsMissingError: there is no token.
        """
        token = environ.get("GITHUB_TOKEN", "").strip()
        if not token:
            raise CredentialsMissingError(
                f"GITHUB_TOKEN is not set, and the issues of {repo!r} cannot be read without; "
                "set it to a token with the permission issues: write"
            )
        return cls(repo, token, bot=bot, base_url=environ.get("GITHUB_API_URL") or API, patience=patience)

    def __enter__(self) -> Self:
        """Open nothing yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Release the connections."""
        self._requests.close()

    def read(self) -> tuple[Issue, ...]:
        """Every issue, open or closed, with the label of campaigns; pull requests are none."""
        listed = list(self._pages(ISSUES, "/issues", {"state": "all", "labels": CAMPAIGN_LABEL}))
        self._highest = max((document.number for document in listed), default=0)
        return tuple(document.issue() for document in listed if document.pull_request is None)

    def apply(self, operations: Iterable[Operation]) -> Iterator[tuple[Operation, int]]:
        """Carry out *operations* in order; each is followed by the number of its issue.

        Raises:
            UsageError: the token is another user's than *bot*, or may not write.
            IssueTrackerError: GitHub refuses; what came before is done, and done once.
        """
        for operation in operations:
            if isinstance(operation, CreateIssue):
                yield operation, self._create(operation)
            elif isinstance(operation, AdoptIssue):
                raise IssueTrackerError(f"#{operation.number} belongs to people, and adopting is not possible yet")
            elif isinstance(operation, Comment):
                self._comment(operation)
                yield operation, operation.number
            else:
                self._requests.send("PATCH", f"/issues/{operation.number}", document=_changes(operation))
                yield operation, operation.number

    def _pages(self, kind: TypeAdapter[list[_Document]], path: str, query: Mapping[str, str]) -> Iterator[_Document]:
        for page in range(1, _MAX_PAGES + 1):
            asked = {**query, "per_page": str(_PER_PAGE), "page": str(page)}
            answer = _validated(kind, self._requests.send("GET", path, query=asked), path)
            yield from answer
            if len(answer) < _PER_PAGE:
                return
        raise IssueTrackerError(
            f"{path} has more than {_MAX_PAGES * _PER_PAGE} entries, more than can be told apart reliably; "
            f"remove the label {CAMPAIGN_LABEL!r} from old closed issues"
        )

    def _create(self, operation: CreateIssue) -> int:
        document = {"title": operation.title, "body": operation.body, "labels": list(operation.labels)}
        created = self._exactly_once("/issues", document, lambda: self._filed(operation.nonce))
        issue = _validated(ISSUE, created, "/issues")
        self._highest = max(self._highest, issue.number)
        if issue.author != self._bot:
            raise UsageError(
                f"#{issue.number} was filed by {issue.author!r}, but only issues of {self._bot!r} are recognised "
                f"again; give --bot {issue.author}"
            )
        return issue.number

    def _comment(self, operation: Comment) -> None:
        path = f"/issues/{operation.number}/comments"
        if not self._said(path, operation.nonce):
            self._exactly_once(path, {"body": operation.body}, lambda: self._said(path, operation.nonce))

    def _exactly_once(self, path: str, document: Mapping[str, Any], find: Callable[[], Any]) -> Any:
        """What a POST created, or what *find* finds of it where the answer was lost."""
        for attempt in range(self._patience.attempts):
            try:
                return self._requests.send("POST", path, document=document, repeat=Repeat.NEVER)
            except AmbiguousError as error:
                lost = error
            self._patience.sleep(float(2**attempt))
            if found := find():
                return found
        raise IssueTrackerError(
            f"{lost}; it was not carried out in {self._patience.attempts} attempts; try again later"
        )

    def _filed(self, nonce: str) -> Any:
        """The issue with *nonce*, among the newest and then by number, for lists lag behind; None: there is none."""
        newest = self._newest()
        mine = [one for one in newest if nonce in (one.body or "") and one.author == self._bot]
        last = max((one.number for one in newest), default=0)
        for number in range(last + 1, last + 1 + _PROBED_NUMBERS):
            answer = self._requests.look(f"/issues/{number}")
            if answer is None:
                break
            probed = _validated(ISSUE, answer, f"/issues/{number}")
            mine += [probed] if nonce in (probed.body or "") and probed.author == self._bot else []
        return min(mine, key=lambda one: one.number).model_dump(mode="json") if mine else None

    def _newest(self) -> list[IssueDocument]:
        query = {"state": "all", "sort": "created", "direction": "desc", "per_page": str(_PER_PAGE)}
        for attempt in range(self._patience.attempts):
            newest = _validated(ISSUES, self._requests.send("GET", "/issues", query=query), "/issues")
            if max((one.number for one in newest), default=0) >= self._highest:
                return newest
            self._patience.sleep(float(2**attempt))
        raise IssueTrackerError(
            f"GitHub lists no issue as new as #{self._highest}, which it has shown before; whether the last one was "
            "filed cannot be told, so nothing is filed again; triage the same directory again later"
        )

    def _said(self, path: str, nonce: str) -> bool:
        return any(nonce in (comment.body or "") for comment in self._pages(COMMENTS, path, {}))


def _changes(operation: UpdateIssue | ReopenIssue | CloseIssue) -> dict[str, Any]:
    changes: dict[str, Any] = {"body": operation.body}
    if isinstance(operation, CloseIssue):
        return changes | {"state": "closed", "state_reason": operation.closed_as}
    if isinstance(operation, ReopenIssue):
        changes |= {"state": "open", "state_reason": "reopened"}
    return changes if operation.labels is None else changes | {"labels": list(operation.labels)}


def _validated(kind: TypeAdapter[_Document], answer: Any, path: str) -> _Document:
    try:
        return kind.validate_python(answer)
    except ValidationError as error:
        where = error.errors(include_input=False, include_url=False)[0]
        raise IssueTrackerError(
            f"GitHub answered {path} with something unexpected ({where['loc']}: {where['msg']}); "
            "check that GITHUB_API_URL is the API of GitHub"
        ) from error
