import json
import sys
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.acceptance.commands import CAMPAIGN_S, environ, run
from tests.bench.document import VERSION
from tests.bench.ratios import TARGETS

pytestmark = pytest.mark.xdist_group("acceptance")
_PHASES = ("2", "3", "5")
"""Those that are over soon."""


def test_bench_measures_all_competitors(
    random: Random, tmp_path: Path, temporary: Path, figures: dict[str, Any]
) -> None:
    """One phase, run by each competitor once: every figure is there, and none contradicts another."""
    phase, file = random.choice(_PHASES), tmp_path / "bench.json"
    size = ("--phase", phase, "--workers", "2", "--repeat", "1", "--trivial", "40")
    ended = run(
        [sys.executable, "-m", "tests.bench", *size, "--out", str(file)], environ(temporary), within_s=CAMPAIGN_S
    )
    assert ended.exit_code == 0, ended.output
    measured = json.loads(file.read_text(encoding="utf-8"))
    figures |= {"phase": phase, "bench_s": ended.seconds, "targets": measured["targets"]}

    assert (measured["version"], measured["problems"]) == (VERSION, [])
    assert [(one["competitor"].split()[0], one["workers"], one["passed"]) for one in measured["runs"]] == [
        ("ci-tools", 2, True),
        ("pytest", 2, True),
        ("pytest", None, True),
    ]
    assert set(measured["targets"]) == set(TARGETS)
    assert None not in [target["met"] for target in measured["targets"].values()]
    assert _contradictions(measured) == []


def _contradictions(measured: dict[str, Any]) -> list[str]:
    """Figures that cannot be."""
    (bound,) = measured["bounds"]
    (cost,) = measured["reference"]
    (one,) = bound["phases"]
    campaign = measured["runs"][0]
    (window,) = campaign["windows"]
    checks = {
        "a bound is no greater than all tests in a row": 0 < bound["bound_s"] <= cost["durations_s"] + cost["cpu_s"],
        "a bound is its greatest term": one["bound_s"] == max(one["spread_s"], one["longest_s"], one["cpu_s"]),
        "all CPU seconds are the machine's": 0 < cost["cpu_s"] < campaign["cpu_s"],
        "what is part of a run is shorter": 0 < campaign["dispatch_s"] < campaign["session_s"] < campaign["campaign_s"],
        "tests end within their window": window["durations_s"] <= 2 * window["dispatch_s"] + 1,
        "the same tests ran": window["tests"] == cost["tests"] > 0,
        "busy cores help nobody": 0.8 < measured["cpu_inflation"]["median"] < 5,
        "recording costs something": campaign["recording_ms"] > 0,
        "parts of a session are positive": min(campaign["session"].values()) >= 0,
        "ratios are positive": all(
            seen["minimum"] > 0 for seen in measured["ratios"]["by_workers"][0].values() if isinstance(seen, dict)
        ),
        "figures are positive": all(
            seen["minimum"] > 0
            for seen in chain.from_iterable(figure.values() for figure in measured["figures"])
            if isinstance(seen, dict)
        ),
    }
    return [name for name, holds in checks.items() if not holds]


def test_bench_refuses_what_does_not_exist(temporary: Path) -> None:
    """A phase that nobody planned is a mistake of usage."""
    ended = run([sys.executable, "-m", "tests.bench", "--phase", "9"], environ(temporary), within_s=CAMPAIGN_S)

    assert ended.exit_code == 2, ended.output
