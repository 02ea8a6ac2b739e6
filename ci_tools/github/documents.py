"""What GitHub answers, as far as it is used here."""

from datetime import datetime

from pydantic import BaseModel, TypeAdapter

from ci_tools.triage.operations import Issue


class UserDocument(BaseModel):
    """Who wrote something."""

    login: str


class LabelDocument(BaseModel):
    """A label; GitHub also answers with its bare name."""

    name: str | None = None


class IssueDocument(BaseModel):
    """An issue, or a pull request, which lists of issues include."""

    number: int
    title: str
    body: str | None = None
    state: str
    state_reason: str | None = None
    user: UserDocument | None = None
    labels: list[LabelDocument | str] = []
    closed_at: datetime | None = None
    pull_request: dict[str, object] | None = None

    @property
    def author(self) -> str:
        """The login of who filed it; empty if the account is gone."""
        return self.user.login if self.user else ""

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

    body: str | None = None
    user: UserDocument | None = None


ISSUE = TypeAdapter(IssueDocument)
ISSUES = TypeAdapter(list[IssueDocument])
COMMENTS = TypeAdapter(list[CommentDocument])
