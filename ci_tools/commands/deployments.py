"""``deployment-status`` and ``last-campaign``: a verdict where GitHub shows it, and where the one before is kept."""

import argparse
import os
from pathlib import Path

from ci_tools.commands.campaigns import place
from ci_tools.commands.console import say_error
from ci_tools.commands.files import read_spec, redactor_of
from ci_tools.commands.judging import judged
from ci_tools.errors import ExitCode, IssueTrackerError
from ci_tools.model import Verdict


def tell_status(arguments: argparse.Namespace) -> ExitCode:
    """Give a deployment on GitHub the status of a campaign's verdict; 0 once it is told, whatever the verdict."""
    from ci_tools.github.deployments import tell_deployment  # noqa: PLC0415 - heavy, and only this command needs it

    verdict, words = _said(arguments.directory)
    state = tell_deployment(arguments.repo, arguments.deployment, verdict, words, os.environ, log_url=arguments.run_url)
    print(f"deployment {arguments.deployment} of {arguments.repo} is told: {state}")
    return ExitCode.PASS


def _said(directory: Path | None) -> tuple[Verdict, str]:
    if directory is None:
        return Verdict.INCONCLUSIVE, f"{Verdict.INCONCLUSIVE.value}: what the campaign saw was lost"
    judgement = judged(directory)
    # The reasons stand in the report: a description is seen by all who see the deployment.
    words = f"{judgement.verdict.value} on {judgement.environment}, plan {judgement.plan_name}"
    return judgement.verdict, redactor_of(directory).text(words)


def name_last_campaign(arguments: argparse.Namespace) -> ExitCode:
    """Print run and name of its artifact as outputs of a step; nothing where there is none, or GitHub does not say."""
    from ci_tools.github.artifacts import last_campaign  # noqa: PLC0415 - heavy, and only this command needs it

    environment = place(arguments, read_spec(arguments.spec)[0])
    try:
        found = last_campaign(arguments.repo, environment, os.environ, branch=arguments.branch, but=arguments.but_run)
    except IssueTrackerError as error:
        # Nothing waits for a comparison.
        say_error(f"ci-tools: {error}; this campaign is compared with none")
        return ExitCode.PASS
    if found is None:
        # Standard output stays empty: it is what a step hands on.
        where = f"{environment!r} that a run of branch {arguments.branch!r} of {arguments.repo} has kept"
        say_error(f"ci-tools: no campaign on {where} was found; this campaign is compared with none")
        return ExitCode.PASS
    print(f"run={found.run}\nartifact={found.name}")
    return ExitCode.PASS
