"""``deployment-status``: a verdict where GitHub shows deployments."""

import argparse
import os

from ci_tools.commands.files import redactor_of
from ci_tools.commands.judging import judged
from ci_tools.errors import ExitCode


def tell_status(arguments: argparse.Namespace) -> ExitCode:
    """Give a deployment on GitHub the status of a campaign's verdict; 0 once it is told, whatever the verdict."""
    from ci_tools.github.deployments import tell_deployment  # noqa: PLC0415 - heavy, and only this command needs it

    judgement = judged(arguments.directory)
    # The reasons stand in the report: a description is seen by all who see the deployment.
    words = redactor_of(arguments.directory).text(
        f"{judgement.verdict.value} on {judgement.environment}, plan {judgement.plan_name}"
    )
    state = tell_deployment(
        arguments.repo, arguments.deployment, judgement.verdict, words, os.environ, log_url=arguments.run_url
    )
    print(f"deployment {arguments.deployment} of {arguments.repo} is told: {state}")
    return ExitCode.PASS
