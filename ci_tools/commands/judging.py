"""What a journal says: ``judge``, ``explain``, and how every campaign ends."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from ci_tools.commands.console import say_error, standard_output
from ci_tools.commands.files import campaign_directory, redactor_of
from ci_tools.commands.step import append
from ci_tools.diagnosis.diagnose import diagnose
from ci_tools.diagnosis.incidents import Incident
from ci_tools.errors import ExitCode, JournalWriteError, UsageError
from ci_tools.evidence.journal import CampaignDirectory, read
from ci_tools.knowledge_file import knowledge
from ci_tools.model import Verdict
from ci_tools.report.actions import annotations, output_lines, outputs, summary
from ci_tools.report.incident_words import explanation
from ci_tools.report.markdown import report
from ci_tools.report.results import document
from ci_tools.report.shown import shown
from ci_tools.report.summary import print_summary
from ci_tools.report.untold import unaccounted, without_incident
from ci_tools.verdict.fold import fold
from ci_tools.verdict.judge import judge
from ci_tools.verdict.judgement import Judgement

RESULTS = "test_results.json"
REPORT = "report.md"
_EXITS = {
    Verdict.PASS: ExitCode.PASS,
    Verdict.FAIL: ExitCode.FAIL,
    Verdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
}


def judged(directory: Path) -> Judgement:
    """What the journal in *directory* says."""
    journal = read(directory)
    return judge(fold(journal.records, journal.problems))


def _diagnosed(directory: Path) -> tuple[Judgement, tuple[Incident, ...]]:
    journal = read(directory)
    state = fold(journal.records, journal.problems)
    judgement = judge(state)
    return judgement, diagnose(state, judgement, knowledge())


def _keep(directory: CampaignDirectory, judgement: Judgement, incidents: Sequence[Incident]) -> None:
    directory.keep_json(RESULTS, document(judgement, incidents))
    directory.keep(REPORT, report(*shown(judgement, incidents, directory.redactor.text)))


def conclude(directory: CampaignDirectory, console: Console) -> ExitCode:
    """Judge the journal in *directory*, keep and print what it says."""
    judgement, incidents = _diagnosed(directory.path)
    _keep(directory, judgement, incidents)
    _show(directory, judgement, incidents, console)
    return _EXITS[judgement.verdict]


def _show(directory: CampaignDirectory, judgement: Judgement, incidents: Sequence[Incident], console: Console) -> None:
    told, causes = shown(judgement, incidents, directory.redactor.text)
    print_summary(told, console, kept_in=str(directory.path), incidents=causes)


def judge_again(arguments: argparse.Namespace) -> ExitCode:
    """Judge a journal again, and renew what is made from it."""
    outer = campaign_directory(arguments.directory)
    directory = CampaignDirectory(outer, redactor_of(outer))
    judgement, incidents = _diagnosed(outer)
    _show(directory, judgement, incidents, standard_output())
    if arguments.github:
        _tell_step(*shown(judgement, incidents, directory.redactor.text))
    try:
        _keep(directory, judgement, incidents)
    except JournalWriteError as error:
        # The evidence is whole and was read; only the files made from it could not be renewed.
        say_error(f"ci-tools: {RESULTS} and {REPORT} were not renewed: {error}")
    return _EXITS[judgement.verdict]


def _tell_step(judgement: Judgement, incidents: Sequence[Incident]) -> None:
    """What a person and the other jobs see of a step in GitHub Actions."""
    for command in annotations(judgement, incidents):
        print(command)
    append("GITHUB_STEP_SUMMARY", summary(report(judgement, incidents)))
    append("GITHUB_OUTPUT", output_lines(outputs(judgement, _EXITS[judgement.verdict])))


def explain(arguments: argparse.Namespace) -> ExitCode:
    """Tell one incident, or all of them, in plain words; asked for one that is not there is a usage error."""
    outer = campaign_directory(arguments.directory)
    judgement, incidents = shown(*_diagnosed(outer), redactor_of(outer).text)
    if arguments.incident is None:
        told = "\n".join(map(explanation, incidents)) or without_incident(judgement, str(outer))
        print("\n\n".join(part for part in (told, unaccounted(judgement, told)) if part))
        return ExitCode.PASS
    chosen = [one for one in incidents if arguments.incident == one.id]
    if not chosen:
        there = ", ".join(one.id for one in incidents) or f"none, and the verdict is {judgement.verdict.value}"
        raise UsageError(f"no incident {arguments.incident!r} in {str(outer)!r}; there: {there}")
    print("\n".join(map(explanation, chosen)))
    return ExitCode.PASS
