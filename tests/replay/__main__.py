"""Replays outages, recoveries and what people do, as ci-tools and four other tools would file them on GitHub.

Prints how they compare, and whether each promise about our own issues holds.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from ci_tools.errors import ExitCode
from tests.replay.document import OURS, Replay, Row, document
from tests.replay.ours import History, replayed
from tests.replay.promises import promises
from tests.replay.rivals import MODELS, filed_by
from tests.replay.scenarios import REPEATS, Scenario, scenarios
from tests.replay.table import print_tables

_WIDTH = 120


def main(argv: Sequence[str] | None = None) -> int:
    """0: every promise holds; 1: one does not, or nothing is promised of what was replayed."""
    arguments = _parser().parse_args(argv)
    chosen = [one for one in scenarios(arguments.repeats) if one.name in (arguments.only or [one.name])]
    with tempfile.TemporaryDirectory(prefix="replay-") as folder:
        replay = run(chosen, Path(folder), lambda text: print(text, file=sys.stderr, flush=True))  # noqa: T201 - progress
    if arguments.json:
        arguments.json.write_text(json.dumps(document(replay), indent=1) + "\n", encoding="utf-8")
    print_tables(replay, Console(width=None if sys.stdout.isatty() else _WIDTH, highlight=False))
    return ExitCode.PASS if replay.is_kept else ExitCode.FAIL


def run(chosen: Sequence[Scenario], folder: Path, tell: Callable[[str], object]) -> Replay:
    """Every scenario of *chosen*, by every tool; journals are kept in *folder*."""
    histories: dict[str, History] = {}
    rows = []
    for scenario in chosen:
        tell(f"{scenario.name}: {scenario.about}")
        history = histories[scenario.name] = replayed(scenario, folder / scenario.name.replace(" ", "-"))
        figures = {name: filed_by(model, scenario) for name, model in MODELS.items()}
        rows.append(Row(scenario=scenario, figures={OURS: history.figures, **figures}))
    return Replay(rows=rows, promises=promises(histories))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="triage-replay", description=__doc__, allow_abbrev=False)
    names = [one.name for one in scenarios()]
    parser.add_argument(
        "--only", action="append", choices=names, metavar="NAME", help=f"of: {', '.join(names)}; repeatable"
    )
    parser.add_argument(
        "--repeats",
        type=_repeats,
        default=REPEATS,
        metavar="N",
        help="campaigns of the outage that goes on (default %(default)s)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep everything as JSON")
    return parser


def _repeats(text: str) -> int:
    if not text.isdecimal() or int(text) < 3:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 3 on")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
