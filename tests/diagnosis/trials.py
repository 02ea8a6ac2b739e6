"""One campaign on a twin with faults, and the incidents that it was diagnosed with."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_PATIENCE_S = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The faults that are on; none on a healthy twin."""

    faults: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """For people and folders."""
        return "+".join(self.faults) or "healthy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a campaign came to."""

    trial: Trial
    exit_code: int
    took_s: float
    incidents: Sequence[Mapping[str, Any]]
    confirmed_s: float | None
    """Seconds from the campaign's start to the first discriminating observation of a confirmed incident."""


def run(trial: Trial, out: Path, *, previous: Path | None = None) -> Outcome:
    """Run the campaign of *trial* into the folder *out*."""
    argv = [sys.executable, "-m", "ci_tools", "campaign", f"--out={out}"]
    argv += [f"--fault={fault}" for fault in trial.faults]
    argv += [f"--previous={previous}"] if previous else []
    began_s = time.monotonic()
    done = subprocess.run(
        argv, cwd=ROOT, env={**os.environ, "CI": "1"}, capture_output=True, timeout=_PATIENCE_S, check=False
    )
    took_s = time.monotonic() - began_s
    if not (out / "test_results.json").exists():
        raise RuntimeError(f"the campaign of {trial.name} left no results: {done.stderr.decode()[-2000:]}")
    results = json.loads((out / "test_results.json").read_text(encoding="utf-8"))
    return Outcome(
        trial=trial,
        exit_code=done.returncode,
        took_s=took_s,
        incidents=results["incidents"],
        confirmed_s=_confirmed_s(results),
    )


def _confirmed_s(results: Mapping[str, Any]) -> float | None:
    seen = [
        datetime.fromisoformat(proof["at"])
        for incident in results["incidents"]
        if incident["certainty"] == "confirmed"
        for proof in incident["evidence"]
        if proof["discriminates"] and proof["at"]
    ]
    began = datetime.fromisoformat(results["campaign"]["started_at"])
    return min(((at - began).total_seconds() for at in seen), default=None)
