"""How well failures are read, against a file that says what they are: accuracy of causes, B-cubed of fingerprints.

The reading sees only what a stranger's file holds; the answers are taken out before.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ci_tools.diagnosis.failures import of_document
from ci_tools.diagnosis.joint import read_together
from ci_tools.diagnosis.naming import Naming
from ci_tools.diagnosis.reading import Reader
from ci_tools.knowledge_file import knowledge

ANSWERS = frozenset(
    {"acceptable_causes", "group", "confidence", "label_why", "incident", "scope", "format", "truncated"}
)
"""Fields that say what a failure is; no part of a failure."""


@dataclass(frozen=True, kw_only=True)
class Answered:
    """One line of the corpus, and what it was read as."""

    id: str
    cause: str
    fingerprint: str
    acceptable: frozenset[str]
    group: str
    certain: bool
    """Whether the line's own label is."""


@dataclass(frozen=True, kw_only=True)
class Clustering:
    """B-cubed: of a line's fingerprint, how much is of its group, and the other way round, on average over lines."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, kw_only=True)
class Score:
    """How well a corpus was read."""

    lines: int
    certain_lines: int
    right: int
    accuracy: float
    clustering: Clustering
    merged: Mapping[str, list[str]]
    """Fingerprints that hold lines of more than one group, with these groups."""
    split: Mapping[str, int]
    """Groups with more than one fingerprint, with their number."""
    wrong: list[Mapping[str, Any]]
    """Every line whose cause is not acceptable, also of those whose label is not certain."""


def score(answered: Sequence[Answered]) -> Score:
    """The figures of *answered*; an abstention is right only where it is acceptable."""
    certain = [one for one in answered if one.certain]
    right = sum(one.cause in one.acceptable for one in certain)
    return Score(
        lines=len(answered),
        certain_lines=len(certain),
        right=right,
        accuracy=round(right / len(certain), 4) if certain else 0.0,
        clustering=clustering(answered),
        merged={key: groups for key, groups in _groups_by_fingerprint(answered).items() if len(groups) > 1},
        split={group: count for group, count in _fingerprints_by_group(answered).items() if count > 1},
        wrong=[
            {"id": one.id, "cause": one.cause, "acceptable": sorted(one.acceptable), "certain": one.certain}
            for one in answered
            if one.cause not in one.acceptable
        ],
    )


def clustering(answered: Sequence[Answered]) -> Clustering:
    """The B-cubed figures of the fingerprints against the groups; 0 of nothing."""
    both = Counter((one.fingerprint, one.group) for one in answered)
    fingerprints = Counter(one.fingerprint for one in answered)
    groups = Counter(one.group for one in answered)
    count = len(answered) or 1
    precision = sum(both[one.fingerprint, one.group] / fingerprints[one.fingerprint] for one in answered) / count
    recall = sum(both[one.fingerprint, one.group] / groups[one.group] for one in answered) / count
    f1 = 2 * precision * recall / (precision + recall) if answered else 0.0
    return Clustering(precision=round(precision, 4), recall=round(recall, 4), f1=round(f1, 4))


def _groups_by_fingerprint(answered: Iterable[Answered]) -> Mapping[str, list[str]]:
    pairs = sorted({(one.fingerprint, one.group) for one in answered})
    return {key: [group for other, group in pairs if other == key] for key, _ in pairs}


def _fingerprints_by_group(answered: Iterable[Answered]) -> Mapping[str, int]:
    return Counter(group for group, _ in {(one.group, one.fingerprint) for one in answered})


def read(documents: Sequence[Mapping[str, Any]], *, joint: bool) -> list[Answered]:
    """What the diagnosis says of each of *documents*, beside what they say themselves."""
    known = knowledge()
    reader = Reader(known, Naming())
    blind = [{name: value for name, value in one.items() if name not in ANSWERS} for one in documents]
    readings = [reader.read(of_document(one, number)) for number, one in enumerate(blind, start=1)]
    readings = read_together(readings, known) if joint else readings
    return [
        Answered(
            id=str(reading.failure.id),
            cause=reading.cause.id,
            fingerprint=reading.fingerprint.digest,
            acceptable=frozenset(document["acceptable_causes"]),
            group=document["group"],
            certain=document["confidence"] != "low",
        )
        for document, reading in zip(documents, readings, strict=True)
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Print the score of a corpus as JSON."""
    parser = argparse.ArgumentParser(prog="corpus", description=__doc__, allow_abbrev=False)
    parser.add_argument("--corpus", type=Path, required=True, metavar="FILE", help="failures with their answers")
    parser.add_argument("--joint", action="store_true", help="read them as failures of one run")
    arguments = parser.parse_args(argv)
    lines = arguments.corpus.read_text(encoding="utf-8").splitlines()
    documents = [json.loads(line) for line in lines if line.strip()]
    print(json.dumps(asdict(score(read(documents, joint=arguments.joint))), indent=1))  # noqa: T201 - the command line prints
    return 0


if __name__ == "__main__":
    sys.exit(main())
