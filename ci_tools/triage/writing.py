"""What an issue of one campaign looks like: its pages within their room, its labels, its title."""

from dataclasses import replace

from ci_tools.diagnosis.incidents import UNKNOWN
from ci_tools.escalation.rules import Severity
from ci_tools.escalation.urgency import Urgency
from ci_tools.report.shown import masked
from ci_tools.triage import page
from ci_tools.triage.book import Entry
from ci_tools.triage.comments import nonce
from ci_tools.triage.details import Context
from ci_tools.triage.fitting import MAX_BODY_BYTES, size_bytes
from ci_tools.triage.inertness import plain
from ci_tools.triage.memory import is_weaker
from ci_tools.triage.operations import CAMPAIGN_LABEL, MAX_LABEL, CreateIssue, Issue
from ci_tools.triage.ownership import owners_of, told
from ci_tools.triage.seen import Seen
from ci_tools.triage.state import State, outside, section
from ci_tools.triage.status import renewed, status
from ci_tools.triage.subjects import Subject
from ci_tools.triage.surroundings import Surroundings
from ci_tools.triage.suspects import suspicion

_RESERVED_BYTES = 2_000
"""For what is said when the failure has recovered, and for the state, which may be longer by then."""


class Writer:
    """Writes for one campaign."""

    def __init__(self, seen: Seen, around: Surroundings) -> None:
        self._seen, self._around = seen, around

    def context(self, subject: Subject | None = None, before: State | None = None) -> Context:
        """What a page needs; *before* is what was remembered of *subject*."""
        rules = self._around.rules
        plain_context = Context(
            judgement=self._seen.judgement,
            run_url=self._around.run_url,
            artifact_days=rules.artifact_days,
            green_campaigns=rules.green_campaigns,
            dashboards=rules.dashboards,
            explained=self._around.explained,
        )
        if subject is None:
            return plain_context
        suspected = suspicion(subject, before, self._seen, self._around)
        owner = told(*owners_of(subject, self._around.owners, self._around.rules.owners))
        # Masked before it is made inert: what a body is masked for afterwards is no longer found then.
        return replace(plain_context, owner=owner, suspicion=masked(suspected, self._around.redact))

    def title(self, subject: Subject) -> str:
        """What *subject* is called."""
        return self._around.redact(page.title(subject, self._seen.judgement.environment))

    def create(self, subject: Subject, state: State, urgency: Urgency, reason: str) -> CreateIssue:
        """File *subject*, whose owner is mentioned here and never again."""
        mark = nonce(state.mark, self._seen.judgement.campaign, "create")
        before = "\n\n".join(filter(None, (self._call(subject), mark))) + "\n"
        titled = self.title(subject)
        remembered = replace(state, titled=titled, labelled=state.severity)
        return CreateIssue(
            title=titled,
            body=before + section(self.visible(subject, remembered, urgency, before, None), remembered),
            labels=labels_of(subject, remembered.severity),
            nonce=mark,
            reason=reason,
        )

    def _call(self, subject: Subject) -> str:
        owners, why = owners_of(subject, self._around.owners, self._around.rules.owners)
        call = f"For {' '.join(owners)}: {plain(why, 200)}." if owners else ""
        return self._around.redact(call)

    def visible(self, subject: Subject, state: State, urgency: Urgency, around: str, before: State | None) -> str:
        """What our section shows beside *around*, the text of people; *before* is what was remembered."""
        taken = size_bytes(around + section("", state)) + _RESERVED_BYTES
        return self.within(subject, state, urgency, before, MAX_BODY_BYTES - taken)

    def within(self, subject: Subject, state: State, urgency: Urgency, before: State | None, room_bytes: int) -> str:
        """The page of *subject* in at most *room_bytes*."""
        context = self.context(subject, before)
        return self._around.redact(page.body(subject, context, state, urgency, room_bytes=room_bytes))

    def brief(self, subject: Subject, state: State, urgency: Urgency, before: State | None) -> str:
        """The same where many share a page."""
        return self._around.redact(page.brief(subject, self.context(subject, before), state, urgency))

    def kept(self, entry: Entry, subject: Subject, state: State, urgency: Urgency) -> str:
        """What an issue of ours shows from now on: proof that it has is not given up for a weaker one."""
        if is_weaker(subject, entry.state):
            return self.standing(entry.shown, state, subject, urgency)
        return self.visible(subject, state, urgency, outside(entry.issue.body), entry.state)

    def standing(self, shown: str, state: State, subject: Subject | None = None, urgency: Urgency | None = None) -> str:
        """What was *shown*, with how it stands now."""
        now = status(state, self.context(subject), urgency)
        return self._around.redact(renewed(shown, now))


def labels_of(subject: Subject, severity: Severity) -> tuple[str, ...]:
    """One of each kind: campaign, severity, area and type."""
    area = f"area: {plain(subject.dependency, MAX_LABEL)}"[:MAX_LABEL].replace(",", " ")
    kind = (
        "type: gate" if subject.incident is None else "type: unknown" if subject.cause == UNKNOWN else "type: incident"
    )
    return CAMPAIGN_LABEL, severity, area, kind


def relabelled(issue: Issue, old: State, severity: Severity) -> tuple[str, ...] | None:
    """The labels with *severity* in place of the one set by us; None where that is what stands, or a person's."""
    standing = {label for label in issue.labels if label in set(Severity)}
    if standing != {old.labelled} or severity == old.labelled:
        return None
    return (*(label for label in issue.labels if label not in standing), severity)
