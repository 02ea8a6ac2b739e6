"""Comments of our own: said once, or kept up to date; those of others are read past."""

import re

from ci_tools.github.answers import OneIssueError
from ci_tools.github.author import Author
from ci_tools.github.changes import fitting
from ci_tools.github.documents import COMMENT, COMMENTS, CommentDocument, IssueDocument
from ci_tools.github.listing import Listing
from ci_tools.github.posting import once
from ci_tools.github.requests import Requests

_MAX_COMMENTS = 2_500
_DUPLICATE = re.compile(r"\bduplicate of #(\d{1,9})\b", re.IGNORECASE)
"""How people mark a duplicate, as GitHub's documentation has it; its API does not tell of which issue it is one."""


class Comments:
    """What *author*, who is *bot*, says in issues."""

    def __init__(self, requests: Requests, listing: Listing, bot: str, author: Author) -> None:
        self._requests = requests
        self._listing = listing
        self._bot = bot
        self._author = author

    def find(self, issue: IssueDocument, nonce: str) -> CommentDocument | None:
        """The first comment of *bot* that holds *nonce*; nothing is asked where there are no comments."""
        return self._first(issue.number, nonce) if issue.comments else None

    def pointed_at(self, issue: IssueDocument) -> int | None:
        """The issue that the last mark in the comments says *issue* is a duplicate of; None without."""
        said = self._listing.pages(COMMENTS, f"/issues/{issue.number}/comments", {}) if issue.comments else ()
        marks = [found[1] for one in said for found in _DUPLICATE.finditer(one.body or "")]
        return int(marks[-1]) if marks else None

    def say(self, issue: IssueDocument, body: str, nonce: str) -> None:
        """*body* stands in *issue*, once: *nonce* is in it."""
        if self.find(issue, nonce) is None:
            self._post(issue, body, nonce)

    def keep(self, issue: IssueDocument, body: str, nonce: str) -> None:
        """The one comment with *nonce* says *body*, in as many writes as that needs: one or none."""
        found = self.find(issue, nonce)
        if found is None:
            self._post(issue, body, nonce)
        elif found.body != body:
            document = {"body": fitting(body, f"the comment in #{issue.number}")}
            self._requests.send("PATCH", f"/issues/comments/{found.id}", document=document)

    def _post(self, issue: IssueDocument, body: str, nonce: str) -> None:
        if issue.comments >= _MAX_COMMENTS:
            raise OneIssueError(
                f"#{issue.number} has {_MAX_COMMENTS} comments, and GitHub takes no more; close it, and the next "
                "failure is filed anew"
            )
        self._author.require_bot()
        document = {"body": fitting(body, f"the comment in #{issue.number}")}
        path = f"/issues/{issue.number}/comments"
        said = once(self._requests, path, document, COMMENT, lambda: self._first(issue.number, nonce))
        if said.author != self._bot:  # no run would find it, and each would say it again
            self._withdraw(said)
        self._author.require(said.author, f"a comment in #{issue.number} was withdrawn, for it was written by")
        first = self._first(issue.number, nonce)
        if first is not None and first.id != said.id:  # a run that races has said it meanwhile
            self._withdraw(said)

    def _withdraw(self, said: CommentDocument) -> None:
        self._requests.send("DELETE", f"/issues/comments/{said.id}")

    def _first(self, number: int, nonce: str) -> CommentDocument | None:
        said = self._listing.pages(COMMENTS, f"/issues/{number}/comments", {})
        return next((one for one in said if one.is_ours(self._bot, nonce)), None)
