"""What one write changes in an issue, seen as it stands just before: what people did meanwhile is kept."""

from typing import Any

from ci_tools.github.answers import OneIssueError
from ci_tools.report.wording import counted
from ci_tools.triage.fitting import MAX_BODY_BYTES, size_bytes
from ci_tools.triage.operations import CloseIssue, Issue, ReopenIssue, UpdateIssue
from ci_tools.triage.state import BEGIN, END

MAX_TITLE = 256
_DECISIONS = ("not_planned", "duplicate")


def changes(operation: UpdateIssue | ReopenIssue | CloseIssue, now: Issue, then: Issue | None) -> dict[str, Any]:
    """What is to be sent of *operation*, which was planned when the issue stood as *then* (None: not known).

    Raises:
        OneIssueError: people have decided otherwise meanwhile, or there is no room for it.
    """
    labels = None if isinstance(operation, CloseIssue) else operation.labels
    title = None if isinstance(operation, CloseIssue) else operation.title
    wanted: dict[str, Any] = {"body": fitting(spliced(now.body, operation), f"the body of #{now.number}")}
    if title is not None:
        wanted["title"] = title[:MAX_TITLE]
    if labels is not None:
        wanted["labels"] = list(_merged(labels, now, then))
    standing = {"body": now.body, "title": now.title, "labels": list(now.labels)}
    return {name: value for name, value in wanted.items() if value != standing[name]} | _turned(operation, now, then)


def spliced(body: str, operation: UpdateIssue | ReopenIssue | CloseIssue) -> str:
    """*body* with our section as *operation* has it, and nothing else changed; appended where it is gone."""
    ours = operation.section or _section_in(operation.body)
    start = body.rfind(BEGIN)
    end = body.find(END, start)
    return f"{body}\n\n{ours}" if start < 0 or end < 0 else body[:start] + ours + body[end + len(END) :]


def fitting(text: str, what: str) -> str:
    """*text*, if GitHub certainly takes it.

    Raises:
        OneIssueError: it is too long.
    """
    size = size_bytes(text)
    if size > MAX_BODY_BYTES:
        raise OneIssueError(
            f"{what} would be {counted(size, 'byte')} long, at most {MAX_BODY_BYTES} are written; "
            "shorten what people wrote"
        )
    return text


def _section_in(body: str) -> str:
    start = body.rfind(BEGIN)
    end = body.find(END, start)
    if start < 0 or end < 0:
        raise OneIssueError(
            f"a planned body has no section between {BEGIN!r} and {END!r}; this is a defect of ci-tools"
        )
    return body[start : end + len(END)]


def _merged(labels: tuple[str, ...], now: Issue, then: Issue | None) -> tuple[str, ...]:
    """*labels*, and what people have added or taken away since they were planned."""
    if then is None:
        return labels
    kept = [label for label in labels if label in now.labels or label not in then.labels]
    return (*kept, *(label for label in now.labels if label not in then.labels and label not in kept))


def _turned(operation: UpdateIssue | ReopenIssue | CloseIssue, now: Issue, then: Issue | None) -> dict[str, Any]:
    if isinstance(operation, CloseIssue) and now.is_open:
        return {"state": "closed", "state_reason": operation.closed_as}
    if isinstance(operation, ReopenIssue) and not now.is_open:
        if then is not None and then.closed_as != now.closed_as and now.closed_as in _DECISIONS:
            raise OneIssueError(
                f"#{now.number} was closed as {now.closed_as} meanwhile, and is not opened again; if that is not what "
                "was meant, open it by hand"
            )
        return {"state": "open", "state_reason": "reopened"}
    return {}
