"""Reads a corpus of real JUnit files and compares with what its manifest expects: ``--corpus DIR``; prints JSON.

The manifest lists files with ``well_formed``, ``format`` and ``counts_by_testcase``. It counts elements: a test that
its file calls disabled, and that has no result in it, stands there among the passed ones. Here it is *not run*, and is
added to them for the comparison only; how many these are is printed.
"""

import argparse
import io
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ci_tools.errors import UsageError
from ci_tools.evidence.ingesting import Taken, ingest, sources
from ci_tools.evidence.journal import CampaignDirectory, read
from ci_tools.evidence.redaction import Redactor
from ci_tools.model import Outcome
from ci_tools.verdict.fold import fold
from ci_tools.verdict.judge import judge


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What became of one file."""

    verdict: str
    """Of its journal; empty where it was refused."""
    counts: Mapping[str, int]
    broken: str = ""
    refused: str = ""
    not_run: int = 0
    problems: int = 0


def see(path: Path, out: Path) -> Seen:
    """Make a journal in *out* of the file at *path*, and judge it."""
    nothing = io.BytesIO()
    try:
        found = sources([path], nothing)
    except UsageError as error:
        return Seen(verdict="", counts={}, refused=str(error))
    (taken,) = ingest(
        found, CampaignDirectory.create(out, Redactor()), campaign="corpus", environment="corpus", stdin=nothing
    )
    journal = read(out)
    return Seen(
        verdict=judge(fold(journal.records, journal.problems)).verdict,
        counts=counts_of(taken),
        broken=next((problem for problem in taken.problems if problem.startswith("broken at ")), ""),
        not_run=taken.counts[Outcome.NOT_RUN],
        problems=len(taken.problems),
    )


def counts_of(taken: Taken) -> Mapping[str, int]:
    """The counts of *taken* in the words of the manifest."""
    counts = taken.counts
    return {
        "tests": counts.total(),
        "failures": counts[Outcome.FAILED],
        "errors": counts[Outcome.ERRORED],
        "skipped": counts[Outcome.SKIPPED],
        "passed": counts[Outcome.PASSED] + counts[Outcome.NOT_RUN],
    }


def difference(expected: Mapping[str, Any], seen: Seen) -> str:
    """What is not as the manifest expects; nothing if all is."""
    if not expected["well_formed"]:
        return "" if seen.broken else "it is malformed, and nothing was said"
    if expected.get("format") != "junit":
        return "" if seen.refused else "it is no JUnit, and was read"
    wanted = {
        name: expected["counts_by_testcase"][name] for name in ("tests", "failures", "errors", "skipped", "passed")
    }
    if seen.counts == wanted and not seen.broken:
        return ""
    return f"expected {wanted}, found {dict(seen.counts)} {seen.broken}{seen.refused}"


def summary(corpus: Path) -> dict[str, Any]:
    """What reading every file of the manifest in *corpus* showed."""
    expected = json.loads((corpus / "manifest.json").read_text(encoding="utf-8"))["files"]
    with tempfile.TemporaryDirectory() as folder:
        seen = [see(corpus / one["file"], Path(folder) / str(number)) for number, one in enumerate(expected)]
    pairs = list(zip(expected, seen, strict=True))
    return {
        "files": len(pairs),
        "equal": sum(not difference(one, found) for one, found in pairs),
        "differing": {one["file"]: said for one, found in pairs if (said := difference(one, found))},
        "malformed": {one["file"]: found.broken for one, found in pairs if found.broken},
        "refused": {one["file"]: found.refused for one, found in pairs if found.refused},
        "verdicts": Counter(found.verdict or "refused" for _, found in pairs),
        "with_unexplained_counts": sum(found.problems > 0 and not found.broken for _, found in pairs),
        "not_run": {one["file"]: found.not_run for one, found in pairs if found.not_run},
    }


def main(argv: Sequence[str] | None = None) -> int:
    """0: everything is as the manifest expects; 1: something differs, or the manifest lists nothing."""
    parser = argparse.ArgumentParser(prog="junit_corpus", description=__doc__, allow_abbrev=False)
    parser.add_argument("--corpus", type=Path, required=True, metavar="DIR", help="the folder with manifest.json")
    found = summary(parser.parse_args(argv).corpus)
    print(json.dumps(found, indent=1))  # noqa: T201 - the command line prints
    return 1 if found["differing"] or not found["files"] else 0


if __name__ == "__main__":
    sys.exit(main())
