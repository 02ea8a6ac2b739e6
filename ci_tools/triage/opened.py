"""An issue that a person opened: what its words speak for, said in one comment at most, and nothing where nobody knows.

Its text is data: none of it is said again, and what is said comes from the knowledge base and from our own issues.
"""

from collections.abc import Iterable, Sequence

from ci_tools.diagnosis.failures import Failure
from ci_tools.diagnosis.knowledge import Cause, Knowledge, Role
from ci_tools.diagnosis.naming import Naming
from ci_tools.diagnosis.owners import owner_of
from ci_tools.diagnosis.reading import Confidence, Reader, Reading
from ci_tools.report.inert import markdown
from ci_tools.triage.inertness import command, plain
from ci_tools.triage.operations import MAX_LABEL, AdoptIssue, Issue
from ci_tools.triage.ownership import told
from ci_tools.triage.state import State, parts_in
from ci_tools.triage.surroundings import Surroundings

MARKER = "<!-- ci-tools:opened -->"
"""Stands in the one comment on an issue that a person opened."""
_READ = 40_000
"""Characters of a text that are read: what tells a cause stands at its beginning or its end."""
_AREA = "area: "


def decide_opened(
    issue: Issue, issues: Iterable[Issue], knowledge: Knowledge, around: Surroundings
) -> tuple[AdoptIssue, ...]:
    """What is said to *issue*; *issues* are those among which its incident may be told already.

    Nothing is said where the issue is ours or closed, was answered before, or its words do not tell a cause.
    """
    if not issue.is_open or issue.author == around.bot or MARKER in issue.comment or parts_in(issue.comment):
        return ()
    reading = _read(issue, knowledge)
    if reading.cause.role is not Role.CAUSE or reading.confidence is Confidence.LOW:
        return ()
    dependency = _dependency(issue, reading.cause)
    same = [(one, state) for one, state in _told(issues, around.bot) if _is_same(state, reading.cause, dependency)]
    body = "\n".join([MARKER, *_words(reading, dependency, same, around)])
    return (
        AdoptIssue(
            number=issue.number,
            body=around.redact(body),
            marker=MARKER,
            add_labels=_labels(issue, dependency),
            reason=f"its words speak for {reading.cause.id}, {reading.confidence.value} confidence",
        ),
    )


def _read(issue: Issue, knowledge: Knowledge) -> Reading:
    half = _READ // 2
    text = issue.body if len(issue.body) <= _READ else f"{issue.body[:half]}\n{issue.body[-half:]}"
    failure = Failure(id=issue.number, message=f"{issue.title[:1_000]}\n{text}", excerpt=text)
    return Reader(knowledge, Naming()).read(failure)


def _dependency(issue: Issue, cause: Cause) -> str:
    """Where it is: the one place that the cause can be at, else what the words name; empty: nobody says."""
    if len(cause.dependencies) == 1:
        return cause.dependencies[0]
    return Naming().name(f"{issue.title}\n{issue.body[:_READ]}")


def _told(issues: Iterable[Issue], bot: str) -> list[tuple[Issue, State]]:
    """The incidents that are open and told by us."""
    ours = [(one, one.body if one.author == bot else one.comment) for one in issues if one.is_open]
    return [(one, state) for one, text in ours for _, state in parts_in(text) if state.duplicate_of is None]


def _is_same(state: State, cause: Cause, dependency: str) -> bool:
    return state.cause == cause.id and dependency in ("", state.dependency)


def _words(
    reading: Reading, dependency: str, same: Sequence[tuple[Issue, State]], around: Surroundings
) -> Iterable[str]:
    cause = reading.cause
    where = f"{markdown(dependency)}: " if dependency else ""
    sure = reading.confidence.value
    yield f"The words of this issue speak for **{where}{markdown(cause.summary)}** ({sure} confidence)."
    yield ""
    yield f"- **Because:** {markdown(reading.why, 300)}"
    if cause.remedy:
        first = cause.remedy[0]
        yield f"- **First step:** {markdown(first.about)}" + (f": {command(first.command)}" if first.command else "")
    deciding = owner_of(cause.owner or dependency, around.owners) if cause.owner or dependency else None
    if deciding is not None:
        yield f"- **Owner:** {told(deciding.owners, f'CODEOWNERS {deciding.pattern}')}"
    for one, state in same[:3]:
        yield (
            f"- **Seen by campaigns:** #{one.number} tells of this cause in {markdown(state.environment)}. "
            f"If it is the same, close this one as a duplicate of #{one.number}."
        )


def _labels(issue: Issue, dependency: str) -> tuple[str, ...]:
    """The area, where it is known and the issue has none."""
    if not dependency or any(label.startswith(_AREA) for label in issue.labels):
        return ()
    return (f"{_AREA}{plain(dependency, MAX_LABEL)}"[:MAX_LABEL].replace(",", " "),)
