"""What is said to whoever follows an issue, on transitions only, and the nonce by which each thing is said once."""

from collections.abc import Sequence
from hashlib import sha256

from ci_tools.escalation.rules import Severity
from ci_tools.report.inert import markdown
from ci_tools.report.wording import counted
from ci_tools.triage.operations import Comment
from ci_tools.triage.state import Occasion, State
from ci_tools.triage.status import when

_MAX_NAMED = 10


def nonce(*parts: str) -> str:
    """A hidden mark that stands in one text only."""
    digest = sha256("\0".join(parts).encode(errors="replace")).hexdigest()[:20]
    return f"<!-- ci-tools:nonce {digest} -->"


def comment(number: int, state: State, campaign: str, said: Sequence[tuple[str, str]]) -> Comment:
    """One comment on all that has happened: *said* pairs each transition with its words."""
    kinds = "+".join(kind for kind, _ in said)
    mark = nonce(str(number), state.mark, campaign, kinds)
    words = "\n\n".join(words for _, words in said)
    return Comment(number=number, body=f"{words}\n\n{mark}", nonce=mark, reason=f"{state.dependency} has {kinds}")


def escalated(before: Severity, after: Severity, why: str, seen: str) -> tuple[str, str]:
    """It has become more urgent; *seen* is when, and by whom."""
    return "escalated", f"Escalated from {before} to **{after}**: {markdown(why, 300)}. Seen {seen}."


def spread(before: int, after: int, words: str, seen: Occasion) -> tuple[str, str]:
    """It takes along twice as much as when that was last told."""
    return "spread", f"Spread: it took along {before} tests and gates, and now {after}: {words}. Seen {when(seen)}."


def regressed(seen: Occasion, last_good: Occasion | None) -> tuple[str, str]:
    """It has come back."""
    good = f" It was good {when(last_good)}." if last_good else ""
    return "regressed", f"Regressed: it fails again, {when(seen)}.{good}"


def recovered(state: State) -> tuple[str, str]:
    """All of its evidence was well often enough."""
    gates = ", ".join(markdown(name, 100) for name in state.evidence.gates[:_MAX_NAMED])
    what = f"the gates that failed ({gates}) hold, " if gates else ""
    times = f"in {counted(state.n_green, 'campaign')} in a row"
    last = f", last {when(state.last_good)}" if state.last_good else ""
    return "recovered", f"Recovered: {what}the tests and probes that failed are well {times}{last}."
