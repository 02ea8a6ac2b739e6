"""``deployment-status``: a verdict where GitHub shows deployments."""

import argparse
import os
from pathlib import Path

from ci_tools.commands.files import redactor_of
from ci_tools.commands.judging import judged
from ci_tools.errors import ExitCode
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
