"""The command line as a person or a workflow starts it: in a process of its own, with bounds."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
"""The repository, or the copy of it that these tests stand in."""
OUTCOMES = ("passed", "failed", "errored", "skipped", "blocked", "not_run")
CAMPAIGN_S = 900.0
"""After this long a campaign hangs."""
FIRST_PHASE = ("--phase", "1")
"""What bounds the campaigns that are run many times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A command that ended by itself."""

    exit_code: int
    seconds: float
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A finished campaign and what it left in *directory*."""

    ended: Ended
    directory: Path

    @property
    def results(self) -> dict[str, Any]:
        """The judgement as one document."""
        return results_in(self.directory)


def environ(temporary: Path) -> dict[str, str]:
    """Our environment without what pytest tells its own children, and with *temporary* for temporary files."""
    ours = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "TWIN_", "NETRA_"))}
    return {**ours, "TMPDIR": str(temporary)}


def ci_tools(*arguments: str) -> list[str]:
    """The command line of ``ci-tools`` in this interpreter."""
    return [sys.executable, "-m", "ci_tools", *arguments]


def run(argv: Sequence[str], env: Mapping[str, str], *, within_s: float, cwd: Path = ROOT) -> Ended:
    """*argv* has ended; after *within_s* it is killed and the test fails."""
    started = time.monotonic()
    process = subprocess.run(
        argv, cwd=cwd, env=dict(env), capture_output=True, text=True, timeout=within_s, check=False
    )
    return Ended(
        exit_code=process.returncode,
        seconds=time.monotonic() - started,
        output=process.stdout + process.stderr,
    )


def campaign(out: Path, temporary: Path, *arguments: str) -> Campaign:
    """A campaign on a twin of its own has ended."""
    argv = ci_tools("campaign", "--out", str(out), *arguments)
    return Campaign(ended=run(argv, environ(temporary), within_s=CAMPAIGN_S), directory=out)


def results_in(directory: Path) -> dict[str, Any]:
    """The judgement that was kept in *directory*."""
    document: dict[str, Any] = json.loads((directory / "test_results.json").read_text(encoding="utf-8"))
    return document


def outcomes(results: Mapping[str, Any]) -> dict[str, int]:
    """How many planned tests ended in which way, over all suites."""
    total: Counter[str] = Counter()
    for suite in results["suites"]:
        total.update({outcome: suite[outcome] for outcome in OUTCOMES})
    return {outcome: total[outcome] for outcome in OUTCOMES}


def unaccounted(results: Mapping[str, Any]) -> list[str]:
    """Suites whose planned tests do not end in exactly one state each."""
    return [
        f"{suite['name']}: {suite['expected']} expected, {suite['planned']} planned, {ended} accounted for"
        for suite in results["suites"]
        if (ended := sum(suite[outcome] for outcome in OUTCOMES)) != suite["planned"]
        or suite["planned"] < (suite["expected"] or 0)
    ]


def failing(results: Mapping[str, Any]) -> list[str]:
    """The dependencies that failing gates name, each once, in the gates' order."""
    return list(dict.fromkeys(gate["dependency"] for gate in results["gates"] if gate["state"] == "fails"))


def suspects(results: Mapping[str, Any]) -> list[str]:
    """The dependencies that failing and undecided gates name, each once, in the gates' order."""
    return list(dict.fromkeys(gate["dependency"] for gate in results["gates"] if gate["state"] != "holds"))
