"""``twin``, ``faults`` and ``schema``."""

import argparse
import json

from ci_tools.commands.console import standard_output
from ci_tools.commands.files import read_spec
from ci_tools.errors import ExitCode, UsageError
from ci_tools.process.stopping import signals_wait
from ci_tools.report.catalogue import print_faults
from ci_tools.report.schema import schema as results_schema
from ci_tools.spec import schema as spec_schema


def print_schema(arguments: argparse.Namespace) -> ExitCode:
    """Print a JSON Schema."""
    print(json.dumps(results_schema() if arguments.name == "results" else spec_schema(), indent=2))
    return ExitCode.PASS


def list_faults(arguments: argparse.Namespace) -> ExitCode:
    """List the twin's faults, or switch them in the twin that is being served."""
    from ci_tools.twin.faults import catalogue_json  # noqa: PLC0415 - needs the extra [twin]

    if arguments.on or arguments.off or arguments.clear:
        return _switch(arguments)
    console = standard_output()
    if console.is_terminal:
        print_faults(catalogue_json(), console)
    else:
        print(json.dumps(catalogue_json(), indent=2))
    return ExitCode.PASS


def _switch(arguments: argparse.Namespace) -> ExitCode:
    from ci_tools.twin.handle import Twin  # noqa: PLC0415 - needs the extra [twin]

    twin = Twin.join()
    if twin is None:
        raise UsageError("no twin is being served here; start one with: nox -s twin")
    off = twin.status()["faults"] if arguments.clear else [arguments.off] if arguments.off else []
    for fault in off:
        twin.switch(fault, on=False)
    if arguments.on:
        twin.switch(arguments.on, on=True)
    print(f"switched on now: {', '.join(twin.status()['faults']) or 'nothing'}")
    return ExitCode.PASS


def serve_twin(arguments: argparse.Namespace) -> ExitCode:
    """Serve the twin for a person."""
    with signals_wait():
        from ci_tools.runner.provisioning import serve  # noqa: PLC0415 - heavy, and only this command needs it

    serve(read_spec(arguments.spec)[0], faults=arguments.fault, say=print)
    return ExitCode.PASS
