"""Pages that several incidents share: our comment in an issue of people, and the issue for what is too many."""

from collections.abc import Sequence

from ci_tools.escalation.rules import Severity
from ci_tools.report.inert import markdown
from ci_tools.report.wording import counted
from ci_tools.triage.book import UMBRELLA, Entry
from ci_tools.triage.comments import nonce
from ci_tools.triage.fitting import MAX_BODY_BYTES, size_bytes
from ci_tools.triage.inertness import plain
from ci_tools.triage.operations import CAMPAIGN_LABEL, AdoptIssue, CloseIssue, CreateIssue, Issue, UpdateIssue
from ci_tools.triage.state import State, page_of_parts, replaced, to_line

MARKER = "<!-- ci-tools:adopted -->"
"""Stands in the one comment that is kept up to date in an issue of people."""
MAX_ADOPTED = 4
"""Incidents that one comment has room for."""
PART_BYTES = 12_000
"""Room for what each of them shows."""
_INTRO = "What campaigns see of this, kept up to date by ci-tools. The issue itself stays as its people write it."
_EMPTY = "Everything that was told here has an issue of its own by now, or has recovered."


def adopted(number: int, issue: Issue | None, parts: Sequence[Entry], reason: str) -> AdoptIssue:
    """Our comment in the issue of that *number*, with what *parts* say."""
    labels = issue.labels if issue else ()
    add = [] if CAMPAIGN_LABEL in labels else [CAMPAIGN_LABEL]
    if not (issue and issue.comment) and not any(label in set(Severity) for label in labels):
        add.append(min(one.state.severity for one in parts))
    body = f"{MARKER}\n{page_of_parts(_INTRO, _fitting(parts))}"
    return AdoptIssue(number=number, body=body, marker=MARKER, add_labels=tuple(add), reason=reason)


def first_of_many(environment: str, campaign: str, parts: Sequence[Entry], reason: str) -> CreateIssue:
    """The issue for what is too many for issues of their own."""
    mark = nonce(environment, campaign, "umbrella")
    worst = min(one.state.severity for one in parts)
    return CreateIssue(
        title=plain(f"{environment}: more incidents than one campaign files issues for", 200),
        body=f"{mark}\n{_section(parts)}",
        labels=(CAMPAIGN_LABEL, worst, "area: several", "type: umbrella"),
        nonce=mark,
        reason=reason,
    )


def umbrella(issue: Issue, parts: Sequence[Entry]) -> UpdateIssue | CloseIssue:
    """That issue with what *parts* say; it is closed once nothing is told there any more."""
    if not parts:
        section = page_of_parts(f"{UMBRELLA}\n{_EMPTY}", ())
        body = replaced(issue.body, section)
        return CloseIssue(number=issue.number, body=body, section=section, closed_as="completed", reason=_EMPTY.lower())
    section = _section(parts)
    reason = f"{counted(len(parts), 'incident')} stand there"
    return UpdateIssue(
        number=issue.number, body=replaced(issue.body, section), section=section, labels=None, reason=reason
    )


def _section(parts: Sequence[Entry]) -> str:
    fitting = _fitting(parts)
    intro = (
        "One campaign saw more incidents than it may file. Those that follow get issues of their own with the next "
        "campaigns that see them, the most urgent first."
    )
    return page_of_parts(f"{UMBRELLA}\n{intro}", fitting)


def _fitting(parts: Sequence[Entry]) -> list[tuple[str, State]]:
    """What each shows and remembers; where room is short, the later ones show only their names."""
    left = MAX_BODY_BYTES - 2_000 - sum(size_bytes(to_line(one.state)) + 100 for one in parts)
    told = []
    for one in parts:
        shown = one.shown
        if size_bytes(shown) > left:
            shown = f"### {markdown(one.state.dependency)}: {markdown(one.state.cause)}"
        left -= size_bytes(shown)
        told.append((shown, one.state))
    return told
