"""``triage``: what GitHub's issues are told."""

import argparse
import os
import re
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from ci_tools.commands.files import read_spec, read_text, redactor_of
from ci_tools.diagnosis.diagnose import diagnose
from ci_tools.diagnosis.owners import Line
from ci_tools.diagnosis.seen import observations
from ci_tools.errors import ExitCode, UsageError
from ci_tools.evidence.journal import read
from ci_tools.knowledge_file import knowledge
from ci_tools.spec.values import KnownIssue, TriageRules
from ci_tools.triage.decide import decide
from ci_tools.triage.operations import CreateIssue, Issue, Operation
from ci_tools.triage.ownership import checked
from ci_tools.triage.preview import headline, preview
from ci_tools.triage.shared import MARKER
from ci_tools.triage.surroundings import Commit, Surroundings
from ci_tools.verdict.fold import fold
from ci_tools.verdict.judge import judge

if TYPE_CHECKING:
    from ci_tools.github.issues import GitHubIssues

_SPEC = Path("campaign.toml")
_COMMIT = re.compile(r"([0-9a-f]{7,64})(?: (.*))?")
_MOST_COMMITS = 10_000


def triage(arguments: argparse.Namespace) -> ExitCode:
    """Plan what GitHub's issues are told, print it, and with ``--apply`` tell them."""
    if arguments.apply and not arguments.repo:
        raise UsageError("--apply needs to know where; add --repo OWNER/NAME")
    around = _surroundings(arguments)
    with ExitStack() as stack:
        tracker = _tracker(arguments, stack)
        adopted = [known.number for known in around.known_issues]
        issues = tracker.read(adopted=adopted, marker=MARKER) if tracker else ()
        operations = _planned(arguments.directory, issues, around)
        for row in preview(operations):
            print(row)
        if tracker and arguments.apply:
            for operation, number in tracker.apply(operations):
                print(f"done, #{number}: {headline(operation)}", flush=True)
        if tracker:
            _close(tracker, operations)
    return ExitCode.PASS


def _close(tracker: "GitHubIssues", operations: Sequence[Operation]) -> None:
    """Say what was asked of GitHub; an owner who does not exist is a mistake as soon as somebody is to be told.

    It is found after all is done: a mistake in CODEOWNERS is no reason to keep an outage from everybody.
    """
    try:
        if any(isinstance(operation, CreateIssue) for operation in operations):
            tracker.check_owners()
    finally:
        print(f"asked of GitHub: {', '.join(f'{count} {verb}' for verb, count in tracker.calls.items())}")


def _planned(directory: Path, issues: tuple[Issue, ...], around: Surroundings) -> tuple[Operation, ...]:
    journal = read(directory)
    state = fold(journal.records, journal.problems)
    judgement = judge(state)
    return decide(issues, judgement, around, diagnose(state, judgement, knowledge()), observations(state))


def _surroundings(arguments: argparse.Namespace) -> Surroundings:
    rules, known = _told(arguments.spec)
    return Surroundings(
        redact=redactor_of(arguments.directory).text,
        bot=arguments.bot,
        owners=_owners(arguments.codeowners, rules),
        run_url=arguments.run_url,
        rules=rules,
        known_issues=known,
        commits=_commits(arguments.commits),
        explained={name: cause.summary for name, cause in knowledge().causes.items()},
    )


def _told(path: Path | None) -> tuple[TriageRules, tuple[KnownIssue, ...]]:
    """What campaign.toml says of issues; without one, what is usual.

    Raises:
        UsageError: a known issue is about a cause that the knowledge base does not have.
    """
    if path is None and not _SPEC.exists():
        return TriageRules(), ()
    spec, _ = read_spec(path or _SPEC)
    causes = knowledge().causes
    for known in spec.known_issues:
        for cause in known.causes:
            if cause not in causes:
                raise UsageError(
                    f"{path or _SPEC}: known issue #{known.number}: unknown cause {cause!r}; "
                    f"legal: {', '.join(sorted(causes))}"
                )
    return spec.triage, spec.known_issues


def _owners(path: Path, rules: TriageRules) -> tuple[Line, ...]:
    return checked(read_text(path, "--codeowners"), rules.owners, str(path)) if path.exists() else ()


def _commits(path: Path | None) -> tuple[Commit, ...]:
    """The commits in the file *path*, the newest first.

    Raises:
        UsageError: it cannot be read, or a line is none of git's.
    """
    if path is None:
        return ()
    rows = read_text(path, "--commits").splitlines()[:_MOST_COMMITS]
    found = [(number, row, _COMMIT.fullmatch(row)) for number, row in enumerate(rows, 1) if row.strip()]
    for number, row, match in found:
        if match is None:
            raise UsageError(f"{path}:{number}: {row[:80]!r} is no commit; legal: what git log --format='%H %s' prints")
    return tuple(Commit(match[1], match[2] or "") for _, _, match in found if match)


def _tracker(arguments: argparse.Namespace, stack: ExitStack) -> "GitHubIssues | None":
    from ci_tools.github.issues import GitHubIssues  # noqa: PLC0415 - heavy, and only this command needs it

    if arguments.repo is None:
        return None
    return stack.enter_context(GitHubIssues.from_environ(arguments.repo, os.environ, bot=arguments.bot))
