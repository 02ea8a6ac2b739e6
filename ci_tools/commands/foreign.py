"""``ingest`` and ``diagnose``: results and failures that others have written down."""

import argparse
import os
import sys
from contextlib import nullcontext

from ci_tools.commands.campaigns import fresh_campaign_id
from ci_tools.commands.console import say_error
from ci_tools.commands.files import anew
from ci_tools.errors import ExitCode
from ci_tools.evidence.ingesting import ingest, sources
from ci_tools.evidence.journal import CampaignDirectory
from ci_tools.evidence.redaction import Redactor, secrets_of
from ci_tools.knowledge_file import knowledge
from ci_tools.report.inert import line
from ci_tools.report.ingested import ingested_line
from ci_tools.strangers import KEYS
from ci_tools.strangers import diagnose as diagnose_file

_MOST_PROBLEMS = 10
"""Of one file, as far as they are printed; the journal has all."""


_PROBLEM_CHARS = 500


def ingest_files(arguments: argparse.Namespace) -> ExitCode:
    """0: everything was read whole; 3: the journal says what is missing, broken or empty. The verdict is judge's."""
    found = sources(arguments.files, sys.stdin.buffer)
    redactor = Redactor(secrets_of(os.environ))
    directory = CampaignDirectory.create(arguments.out, redactor)
    taken = ingest(
        found,
        directory,
        campaign=arguments.campaign_id or fresh_campaign_id(),
        environment=arguments.environment,
        stdin=sys.stdin.buffer,
    )
    for one in taken:
        print(ingested_line(one.name, one.format, one.counts))
        for problem in one.problems[:_MOST_PROBLEMS]:
            print(f"ci-tools: {line(redactor.text(f'{one.name}: {problem}'), _PROBLEM_CHARS)}", file=sys.stderr)
        if len(one.problems) > _MOST_PROBLEMS:
            print(f"ci-tools: … {len(one.problems) - _MOST_PROBLEMS} more, in the journal", file=sys.stderr)
    print(f"judge it with: ci-tools judge {arguments.out}")
    return ExitCode.INCONCLUSIVE if any(one.problems for one in taken) else ExitCode.PASS


def diagnose_failures(arguments: argparse.Namespace) -> ExitCode:
    """Name the cause of each failure in a file; 3 where a line could not be read."""
    redactor = Redactor(secrets_of(os.environ))
    with anew(arguments.out) if arguments.out else nullcontext(sys.stdout) as told:
        file = diagnose_file(arguments.file, told, knowledge(), redactor, joint=arguments.joint)
    for problem in file.problems:
        say_error(f"ci-tools: {problem}")
    if file.mute:
        say_error(
            f"ci-tools: {file.path}: {file.mute} of {file.lines} lines hold nothing that is read, so nothing is known "
            f"of them; read are, beside id: {', '.join(KEYS)}"
        )
    return ExitCode.INCONCLUSIVE if file.problems else ExitCode.PASS
