"""What no incident tells of a campaign: why it is no pass all the same, and which files could not be collected."""

from collections.abc import Sequence

from ci_tools.model import Verdict
from ci_tools.report.inert import line
from ci_tools.verdict.judgement import Judgement

_MAX_ROWS = 20
_WIDTH = 400


def without_incident(judgement: Judgement, kept_in: str) -> str:
    """That nothing failed; or why that is no pass, a line a reason, and where the rest stands."""
    if judgement.verdict is Verdict.PASS:
        return "no incident: nothing that was asked failed"
    head = f"no incident, yet the verdict is {judgement.verdict.value}, because of:"
    return "\n".join([head, *_rows(judgement.reasons), f"all of it: ci-tools judge {line(kept_in, _WIDTH)}"])


def unaccounted(judgement: Judgement, told: str) -> str:
    """What suites have not accounted for, such as files that could not be collected, and *told* does not say."""
    problems = dict.fromkeys(problem for suite in judgement.suites for problem in suite.problems)
    rows = [problem for problem in problems if line(problem, _WIDTH) not in told]
    return "\n".join(["not accounted for:", *_rows(rows)]) if rows else ""


def _rows(texts: Sequence[str]) -> list[str]:
    more = [f"  … and {len(texts) - _MAX_ROWS} more in test_results.json"] if len(texts) > _MAX_ROWS else []
    return [*(f"  - {line(text, _WIDTH)}" for text in texts[:_MAX_ROWS]), *more]
