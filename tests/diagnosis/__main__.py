"""Runs every fault of the twin, alone and in pairs, and prints how the diagnoses compare with the fault table.

``python -m tests.diagnosis`` prints one JSON document: the confusion matrix, shares, times, and each wrong trial.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Any

from ci_tools.diagnosis.owners import owner_of, parse
from tests.diagnosis.corpus import read
from tests.diagnosis.corpus import score as score_corpus
from tests.diagnosis.fault_table import TABLE, FaultTable, RelationKind
from tests.diagnosis.scoring import Score, matrix, score
from tests.diagnosis.trials import ROOT, Outcome, Trial, run

SINGLES_WANTED = 1.0
PAIRS_WANTED = 0.95
CONFIRMED_WITHIN_S = 30.0


def main(argv: Sequence[str] | None = None) -> int:
    """Run what was asked for; 0 if all targets are met."""
    arguments = _arguments(argv)
    table = FaultTable.read(TABLE.read_text(encoding="utf-8"))
    seed = arguments.seed if arguments.seed is not None else int(time.time())
    trials = chosen(table, random.Random(seed), arguments)  # noqa: S311 - a draw, no secret
    with tempfile.TemporaryDirectory(prefix="diagnosis-") as folder:
        place = Path(arguments.keep or folder)
        before = place / "before"
        run(Trial(), before)
        outcomes = list(_run_all(trials, place, before, arguments.jobs))
    document = summed(outcomes, table, seed)
    if arguments.corpus:
        document["corpus"] = scored(arguments.corpus)
    text = json.dumps(document, indent=1) + "\n"
    sys.stdout.write(text)
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")
    return 0 if document["met"] else 1


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.diagnosis", description=__doc__)
    parser.add_argument("--seed", type=int, help="of the draw of pairs (default: the time; it is printed)")
    parser.add_argument("--pairs", type=_number, default=30, metavar="N")
    parser.add_argument("--healthy", type=_number, default=20, metavar="N")
    parser.add_argument("--singles", default="all", metavar="NAME,…", help="faults to run alone, or a number to draw")
    parser.add_argument("--pair", action="append", default=[], metavar="A+B", help="this pair, too; repeatable")
    parser.add_argument("--jobs", type=_count, default=1, metavar="N", help="trials at once")
    parser.add_argument("--out", type=Path, metavar="FILE", help="keep the document there, too")
    parser.add_argument("--corpus", type=Path, metavar="FILE", help="hold the reading of these failures, too")
    parser.add_argument("--keep", metavar="DIR", help="keep the campaigns' directories there")
    return parser.parse_args(argv)


def _number(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 on")
    return int(text)


def _count(text: str) -> int:
    if _number(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)


def chosen(table: FaultTable, draw: random.Random, arguments: argparse.Namespace) -> list[Trial]:
    """The trials: faults alone, drawn pairs that the twin allows, pairs by name, healthy ones."""
    pairs = [pair for pair in combinations(table.fault, 2) if table.relation(*pair).kind is not RelationKind.EXCLUDED]
    drawn = draw.sample(pairs, min(arguments.pairs, len(pairs)))
    named = [tuple(text.split("+")) for text in arguments.pair]
    return [
        *(Trial(faults=(name,)) for name in _singles(table, draw, arguments.singles)),
        *(Trial(faults=pair) for pair in dict.fromkeys([*named, *drawn])),
        *[Trial()] * arguments.healthy,
    ]


def _singles(table: FaultTable, draw: random.Random, wanted: str) -> Sequence[str]:
    if wanted.isdecimal():
        return draw.sample(list(table.fault), min(int(wanted), len(table.fault)))
    return list(table.fault) if wanted == "all" else wanted.split(",")


def _run_all(trials: Sequence[Trial], folder: Path, before: Path, jobs: int) -> Iterator[Outcome]:
    def numbered(number: int) -> Outcome:
        trial = trials[number]
        place = folder / f"{number:03}-{trial.name}"
        try:
            outcome = run(trial, place, previous=before)
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            # One trial that cannot be had is wrong, and no reason to lose all others.
            sys.stderr.write(f"{trial.name}: {error}\n")
            outcome = Outcome(trial=trial, exit_code=4, took_s=0.0, incidents=(), confirmed_s=None)
        told = ", ".join(f"{one['cause']}@{one['dependency']}" for one in outcome.incidents) or "no incident"
        sys.stderr.write(f"{number + 1}/{len(trials)} {trial.name}: {told} ({outcome.took_s:.0f} s)\n")
        sys.stderr.flush()
        return outcome

    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(numbered, range(len(trials)))


def summed(outcomes: Sequence[Outcome], table: FaultTable, seed: int) -> dict[str, Any]:
    """All of it as one JSON document."""
    lines = parse((ROOT / "CODEOWNERS").read_text(encoding="utf-8"))
    names = {each.owner.rpartition("/")[2] for each in table.fault.values()}
    owners = {name: line.owners for name in names if (line := owner_of(name, lines))}
    scores = [score(outcome, table, owners) for outcome in outcomes]
    groups = {
        kind: [one for one in scores if len(one.trial.faults) == size]
        for kind, size in (("healthy", 0), ("singles", 1), ("pairs", 2))
    }
    groups["more"] = [one for one in scores if len(one.trial.faults) > 2]
    late = [one for one in outcomes if one.confirmed_s is not None and one.confirmed_s > CONFIRMED_WITHIN_S]
    wanted = {"healthy": 1.0, "singles": SINGLES_WANTED, "pairs": PAIRS_WANTED, "more": 1.0}
    shares = {kind: _share(group) for kind, group in groups.items()}
    confirmed = [one.confirmed_s for one in outcomes if one.confirmed_s is not None]
    return {
        "seed": seed,
        "trials": {kind: len(group) for kind, group in groups.items()},
        "right": shares,
        "targets": wanted,
        "confirmed_s": {"median": median(confirmed), "max": max(confirmed)} if confirmed else None,
        "later_than_30_s": [one.trial.name for one in late],
        "took_s": {"median": median(one.took_s for one in outcomes), "max": max(one.took_s for one in outcomes)},
        "confusion": matrix(scores),
        "wrong": [_told(one) for one in scores if not one.right],
        "met": all(share is None or share >= wanted[kind] for kind, share in shares.items()),
    }


def scored(corpus: Path) -> dict[str, Any]:
    """How the failures in the file *corpus* are read, line by line."""
    lines = corpus.read_text(encoding="utf-8").splitlines()
    return asdict(score_corpus(read([json.loads(line) for line in lines if line.strip()], joint=False)))


def _share(scores: Sequence[Score]) -> float | None:
    return sum(one.right for one in scores) / len(scores) if scores else None


def _told(one: Score) -> dict[str, Any]:
    relation = one.relation.model_dump(mode="json") if one.relation else None
    return {"faults": one.trial.faults, "relation": relation, "found": one.found, "problems": one.problems}


if __name__ == "__main__":
    sys.exit(main())
