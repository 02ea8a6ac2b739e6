"""Measures ``ci-tools campaign`` beside plain pytest and beside the least time that the same tests could need."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from ci_tools.errors import ExitCode, UsageError
from tests.bench.competitors import NoReferenceError
from tests.bench.document import document
from tests.bench.measuring import Options, measure
from tests.bench.suites import planned_suites
from tests.bench.table import print_tables

_WORKERS = (2, 4, 6, 8)


def main(argv: Sequence[str] | None = None) -> int:
    """0: everything was measured, whatever the figures; 1: something did not pass; 2: usage."""
    arguments = _parser().parse_args(argv)
    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    options = Options(
        workers=tuple(dict.fromkeys(arguments.workers)),
        repeat=arguments.repeat,
        phases=tuple(arguments.phase),
        trivial=arguments.trivial,
    )
    try:
        measured = measure(options, planned_suites(options.phases), console.print)
    except UsageError as error:
        print(f"bench: {error}", file=sys.stderr)  # noqa: T201 - the command line prints
        return ExitCode.USAGE
    except NoReferenceError as error:
        print(f"bench: {error}", file=sys.stderr)  # noqa: T201 - the command line prints
        return ExitCode.FAIL
    if arguments.out:
        arguments.out.write_text(json.dumps(document(measured), indent=1) + "\n", encoding="utf-8")
    print_tables(measured, console)
    return ExitCode.FAIL if measured.problems else ExitCode.PASS


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--workers",
        type=_count,
        nargs="+",
        default=_WORKERS,
        metavar="N",
        help="numbers of workers (default 2 4 6 8)",
    )
    parser.add_argument("--repeat", type=_count, default=3, metavar="R", help="turns (default %(default)s)")
    parser.add_argument(
        "--phase", action="append", default=[], metavar="N", help="only this phase, by number or name; repeatable"
    )
    parser.add_argument(
        "--trivial", type=_count, default=300, metavar="N", help="tests that do nothing (default %(default)s)"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="keep everything as JSON")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
