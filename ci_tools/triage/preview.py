"""The plan of a triage, for people to read before it is applied."""

from collections.abc import Iterator, Sequence

from ci_tools.report.inert import details, line, markdown
from ci_tools.triage.operations import (
    AdoptIssue,
    CloseIssue,
    Comment,
    CreateIssue,
    Operation,
    ReopenIssue,
    UpdateIssue,
)

_MAX_WIDTH = 2_000
_NOTHING = "nothing to do: nothing certain was seen that is not told already"
_VERBS = {
    UpdateIssue: "update",
    ReopenIssue: "reopen",
    CloseIssue: "close",
    Comment: "comment on",
    AdoptIssue: "keep our comment in",
}


def headline(operation: Operation) -> str:
    """What is to be done and why, in one line."""
    if isinstance(operation, CreateIssue):
        return line(f"create {operation.title!r}: {operation.reason}", _MAX_WIDTH)
    if isinstance(operation, CloseIssue) and operation.duplicate_of is not None:
        return line(f"merge #{operation.number} into #{operation.duplicate_of}: {operation.reason}", _MAX_WIDTH)
    return line(f"{_VERBS[type(operation)]} #{operation.number}: {operation.reason}", _MAX_WIDTH)


def page(operations: Sequence[Operation], *, is_applied: bool) -> str:
    """The plan as Markdown, each operation in a line; word for word it is folded, as code."""
    title = "## What the issues are told" if is_applied else "## What the issues would be told"
    rows = [f"{number}. {markdown(headline(one), _MAX_WIDTH)}" for number, one in enumerate(operations, 1)]
    said = "\n".join(rows) or markdown(_NOTHING)
    whole = "\n".join(f"    {row}" for row in preview(operations))
    return "\n\n".join([title, said, *([details("word for word", whole)] if operations else [])]) + "\n"


def preview(operations: Sequence[Operation]) -> Iterator[str]:
    """Lines that no terminal or workflow runner obeys: each operation, its labels, then its body as it would stand."""
    if not operations:
        yield _NOTHING
    for number, operation in enumerate(operations, 1):
        yield f"{number}. {headline(operation)}"
        yield from _facts(operation)
        yield from (_quoted(row) for row in operation.body.splitlines())
        yield ""


def _facts(operation: Operation) -> Iterator[str]:
    """What changes beside the text."""
    title = operation.title if isinstance(operation, UpdateIssue | ReopenIssue) else None
    labels = operation.add_labels if isinstance(operation, AdoptIssue) else getattr(operation, "labels", None)
    if title:
        yield f"   title: {line(title)}"
    if labels:
        yield f"   labels: {line(', '.join(labels))}"


def _quoted(row: str) -> str:
    indent = row[: len(row) - len(row.lstrip(" "))]
    return f"   | {indent}{line(row, _MAX_WIDTH)}".rstrip()
