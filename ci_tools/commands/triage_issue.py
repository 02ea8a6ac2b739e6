"""``triage-issue``: what is known of an issue that a person opened."""

import argparse
import os

from ci_tools.commands.tracker import owners_named, rules_in, tracker_of
from ci_tools.errors import ExitCode, UsageError
from ci_tools.evidence.redaction import Redactor, secrets_of
from ci_tools.knowledge_file import knowledge
from ci_tools.triage.opened import MARKER, decide_opened
from ci_tools.triage.preview import headline, preview
from ci_tools.triage.surroundings import Surroundings


def triage_issue(arguments: argparse.Namespace) -> ExitCode:
    """Plan what is said to one issue, print it, and with ``--apply`` say it.

    Raises:
        UsageError: there is no such issue.
    """
    rules, known = rules_in(arguments.spec)
    around = Surroundings(
        redact=Redactor(secrets_of(os.environ)).text,
        bot=arguments.bot,
        owners=owners_named(arguments.codeowners, rules),
        rules=rules,
        known_issues=known,
    )
    with tracker_of(arguments) as tracker:
        issues = tracker.read(adopted=[arguments.number], marker=MARKER)
        issue = next((one for one in issues if one.number == arguments.number), None)
        if issue is None:
            raise UsageError(f"{arguments.repo} has no issue #{arguments.number}; give the number of one that is there")
        operations = decide_opened(issue, issues, knowledge(), around)
        for row in preview(operations):
            print(row)
        if arguments.apply:
            for operation, number in tracker.apply(operations):
                print(f"done, #{number}: {headline(operation)}", flush=True)
    return ExitCode.PASS
