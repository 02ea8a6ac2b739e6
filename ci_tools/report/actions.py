"""What a step of GitHub Actions says: annotations, a summary and outputs, each within GitHub's limits."""

from collections.abc import Iterable, Mapping, Sequence

from ci_tools.diagnosis.incidents import Incident
from ci_tools.errors import ExitCode
from ci_tools.model import Verdict
from ci_tools.report.incident_words import headline, impact, next_step, owners
from ci_tools.report.inert import line
from ci_tools.verdict.judgement import Judgement

MAX_SUMMARY_BYTES = 1_000_000
"""GitHub drops the whole summary of a step that exceeds 1 MiB."""
MAX_ANNOTATIONS = 10
"""Of one kind that GitHub keeps of a step; what exceeds them is lost without a word."""
_MAX_WORDS = 400
_CUT = "\n\n… cut here: GitHub shows no more. The whole report is in the artifact.\n"
_OPEN_DETAILS = "<details", "</details>"


def annotations(judgement: Judgement, incidents: Sequence[Incident]) -> list[str]:
    """Workflow commands, one for each incident, or, where there is none, for each reason.

    Errors where the campaign fails; else warnings.
    """
    told = [(headline(one), _about(one)) for one in incidents] or [
        (f"{judgement.verdict.value} on {judgement.environment}", reason) for reason in judgement.reasons
    ]
    kind = "error" if judgement.verdict is Verdict.FAIL else "warning"
    shown = told if len(told) <= MAX_ANNOTATIONS else [*told[: MAX_ANNOTATIONS - 1], _more(told)]
    return [f"::{kind} title={_property(title)}::{_message(text)}" for title, text in shown]


def _about(incident: Incident) -> str:
    return f"{impact(incident)}; next: {next_step(incident)}; owner {owners(incident)}"


def _more(told: Sequence[tuple[str, str]]) -> tuple[str, str]:
    return "and more", f"{len(told) - MAX_ANNOTATIONS + 1} more; see the report"


def _message(text: str) -> str:
    return line(text, _MAX_WORDS).replace("%", "%25")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


def summary(report: str) -> str:
    """*report*, cut at the end of a line where GitHub would drop all of it."""
    content = report.encode(errors="replace")
    if len(content) <= MAX_SUMMARY_BYTES:
        return content.decode()
    room = MAX_SUMMARY_BYTES - len(_CUT.encode()) - len(_OPEN_DETAILS[1]) - 1
    kept = content[:room].decode(errors="ignore").rpartition("\n")[0]
    # What is folded where the cut falls would hide the words that say so.
    is_folded = kept.count(_OPEN_DETAILS[0]) > kept.count(_OPEN_DETAILS[1])
    return kept + (f"\n{_OPEN_DETAILS[1]}" if is_folded else "") + _CUT


def outputs(judgement: Judgement, exit_code: ExitCode) -> Mapping[str, str]:
    """What other jobs of a workflow decide by."""
    return {
        "exit": str(exit_code.value),
        "verdict": judgement.verdict.value,
        "policy": judgement.inconclusive,
        "environment": judgement.environment,
    }


def output_lines(values: Mapping[str, str] | Iterable[tuple[str, str]]) -> str:
    """*values* as ``GITHUB_OUTPUT`` takes them; each is one line, so that no value can add another one."""
    pairs = values.items() if isinstance(values, Mapping) else values
    return "".join(f"{name}={' '.join(value.split())}\n" for name, value in pairs)
