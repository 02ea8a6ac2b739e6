"""The words of an issue: what to do first, then what shows it, the rest folded. Everything from outside is inert."""

from collections.abc import Mapping

from ci_tools.diagnosis.hypotheses import Certainty
from ci_tools.diagnosis.incidents import UNKNOWN, Proof, RuledOut
from ci_tools.diagnosis.knowledge import Remedy
from ci_tools.escalation.urgency import Urgency
from ci_tools.report.incident_words import impact
from ci_tools.report.inert import markdown
from ci_tools.report.wording import counted, observed
from ci_tools.triage.details import GATES_HEAD, Context, folded, gate_row, requests_of
from ci_tools.triage.fitting import Section, fitted
from ci_tools.triage.inertness import code, command, plain
from ci_tools.triage.state import State
from ci_tools.triage.status import status
from ci_tools.triage.subjects import Subject
from ci_tools.verdict.judgement import Judgement

MAX_TITLE = 200
_MAX_PROOFS = 4
_MAX_RIVALS = 5
_MAX_STAKES = 3
_MAX_STEPS = 8
_MAX_GATES = 10
_SURE = {
    Certainty.CONFIRMED: "Cause, confirmed",
    Certainty.SUSPECTED: "Cause, suspected only",
    Certainty.UNKNOWN: "Cause unknown",
}


def title(subject: Subject, environment: str) -> str:
    """Where and what fails, and of what cause."""
    where = f"{environment}: {subject.dependency}"
    if subject.incident is None or subject.cause == UNKNOWN:
        gates = ", ".join(gate.gate.name for gate in subject.gates)
        words = f"{where} fails, cause unknown" + (f" ({gates})" if gates else "")
    else:
        doubt = "" if subject.certainty is Certainty.CONFIRMED else " (suspected)"
        words = f"{where}: {subject.incident.summary}{doubt}"
    return plain(words, MAX_TITLE)


def body(subject: Subject, context: Context, state: State, urgency: Urgency, *, room_bytes: int) -> str:
    """What the issue shows, at most *room_bytes* long: sections are dropped, the least important first."""
    sections = [
        Section(_head(subject, context), 0),
        Section(status(state, context, urgency), 0),
        Section(_proofs(subject), 1, "what shows it"),
        Section(_gates(subject, context.judgement), 3, "failing gates"),
        Section(_then(subject, context), 2, "what else puts it right"),
        Section(_rivals(subject, context.explained), 4, "what it is not"),
        *folded(subject, context, urgency),
    ]
    return fitted([section for section in sections if section.text], room_bytes)


def brief(subject: Subject, context: Context, state: State, urgency: Urgency) -> str:
    """The same where several share a page: what to do first, and how it stands."""
    head = f"### {markdown(title(subject, context.judgement.environment))}"
    return f"{head}\n\n{_head(subject, context)}\n\n{status(state, context, urgency)}"


def _head(subject: Subject, context: Context) -> str:
    """What a person needs who has just been woken: cause, next step, who, how bad."""
    facts = {
        _SURE[subject.certainty]: _cause(subject),
        "Do first": _first_step(subject),
        "Owner": context.owner,
        "Impact": _impact(subject),
        "At stake": _stakes(subject),
    }
    return "\n".join(f"- **{name}:** {fact}" for name, fact in facts.items() if fact)


def _cause(subject: Subject) -> str:
    name = markdown(subject.dependency, 100)
    if subject.incident is None:
        return f"gates of {name} fail, and no incident explains them"
    summary = markdown(subject.incident.summary, 300)
    return summary if subject.cause == UNKNOWN else f"{name}: {summary}"


def _first_step(subject: Subject) -> str:
    if subject.incident and subject.incident.remedy:
        return _step(subject.incident.remedy[0])
    name = markdown(subject.dependency, 100)
    asked = next((request for test in subject.tests for request in requests_of(test)), "")
    return f"follow request {asked} in the log of {name}" if asked else f"look at {name} itself, as the gates below did"


def _step(remedy: Remedy) -> str:
    return markdown(remedy.about, 300) + (f": {command(remedy.command)}" if remedy.command else "")


def _impact(subject: Subject) -> str:
    failing = [f"{markdown(one.gate.name, 100)} at {observed(one)}" for one in subject.gates[:_MAX_STAKES]]
    more = f" and {len(subject.gates) - _MAX_STAKES} more" if len(subject.gates) > _MAX_STAKES else ""
    gates = f"failing: {', '.join(failing)}{more}" if failing else ""
    victims = markdown(impact(subject.incident), 300) if subject.incident else ""
    if not subject.tests and not (subject.incident and (subject.incident.blocked or subject.incident.masked)):
        return gates or "no test and no gate fails of it yet"
    return "; ".join(filter(None, (victims or counted(len(subject.tests), "failing test"), gates)))


def _stakes(subject: Subject) -> str:
    told = subject.incident.value if subject.incident else ()
    values = told or tuple(f"{suite.value} ({suite.name})" for suite in subject.suites if suite.value)
    more = f"; and {len(values) - _MAX_STAKES} more" if len(values) > _MAX_STAKES else ""
    return "; ".join(markdown(value) for value in values[:_MAX_STAKES]) + more


def _proofs(subject: Subject) -> str:
    incident = subject.incident
    if incident is None or not incident.evidence:
        return ""
    heading = {
        Certainty.CONFIRMED: "What shows it",
        Certainty.SUSPECTED: "What speaks for it, without proof",
        Certainty.UNKNOWN: "What was seen",
    }[incident.certainty]
    return f"### {heading}\n\n" + "\n".join(map(_proof, incident.evidence[:_MAX_PROOFS]))


def _proof(proof: Proof) -> str:
    at = f", {proof.at:%H:%M:%S} UTC" if proof.at else ""
    sure = ", which tells it from everything else" if proof.discriminates else ""
    return f"- {markdown(proof.says, 300)}: {code(proof.text)} ({markdown(proof.ref)}{at}){sure}"


def _gates(subject: Subject, judgement: Judgement) -> str:
    """Of what no incident explains they are all that there is to see."""
    if subject.incident is not None and subject.cause != UNKNOWN:
        return ""
    rows = [gate_row(gate, judgement) for gate in subject.gates[:_MAX_GATES]]
    return f"### Failing gates\n\n{GATES_HEAD}\n" + "\n".join(rows) if rows else ""


def _then(subject: Subject, context: Context) -> str:
    incident = subject.incident
    steps = [_step(one) for one in incident.remedy[1:_MAX_STEPS]] if incident else []
    shown = f"verify: {markdown(incident.verification, 400)}" if incident and incident.verification else ""
    again = (
        f"This closes by itself after {counted(context.green_campaigns, 'campaign')} in a row in which every gate, "
        "test and probe that failed is well."
    )
    rows = [f"{number}. {step}" for number, step in enumerate(filter(None, (*steps, shown)), 2)]
    return "\n\n".join(["### Then", *(["\n".join(rows)] if rows else []), again])


def _rivals(subject: Subject, explained: Mapping[str, str]) -> str:
    rivals = subject.incident.rivals if subject.incident else ()
    told: list[str] = []
    for heading, some in (
        ("Ruled out", [one for one in rivals if one.by]),
        ("Not ruled out", [one for one in rivals if not one.by]),
    ):
        rows = [_rival(one, explained) for one in some[:_MAX_RIVALS]]
        told += [f"{heading}:\n\n" + "\n".join(rows)] if rows else []
    return "### What it is not\n\n" + "\n\n".join(told) if told else ""


def _rival(rival: RuledOut, explained: Mapping[str, str]) -> str:
    name = markdown(explained.get(rival.cause, rival.cause.replace("_", " ")), 160)
    by = f" (by {', '.join(markdown(ref, 100) for ref in rival.by[:3])})" if rival.by else ""
    return f"- {name}: {markdown(rival.separates, 300)}{by}"
