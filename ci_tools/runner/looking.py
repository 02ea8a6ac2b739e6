"""Probes without tests: asked once, for a person or for a heartbeat."""

import asyncio
from collections.abc import Mapping, Sequence

from ci_tools.errors import UsageError
from ci_tools.evidence.redaction import Redactor, secrets_of
from ci_tools.model import Environment, Observation
from ci_tools.probes.clients import clients_of
from ci_tools.probes.survey import survey
from ci_tools.questions import Probe
from ci_tools.report.shown import masked
from ci_tools.runner.provisioning import described, provisioned
from ci_tools.spec import Spec


def looked(
    spec: Spec, name: str, probes: Sequence[str], environ: Mapping[str, str], *, faults: Sequence[str] = ()
) -> list[Observation]:
    """What *probes* see of environment *name* now, masked; without any, all that it has. A served twin is joined.

    Raises:
        UsageError: the environment or a probe is unknown, or a variable is not set.
    """
    with provisioned(spec, name, environ, faults=faults, join=not faults) as (environment, variables):
        chosen, known = _chosen(environment, probes), {**environ, **variables}
        redactor = Redactor(secrets_of(known, environment.secret_names))
        return [masked(seen, redactor.text) for seen in asyncio.run(_look(environment, chosen, known))]


def check(
    spec: Spec, name: str, probes: Sequence[str], environ: Mapping[str, str], *, faults: Sequence[str] = ()
) -> None:
    """Raise what :func:`looked` would of its arguments, before anything is written or asked."""
    _chosen(described(spec, name, environ, faults), probes)


def _chosen(environment: Environment, names: Sequence[str]) -> list[Probe]:
    known = {probe.name: probe for probe in environment.probes}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError(
            f"unknown probe {unknown[0]!r} of environment {environment.name!r}; "
            f"known: {', '.join(known) or 'none: declare some as [probes.NAME]'}"
        )
    return [known[name] for name in names or known]


async def _look(environment: Environment, probes: Sequence[Probe], environ: Mapping[str, str]) -> list[Observation]:
    async with clients_of(environment, environ) as clients:
        return await survey(probes, clients)
