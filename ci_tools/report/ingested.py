"""What was taken from a file of foreign results, for a terminal."""

from collections.abc import Mapping

from ci_tools.model import Outcome
from ci_tools.report.inert import line


def ingested_line(name: str, format_name: str | None, counts: Mapping[Outcome, int]) -> str:
    """One line about the file *name*: its format, and how many entries ended how."""
    told = [f"{counts[outcome]} {outcome.value.replace('_', ' ')}" for outcome in Outcome if counts.get(outcome)]
    return (
        f"{line(name)}: {format_name or 'no test results'}: {sum(counts.values())} tests, {', '.join(told) or 'none'}"
    )
