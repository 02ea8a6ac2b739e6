"""``triage``: what GitHub's issues are told."""

import argparse
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ci_tools.arguments import COMMITS
from ci_tools.commands.files import read_text, redactor_of
from ci_tools.commands.step import append
from ci_tools.commands.tracker import owners_named, rules_in, tracker_of
from ci_tools.diagnosis.diagnose import diagnose
from ci_tools.diagnosis.seen import observations
from ci_tools.errors import ExitCode, UsageError
from ci_tools.evidence.journal import read
from ci_tools.knowledge_file import knowledge
from ci_tools.model import Verdict
from ci_tools.report.actions import summary
from ci_tools.triage.decide import decide
from ci_tools.triage.heartbeats import decide_heartbeats
from ci_tools.triage.matching import known_for
from ci_tools.triage.operations import AdoptIssue, CreateIssue, Issue, Operation
from ci_tools.triage.preview import headline, page, preview
from ci_tools.triage.seen import Seen
from ci_tools.triage.shared import MARKER
from ci_tools.triage.surroundings import Commit, Surroundings
from ci_tools.verdict.fold import fold
from ci_tools.verdict.heartbeats import Heartbeat, heartbeats_in
from ci_tools.verdict.judge import judge

_COMMIT = re.compile(r"([0-9a-f]{7,64})(?: (.*))?")
_MOST_COMMITS = 10_000


def triage(arguments: argparse.Namespace) -> ExitCode:
    """Plan what GitHub's issues are told, print it, and with ``--apply`` tell them."""
    if arguments.apply and not arguments.repo:
        raise UsageError("--apply needs to know where; add --repo OWNER/NAME")
    around = _surroundings(arguments)
    seen = _seen(arguments.directory)
    if arguments.repo is None:
        operations = _planned(seen, (), around)
        _show(operations)
        _summarise(operations, arguments)
        return ExitCode.PASS
    with tracker_of(arguments) as tracker:
        issues = tracker.read(
            adopted=known_for(seen, around) if isinstance(seen, Seen) else (),
            told_in=[known.number for known in around.known_issues],
            marker=MARKER,
        )
        operations = _planned(seen, issues, around)
        absent = _absent(operations, issues)
        if absent:
            there = tuple(known for known in around.known_issues if known.number not in absent)
            operations = _planned(seen, issues, replace(around, known_issues=there))
        _show(operations)
        try:
            if arguments.apply:
                for operation, number in tracker.apply(operations):
                    print(f"done, #{number}: {headline(operation)}", flush=True)
        finally:
            # After what counts: a summary that cannot be written keeps no outage from anybody.
            _summarise(operations, arguments)
        # Last of all: a mistake in campaign.toml or CODEOWNERS is no reason to keep an outage from everybody.
        if absent:
            raise UsageError(
                f"{arguments.repo} has no issue {', '.join(f'#{number}' for number in absent)}, which [[known_issues]] "
                "names; what belongs there is told elsewhere; correct the number, or take it out"
            )
        if _is_time_for_owners(operations, seen, is_applied=arguments.apply):
            tracker.check_owners()
    return ExitCode.PASS


def _is_time_for_owners(
    operations: Sequence[Operation], seen: Seen | tuple[Heartbeat, ...], *, is_applied: bool
) -> bool:
    """Whether GitHub is asked who of CODEOWNERS exists: by a plan that files, and on a good day, not in an outage."""
    if is_applied:
        return isinstance(seen, Seen) and seen.judgement.verdict is Verdict.PASS and not operations
    return any(isinstance(operation, CreateIssue) for operation in operations)


def _absent(operations: Sequence[Operation], issues: Sequence[Issue]) -> list[int]:
    """The numbers of known issues that *operations* would tell, and that are not there."""
    there = {issue.number for issue in issues}
    told = {operation.number for operation in operations if isinstance(operation, AdoptIssue)}
    return sorted(told - there)


def _show(operations: Sequence[Operation]) -> None:
    for row in preview(operations):
        print(row)


def _summarise(operations: Sequence[Operation], arguments: argparse.Namespace) -> None:
    if arguments.github:
        append("GITHUB_STEP_SUMMARY", summary(page(operations, is_applied=arguments.apply)))


def _seen(directory: Path) -> Seen | tuple[Heartbeat, ...]:
    journal = read(directory)
    heartbeats = heartbeats_in(journal.records)
    if heartbeats:
        return heartbeats
    state = fold(journal.records, journal.problems)
    judgement = judge(state)
    incidents = diagnose(state, judgement, knowledge())
    return Seen(judgement=judgement, incidents=incidents, observations=tuple(observations(state)))


def _planned(
    seen: Seen | tuple[Heartbeat, ...], issues: tuple[Issue, ...], around: Surroundings
) -> tuple[Operation, ...]:
    if not isinstance(seen, Seen):
        return decide_heartbeats(issues, seen, around)
    return decide(issues, seen.judgement, around, seen.incidents, seen.observations)


def _surroundings(arguments: argparse.Namespace) -> Surroundings:
    rules, known = rules_in(arguments.spec)
    return Surroundings(
        redact=redactor_of(arguments.directory).text,
        bot=arguments.bot,
        owners=owners_named(arguments.codeowners, rules),
        run_url=arguments.run_url,
        rules=rules,
        known_issues=known,
        commits=_commits(arguments.commits),
        explained={name: cause.summary for name, cause in knowledge().causes.items()},
    )


def _commits(path: Path | None) -> tuple[Commit, ...]:
    """The commits in the file *path*, the newest first.

    Each begins with a null, so that nothing in a name of a file can be taken for one; without any, each is one line.

    Raises:
        UsageError: it cannot be read, or a commit is none of git's.
    """
    if path is None:
        return ()
    text = read_text(path, "--commits", errors="replace")
    separator = "\0" if "\0" in text else "\n"
    found = [
        _commit(path, number, one.strip("\n")) for number, one in enumerate(text.split(separator), 1) if one.strip()
    ]
    return tuple(found[:_MOST_COMMITS])


def _commit(path: Path, number: int, text: str) -> Commit:
    row, *paths = text.split("\n")
    match = _COMMIT.fullmatch(row.rstrip("\r"))
    if match is None:
        raise UsageError(f"{path}:{number}: {row[:80]!r} is no commit; legal: {COMMITS}")
    # Git puts names of unusual characters in quotation marks.
    return Commit(match[1], match[2] or "", tuple(one.strip('"') for one in paths if one))
