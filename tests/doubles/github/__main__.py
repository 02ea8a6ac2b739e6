"""Serve the double until its standard input ends: its URL stands on the first line of standard output."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.doubles.github.control import CONTROL, switch
from tests.doubles.github.documents import owners_error
from tests.doubles.github.double import REPO, TOKEN
from tests.doubles.github.server import GitHubDouble


def main(argv: Sequence[str] | None = None) -> int:
    """0: served; 1: something that was asked or answered is not what GitHub describes, and is named; 2: usage."""
    arguments = _parser().parse_args(argv)
    with GitHubDouble(arguments.repo, arguments.token, port=arguments.port) as double:
        try:
            switch(double.switches, json.loads(arguments.switches))
        except ValueError as error:
            print(f"--switches: {error}", file=sys.stderr)  # noqa: T201 - the command line prints
            return 2
        for document in json.loads(arguments.issues.read_text(encoding="utf-8")) if arguments.issues else ():
            double.file(**{**document, "labels": tuple(document.get("labels", ()))})
        double.repository.deployments = {number: [] for number in arguments.deployment}
        double.repository.owners_errors = [owners_error(1, owner) for owner in arguments.unknown_owner]
        print(double.url, flush=True)  # noqa: T201 - the command line prints
        sys.stdin.read()
    for violation in double.violations:
        print(f"not what GitHub describes: {violation}", file=sys.stderr)  # noqa: T201 - the command line prints
    return 1 if double.violations else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.doubles.github",
        description=f"{__doc__} What it remembers: GET {CONTROL}state; what goes wrong: PATCH {CONTROL}switches.",
    )
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--repo", default=REPO, metavar="OWNER/NAME", help="default %(default)s")
    parser.add_argument("--token", default=TOKEN, help="the one that is accepted; default %(default)s")
    parser.add_argument("--switches", default="{}", metavar="JSON", help='such as {"list_lag": 2}')
    parser.add_argument("--issues", type=Path, metavar="FILE", help="issues that stand there already, a JSON list")
    parser.add_argument("--deployment", type=int, action="append", default=[], metavar="N", help="one that was made")
    parser.add_argument("--unknown-owner", action="append", default=[], metavar="@OWNER", help="in CODEOWNERS")
    return parser


if __name__ == "__main__":
    sys.exit(main())
