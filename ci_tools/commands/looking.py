"""``probe`` and ``heartbeat``: the system's parts, asked without tests."""

import argparse
import json
import os
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from secrets import token_hex

from ci_tools.commands.console import say_error, standard_output
from ci_tools.commands.files import read_spec, redactor_for
from ci_tools.errors import CredentialsMissingError, ExitCode
from ci_tools.evidence.events import HeartbeatStarted, Observed
from ci_tools.evidence.journal import HEARTBEAT, CampaignDirectory
from ci_tools.model import DependencyState, Observation, ReliabilityGate
from ci_tools.report.observations import observation_documents, print_observations
from ci_tools.spec import Spec


def probe(arguments: argparse.Namespace) -> ExitCode:
    """Ask the parts of a system once."""
    from ci_tools.runner.looking import looked  # noqa: PLC0415 - heavy, and only asking needs it

    spec, _ = read_spec(arguments.spec)
    seen = looked(spec, arguments.environment, arguments.names, os.environ, faults=arguments.fault)
    if arguments.json:
        print(json.dumps(observation_documents(seen), indent=2))
    else:
        print_observations(seen, standard_output())
    return _standing(seen)


def heartbeat(arguments: argparse.Namespace) -> ExitCode:
    """Append what the probes see to the journal in a directory of heartbeats; several may do so at once."""
    from ci_tools.runner.looking import check, looked  # noqa: PLC0415 - heavy, and only asking needs it

    spec, _ = read_spec(arguments.spec)
    environment = spec.declared(arguments.environment).name
    if arguments.while_open is not None and (reason := _why_not(spec, environment, arguments.while_open)):
        say_error(f"ci-tools: {reason}; nothing is asked")
        return ExitCode.PASS
    check(spec, environment, arguments.names, os.environ, faults=arguments.fault)
    directory = CampaignDirectory.of_heartbeats(arguments.out, redactor_for(spec))
    seen = looked(spec, environment, arguments.names, os.environ, faults=arguments.fault)
    with closing(directory.writer(f"{HEARTBEAT}{datetime.now(UTC):%Y%m%dT%H%M%S}-{token_hex(3)}")) as writer:
        writer.write(_started(spec, environment))
        for observation in seen:
            writer.write(Observed(observation=observation))
    print_observations(seen, standard_output())
    return _standing(seen)


def _started(spec: Spec, environment: str) -> HeartbeatStarted:
    """What whoever reads the observations has to know beside them."""
    gates = [gate for phase in spec.phases for gate in phase.gates if isinstance(gate, ReliabilityGate)]
    judged: dict[str, tuple[str, ...]] = {}
    for gate in gates:
        judged[gate.dependency] = tuple(dict.fromkeys((*judged.get(gate.dependency, ()), gate.probe)))
    return HeartbeatStarted(
        environment=environment, time_scale=spec.environments[environment].time_scale, judged=judged
    )


def _why_not(spec: Spec, environment: str, repo: str) -> str:
    """Why a heartbeat that waits for an issue has nothing to do here: a schedule runs in every fork, with no secret."""
    from ci_tools.runner.provisioning import described  # noqa: PLC0415 - heavy, and only this choice needs it

    if not _has_open_issue(repo):
        return f"no issue of a campaign is open in {repo}"
    try:
        described(spec, environment, os.environ, ())
    except CredentialsMissingError as error:
        return str(error)
    return ""


def _has_open_issue(repo: str) -> bool:
    from ci_tools.github.issues import GitHubIssues  # noqa: PLC0415 - heavy, and only this choice needs it

    with GitHubIssues.from_environ(repo, os.environ) as tracker:
        return any(issue.is_open for issue in tracker.read())


def _standing(seen: Sequence[Observation]) -> ExitCode:
    """1 if anything is wrong, 3 if nothing is and not all could be told, or nothing was seen."""
    states = {one.state for one in seen}
    if any(state.is_failing for state in states):
        return ExitCode.FAIL
    return ExitCode.PASS if states == {DependencyState.UP} else ExitCode.INCONCLUSIVE
