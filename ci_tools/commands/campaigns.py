"""``campaign`` and ``plan``: what is to run, and running it."""

import argparse
import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

from rich.console import Console

from ci_tools.arguments import DEFAULT_ENVIRONMENT, LONGEST, PHASES, RANDOM
from ci_tools.commands.console import kept_in, say_error, standard_output
from ci_tools.commands.files import owners_beside, read_spec, read_text, redactor_for, write_anew
from ci_tools.commands.judging import conclude, judged
from ci_tools.errors import CampaignError, CredentialsMissingError, ExitCode, UsageError
from ci_tools.evidence.journal import CampaignDirectory
from ci_tools.model import Previous
from ci_tools.planning.plan_file import PlanFile, from_text, planned, to_text
from ci_tools.planning.plans import plan as decide_plan
from ci_tools.process.stopping import signals_wait
from ci_tools.report.planned import print_plan
from ci_tools.spec import Spec
from ci_tools.verdict.changes import previous_of

PARENT = "CI_TOOLS_PARENT"
"""Environment variable with the id of the process whose end ends a campaign: nox does not pass SIGTERM on."""


def run_campaign(arguments: argparse.Namespace) -> ExitCode:
    """Run a campaign, or a part of one, and judge what its directory then holds."""
    with signals_wait():
        from ci_tools.runner.campaign import CampaignRun, Request  # noqa: PLC0415 - heavy, only this command needs it
        from ci_tools.runner.progress import Progress  # noqa: PLC0415 - heavy, and only this command needs it

    spec, digest = read_spec(arguments.spec)
    if arguments.shard is not None and not arguments.plan_file:
        raise UsageError("--shard needs --plan-file FILE, as written by: ci-tools plan --shards N --out FILE")
    given = _given(arguments, digest) if arguments.plan_file else None
    campaign = arguments.campaign_id or fresh_campaign_id()
    out = arguments.out or Path("campaigns") / campaign
    environment = given.plan.environment if given else _asked_place(arguments)
    shards = given.shards if given and (len(given.shards) > 1 or arguments.shard) else ()
    request = Request(
        environment=environment,
        plan=given.plan.name if given else _plan_name(arguments),
        phases=_phases(arguments),
        faults=tuple(arguments.fault),
        workers=arguments.workers,
        seed=given.seed if given else _seed(arguments.order),
        previous=given.previous if given else _previous(arguments.previous, environment),
        shards=shards,
        shard=given.shard(arguments.shard) if given and shards else None,
        campaign=campaign,
        root=arguments.spec.resolve().parent,
        owners=owners_beside(arguments.spec.resolve().parent),
        # Inherited from further up it is not meant for us: who started us stands where we are.
        parent=os.getppid() if os.environ.get(PARENT) == str(os.getppid()) else None,
    )
    console = standard_output()
    redactor = redactor_for(spec)
    with kept_in(out), Progress(console, live=console.is_terminal, clock=time.monotonic) as progress:
        run = CampaignRun.prepare(
            spec,
            request,
            out=out,
            redactor=redactor,
            progress=progress,
            environ=os.environ,
            planned=given.plan if given else None,
        )
        run.run()
    return _concluded(CampaignDirectory(out, redactor), console)


def _concluded(directory: CampaignDirectory, console: Console) -> ExitCode:
    try:
        with kept_in(directory.path):
            return conclude(directory, console)
    except KeyboardInterrupt as stop:
        next_step = f"the journal is whole, so judge it with: ci-tools judge {directory.path}"
        say_error(f"ci-tools: interrupted while judging: {stop}; {next_step}")
        return ExitCode.INCONCLUSIVE


def plan_ahead(arguments: argparse.Namespace) -> ExitCode:
    """Say what a campaign would run; with ``--out``, for other jobs to run it."""
    spec, digest = read_spec(arguments.spec)
    name = place(arguments, spec)
    plan_file = planned(
        spec,
        decide_plan(spec, spec.environments[name], _plan_name(arguments), _phases(arguments)),
        spec_digest=digest,
        count=None if arguments.shards == PHASES else arguments.shards,
        seed=_seed(arguments.order),
        previous=_previous(arguments.previous, name) or _previous_if_any(arguments.previous_if_any, name),
    )
    if arguments.out:
        redactor = redactor_for(spec)
        write_anew(arguments.out, json.dumps(redactor.value(json.loads(to_text(plan_file))), indent=1) + "\n")
    print_plan(plan_file.plan, plan_file.shards, standard_output())
    return ExitCode.PASS


def _given(arguments: argparse.Namespace, digest: str) -> PlanFile:
    """What another job has planned.

    Raises:
        UsageError: it is unreadable, or something is asked for that was decided when planning.
    """
    for option in ("environment", "plan", "phase", "previous", "order"):
        if getattr(arguments, option) not in (None, []):
            raise UsageError(
                f"--{option} beside --plan-file: that was decided when planning; "
                f"leave it out, or give it to ci-tools plan --out {arguments.plan_file}"
            )
    text = read_text(arguments.plan_file, "--plan-file")
    plan_file = from_text(text, str(arguments.plan_file), digest)
    plan_file.shard(arguments.shard)
    if len(plan_file.shards) > 1 and not arguments.campaign_id:
        raise UsageError("--shard needs --campaign-id ID, the same in all jobs: their journals are one campaign's")
    return plan_file


def place(arguments: argparse.Namespace, spec: Spec) -> str:
    """The environment to plan for: the one asked for, or the other where its secret is not given to us.

    Raises:
        UsageError: one of the two is unknown. Where the secret is set, too: a typing error must not wait for it.
    """
    from ci_tools.runner.provisioning import described  # noqa: PLC0415 - heavy, and only a choice of places needs it

    name = _asked_place(arguments)
    for one in (name, arguments.otherwise):
        if one is not None:
            spec.declared(one)
    if arguments.otherwise is None:
        return name
    try:
        described(spec, name, os.environ, ())
    except CredentialsMissingError as error:
        say_error(f"ci-tools: {error}; planned for {arguments.otherwise!r} instead, as asked for")
        return str(arguments.otherwise)
    return name


def _asked_place(arguments: argparse.Namespace) -> str:
    """The name that was given. An empty one, as of a variable that is not set, is no wish for the default."""
    return DEFAULT_ENVIRONMENT if arguments.environment is None else str(arguments.environment)


def _phases(arguments: argparse.Namespace) -> tuple[str, ...]:
    """The phases that were named; none where a form was left empty: then more is verified, not less."""
    return tuple(name.strip() for text in arguments.phase for name in text.split(",") if name.strip())


def _plan_name(arguments: argparse.Namespace) -> str:
    usual = "full" if _phases(arguments) else "auto"
    return usual if arguments.plan is None else str(arguments.plan)


def _seed(order: str | None) -> int | None:
    """The seed of a random order; None: longest first."""
    found = RANDOM.fullmatch(order or LONGEST)
    return int(found[1]) if found else None


def _previous(directory: Path | None, environment: str) -> Previous | None:
    """What the campaign in *directory* saw.

    Raises:
        UsageError: it cannot be judged, or ran somewhere else.
    """
    if directory is None:
        return None
    try:
        judgement = judged(directory)
    except CampaignError as error:
        raise UsageError(f"--previous: {error}") from error
    if judgement.environment != environment:
        raise UsageError(
            f"--previous {str(directory)!r} ran on {judgement.environment!r}, this campaign runs on {environment!r}; "
            "compare campaigns of one environment"
        )
    return previous_of(judgement)


def _previous_if_any(directory: Path | None, environment: str) -> Previous | None:
    """What the campaign in *directory* saw; None where there is none, or none that can be compared with."""
    if directory is None or not directory.is_dir():
        return None
    try:
        return _previous(directory, environment)
    except CampaignError as error:
        say_error(f"ci-tools: {error}; this campaign is compared with none")
        return None


def fresh_campaign_id() -> str:
    """A name that no other campaign has."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{token_hex(3)}"
