"""``triage``: what GitHub's issues are told."""

import argparse
import os
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from ci_tools.errors import ExitCode, UsageError
from ci_tools.triage.decide import Surroundings, decide
from ci_tools.triage.operations import CreateIssue, Operation
from ci_tools.triage.preview import headline, preview

if TYPE_CHECKING:
    from ci_tools.github.issues import GitHubIssues
from ci_tools.commands.files import owners_in, redactor_of
from ci_tools.commands.judging import judged


def triage(arguments: argparse.Namespace) -> ExitCode:
    """Plan what GitHub's issues are told, print it, and with ``--apply`` tell them."""
    if arguments.apply and not arguments.repo:
        raise UsageError("--apply needs to know where; add --repo OWNER/NAME")
    around = Surroundings(
        redact=redactor_of(arguments.directory).text,
        bot=arguments.bot,
        owners=owners_in(arguments.codeowners),
        run_url=arguments.run_url,
    )
    with ExitStack() as stack:
        tracker = _tracker(arguments, stack)
        issues = tracker.read() if tracker else ()
        operations = decide(issues, judged(arguments.directory), around)
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


def _tracker(arguments: argparse.Namespace, stack: ExitStack) -> "GitHubIssues | None":
    from ci_tools.github.issues import GitHubIssues  # noqa: PLC0415 - heavy, and only this command needs it

    if arguments.repo is None:
        return None
    return stack.enter_context(GitHubIssues.from_environ(arguments.repo, os.environ, bot=arguments.bot))
