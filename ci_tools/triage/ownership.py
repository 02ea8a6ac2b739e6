"""Who has to know about an incident, and why; whoever CODEOWNERS names must be somebody who can be told."""

import difflib
import re
from collections.abc import Sequence

from ci_tools.diagnosis.owners import Line, owner_of, parse
from ci_tools.errors import UsageError
from ci_tools.report.inert import line, markdown
from ci_tools.texts import MENTION
from ci_tools.triage.subjects import Subject

_MENTION = re.compile(MENTION)
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_MAX_OWNERS = 5
_WITHOUT = "there is no CODEOWNERS file, or nothing in it"


def checked(text: str, known: Sequence[str], source: str) -> tuple[Line, ...]:
    """The lines of CODEOWNERS in *text*; *known* are all who may be mentioned, or nobody has said.

    Raises:
        UsageError: an owner is no mention, or is not known; all such are named, with their lines.
    """
    problems = [
        f"{source}:{number}: {problem}"
        for number, row in enumerate(text.splitlines(), 1)
        for owner in row.partition("#")[0].split()[1:]
        if (problem := _problem(owner, known))
    ]
    if problems:
        raise UsageError("\n".join(problems))
    return parse(text)


def _problem(owner: str, known: Sequence[str]) -> str:
    if _MAIL.fullmatch(owner):
        return ""
    if not _MENTION.fullmatch(owner):
        return f"owner {line(owner)!r} cannot be mentioned; legal: @USER, @ORGANISATION/TEAM or an address"
    if known and owner.lower() not in {name.lower() for name in known}:
        near = difflib.get_close_matches(owner, known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"unknown owner {owner!r}; legal: {', '.join(sorted(known))}{hint} (campaign.toml, [triage] owners)"
    return ""


def owners_of(subject: Subject, lines: Sequence[Line], known: Sequence[str] = ()) -> tuple[tuple[str, ...], str]:
    """Who has to know, as mentions, and why; CODEOWNERS as it is now comes before what the campaign had read.

    What the campaign had read is checked only here: of that, whoever is not *known* is left out, if anybody is.
    """
    incident = subject.incident
    origin = incident.owned_because.rpartition("/")[2] if incident else ""
    for name in dict.fromkeys(filter(None, (origin, subject.dependency))):
        deciding = owner_of(name, lines)
        if deciding is not None:
            return deciding.owners[:_MAX_OWNERS], f"CODEOWNERS {deciding.pattern} decides for /dependencies/{name}"
    if incident and incident.owners and not lines:
        told_then = tuple(one for one in incident.owners if not _problem(one, known) and _MENTION.fullmatch(one))
        return told_then[:_MAX_OWNERS], incident.owned_because
    return (), "" if lines else _WITHOUT


def told(owners: Sequence[str], why: str) -> str:
    """Who and why, in words that tell nobody: they are mentioned once, when the issue is filed."""
    if not owners:
        return f"nobody ({markdown(why)})" if why else "nobody: CODEOWNERS names no owner"
    return f"{', '.join(markdown(one) for one in owners)} ({markdown(why)})"
