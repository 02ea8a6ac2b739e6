"""An environment that stands: the deployed one as it is, or a twin started for the purpose."""

import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ci_tools.errors import CredentialsMissingError, UsageError
from ci_tools.model import BypassKey, Environment, ReadyToken
from ci_tools.spec import Spec
from ci_tools.target.pacing import PACING_DIR

_PROVISIONED_BY_TWIN = "twin"
_LOOK_S = 2.0
"""Seconds between two looks at whether a served twin still lives."""


def described(spec: Spec, name: str, environ: Mapping[str, str], faults: Sequence[str]) -> Environment:
    """The environment as far as it is known before it stands: everything but a twin's ports.

    Raises:
        UsageError: it is unknown, a variable is not set, a fault is wanted where no twin is, or *faults* are none,
            or cannot be on together.
        CredentialsMissingError: its secret is not in *environ*.
    """
    raw = spec.declared(name)
    if raw.provision == _PROVISIONED_BY_TWIN:
        from ci_tools.twin.faults import parse_faults  # noqa: PLC0415 - needs the extra [twin]

        parse_faults(faults)
        return raw
    if faults:
        raise UsageError(
            f"--fault {faults[0]}: faults are switched in the twin only, and environment {name!r} is a real one; "
            "leave --fault out or use --environment twin"
        )
    environment = spec.environment(name, environ)
    _require_secret(environment, environ)
    return environment


def _require_secret(environment: Environment, environ: Mapping[str, str]) -> None:
    match environment.auth:
        case BypassKey(key_env=variable) | ReadyToken(token_env=variable) if not environ.get(variable):
            raise CredentialsMissingError(
                f"environment {environment.name!r} authenticates by {environment.auth.strategy}, "
                f"and its variable {variable} is not set; export {variable}, or use --environment twin"
            )
        case _:
            return


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where an environment is, or will be."""

    environment: Environment
    variables: Mapping[str, str]
    """What its users need beside their own environment variables."""
    stand: Callable[[], None]
    """Waits until it stands; raises TwinError if a twin does not."""


@contextmanager
def provisioned(
    spec: Spec, name: str, environ: Mapping[str, str], *, faults: Sequence[str] = (), join: bool = False
) -> Iterator[tuple[Environment, Mapping[str, str]]]:
    """The environment *name*, standing, and the variables that its users need beside *environ*.

    A twin is started and stopped again; with *join* one that a person serves is used instead.
    """
    with begun(spec, name, environ, faults=faults, join=join) as site:
        site.stand()
        yield site.environment, site.variables


@contextmanager
def begun(
    spec: Spec, name: str, environ: Mapping[str, str], *, faults: Sequence[str] = (), join: bool = False
) -> Iterator[Site]:
    """The environment *name* as :func:`provisioned` gives it, while a twin may still be starting."""
    raw = described(spec, name, environ, faults)
    if raw.provision != _PROVISIONED_BY_TWIN:
        yield Site(environment=raw, variables={}, stand=lambda: None)
        return
    from ci_tools.twin.handle import Twin  # noqa: PLC0415 - needs the extra [twin]

    with ExitStack() as stack:
        served = Twin.join() if join else None
        twin = served or stack.enter_context(Twin.begin(faults=faults, time_scale=raw.time_scale))
        # The pace that processes share is worth as much as the twin's edge: it goes with it.
        variables = {**twin.environ, PACING_DIR: str(Path(twin.directory) / "pacing")}
        environment = spec.environment(name, {**environ, **variables})
        yield Site(environment=environment, variables=variables, stand=twin.stand)


def serve(spec: Spec, *, faults: Sequence[str], say: Callable[[str], None]) -> None:
    """Serve a twin for a person until a signal, and say where it is and how to switch its faults.

    Raises:
        UsageError: no environment of *spec* is provisioned by the twin, or one is being served already.
        TwinError: it did not start, or ended by itself.
    """
    from ci_tools.twin.handle import Twin  # noqa: PLC0415 - needs the extra [twin]

    raw = next((one for one in spec.environments.values() if one.provision == _PROVISIONED_BY_TWIN), None)
    if raw is None:
        raise UsageError('no environment has provision = "twin" in the campaign file; add one, or leave the twin out')
    python = shlex.quote(os.path.relpath(sys.executable))
    stop = threading.Event()
    # Under nohup a terminal that closes is no reason to stop.
    hangup = () if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else (signal.SIGHUP,)
    for number in (signal.SIGINT, signal.SIGTERM, *hangup):
        signal.signal(number, lambda *_: stop.set())
    with Twin.start(faults=faults, time_scale=raw.time_scale, served=True) as twin:
        environment = spec.environment(raw.name, dict(twin.environ))
        say("the staging twin is served:")
        for host, url in environment.hosts.items():
            say(f"  {host:<10} {url}")
        say(f"  CA         {environment.ca_file}")
        say(f"try    curl --cacert {environment.ca_file} {environment.hosts['backend']}/health")
        say(f"test   {python} -m pytest tests/e2e --env twin (joins this twin)")
        say(f"break  {python} -m ci_tools faults --on redis_down (without --on: lists them all)")
        say(f"mend   {python} -m ci_tools faults --clear")
        say("stop   Ctrl-C")
        while not stop.wait(_LOOK_S):
            twin.status()
    say("the staging twin is stopped")
