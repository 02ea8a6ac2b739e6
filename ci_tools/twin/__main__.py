"""``python -m ci_tools.twin``: a twin in the foreground.

A line of JSON on standard output tells where it will be, and a second one, ``{"healthy": true}``, that it is; or
``{"error": …}`` why it is not. It ends on SIGTERM, SIGINT, or at the end of its standard input, and leaves nothing
behind.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ci_tools.errors import CampaignError, ExitCode, TwinError
from ci_tools.twin.directory import TwinDirectory, pointer_held, publish, user_folder, withdraw
from ci_tools.twin.effects import Switch
from ci_tools.twin.faults import parse_faults
from ci_tools.twin.lifetime import Lifetime

if TYPE_CHECKING:
    from ci_tools.twin.supervisor import Supervisor


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m ci_tools.twin", description="Run a local staging twin.")
    parser.add_argument("--time-scale", type=float, default=0.1, metavar="X", help="real seconds per second")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME[:VALUE][@session=S]", help="switched on")
    parser.add_argument("--served", action="store_true", help="let campaigns of this checkout join the twin")
    return parser.parse_args(argv)


async def run(options: argparse.Namespace, switches: Sequence[Switch]) -> None:
    """A twin lived and is gone."""
    from ci_tools.twin.supervisor import Supervisor  # noqa: PLC0415  the command line answers without it

    folder = user_folder()
    with pointer_held(folder) if options.served else nullcontext() as pointer:
        lifetime = Lifetime()
        lifetime.begin()
        directory = TwinDirectory.create(folder)
        try:
            supervisor = Supervisor(directory.path, time_scale=options.time_scale, switches=switches)
            try:
                await _serve(supervisor, lifetime, pointer)
            finally:
                await supervisor.stop()
        finally:
            directory.remove()
            lifetime.end()


async def _serve(supervisor: "Supervisor", lifetime: Lifetime, pointer: Path | None) -> None:
    """It lives until it is told to end; *pointer* tells of it while it is healthy."""
    announcement = supervisor.announcement().document()
    _say(announcement)
    starting = asyncio.create_task(supervisor.start())
    told = asyncio.create_task(lifetime.over.wait())
    await asyncio.wait({starting, told}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        with suppress(asyncio.CancelledError):
            await starting
        raise TwinError("the twin was told to stop before it was healthy")
    starting.result()
    if pointer is not None:
        publish(pointer, announcement)
    try:
        _say({"healthy": True})
        await told
    finally:
        if pointer is not None:
            withdraw(pointer)


def _say(document: dict[str, object]) -> None:
    with suppress(BrokenPipeError):
        print(json.dumps(document), flush=True)  # noqa: T201  the lines that whoever started us waits for


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status of ``python -m ci_tools.twin``."""
    options = arguments(sys.argv[1:] if argv is None else argv)
    try:
        asyncio.run(run(options, parse_faults(options.fault)))
    except CampaignError as error:
        _say({"error": str(error), "usage": error.exit_code is ExitCode.USAGE})
        return int(error.exit_code)
    return int(ExitCode.PASS)


if __name__ == "__main__":
    sys.exit(main())
