"""What GitHub answers, as far as it is used here."""

from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from ci_tools.errors import IssueTrackerError
from ci_tools.report.inert import line
from ci_tools.triage.operations import Issue

_Document = TypeVar("_Document")


class UserDocument(BaseModel):
    """Who wrote something."""

    login: str


class LabelDocument(BaseModel):
    """A label; GitHub also answers with its bare name."""

    name: str | None = None


class IssueDocument(BaseModel):
    """An issue, or a pull request, which lists of issues include."""

    id: int
    number: int
    title: str
    body: str | None = None
    state: str
    state_reason: str | None = None
    user: UserDocument | None = None
    labels: list[LabelDocument | str] = []
    comments: int = 0
    closed_at: datetime | None = None
    updated_at: datetime | None = None
    pull_request: dict[str, object] | None = None
    repository_url: str

    @property
    def author(self) -> str:
        """The login of who filed it; empty if the account is gone."""
        return self.user.login if self.user else ""

    @property
    def repo(self) -> str:
        """``OWNER/NAME`` of where it is: PyGithub follows an issue, or a repository, that has moved."""
        return line("/".join(self.repository_url.rsplit("/", 2)[-2:]))

    def is_in(self, repo: str) -> bool:
        """Whether it is an issue of *repo*; GitHub does not tell capitals from small letters."""
        return self.repo.casefold() == repo.casefold()

    def issue(self) -> Issue:
        """The same as a value."""
        names = [label if isinstance(label, str) else label.name for label in self.labels]
        return Issue(
            number=self.number,
            title=self.title,
            body=self.body or "",
            author=self.author,
            labels=tuple(name for name in names if name),
            is_open=self.state == "open",
            closed_as=(self.state_reason or "completed") if self.state == "closed" else "",
            closed_at=self.closed_at,
        )


class CommentDocument(BaseModel):
    """A comment on an issue."""

    id: int
    body: str | None = None
    user: UserDocument | None = None

    @property
    def author(self) -> str:
        """The login of who wrote it; empty if the account is gone."""
        return self.user.login if self.user else ""

    def is_ours(self, bot: str, nonce: str) -> bool:
        """Whether *bot* wrote it, and with *nonce*: what others quote is not ours."""
        return self.author == bot and nonce in (self.body or "")


class FoundDocument(BaseModel):
    """What a search has found."""

    total_count: int


class OwnersErrorDocument(BaseModel):
    """What is wrong with a line of CODEOWNERS."""

    line: int
    kind: str
    message: str = ""
    source: str | None = None
    path: str = "CODEOWNERS"


class OwnersErrorsDocument(BaseModel):
    """What is wrong with CODEOWNERS."""

    errors: list[OwnersErrorDocument]


class RunDocument(BaseModel):
    """The run that has kept an artifact."""

    id: int | None = None
    repository_id: int | None = None
    head_repository_id: int | None = None
    head_branch: str | None = None


class ArtifactDocument(BaseModel):
    """What a run has kept."""

    id: int
    name: str
    expired: bool
    workflow_run: RunDocument | None = None

    @property
    def run(self) -> int:
        """The number of its run; 0 where nobody says."""
        return (self.workflow_run and self.workflow_run.id) or 0

    def is_of(self, branch: str) -> bool:
        """Whether it can still be had, and is of a run of *branch* of the repository itself, not of a fork."""
        run = self.workflow_run
        if self.expired or run is None or run.id is None or run.repository_id is None:
            return False
        return run.head_repository_id == run.repository_id and run.head_branch == branch


class ArtifactsDocument(BaseModel):
    """A page of them."""

    artifacts: list[ArtifactDocument]


ARTIFACTS = TypeAdapter(ArtifactsDocument)
USER = TypeAdapter(UserDocument)
ISSUE = TypeAdapter(IssueDocument)
ISSUES = TypeAdapter(list[IssueDocument])
COMMENT = TypeAdapter(CommentDocument)
COMMENTS = TypeAdapter(list[CommentDocument])
FOUND = TypeAdapter(FoundDocument)
OWNERS_ERRORS = TypeAdapter(OwnersErrorsDocument)


def validated(kind: TypeAdapter[_Document], answer: Any, path: str) -> _Document:
    """*answer*, if it is of that *kind*.

    Raises:
        IssueTrackerError: it is not.
    """
    try:
        return kind.validate_python(answer)
    except ValidationError as error:
        where = error.errors(include_input=False, include_url=False)[0]
        raise IssueTrackerError(
            f"GitHub answered {path} with something unexpected ({where['loc']}: {where['msg']}); "
            "check that GITHUB_API_URL is the API of GitHub"
        ) from error
