from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import commands
from tests.acceptance.commands import Campaign, ci_tools, environ, outcomes, run, unaccounted

pytestmark = pytest.mark.xdist_group("acceptance")
SHARDS = 4
PLAN_S = 30.0


def sharded(folder: Path, temporary: Path, *faults: str) -> list[Campaign]:
    """Four shards of the full plan, one after the other in one directory; each as the directory stood after it."""
    file = folder / "plan.json"
    planned = run(
        ci_tools("plan", "--plan", "full", "--shards", str(SHARDS), "--out", str(file)),
        environ(temporary),
        within_s=PLAN_S,
    )
    assert planned.exit_code == 0, planned.output
    words = ("--plan-file", str(file), "--campaign-id", "acceptance", *faults)
    return [
        commands.campaign(folder / "merged", temporary, *words, "--shard", str(number))
        for number in range(1, SHARDS + 1)
    ]


def states(results: dict[str, Any]) -> dict[str, str]:
    """What each gate says."""
    return {gate["name"]: gate["state"] for gate in results["gates"]}


def test_shards_together_say_what_one_campaign_says(
    sharded_fault: str, tmp_path: Path, temporary: Path, figures: dict[str, Any]
) -> None:
    """The same verdict, gate by gate and test by test; before the last shard is there, nothing passes."""
    faults = ("--fault", sharded_fault) if sharded_fault else ()

    whole = commands.campaign(tmp_path / "whole", temporary, "--plan", "full", *faults)
    parts = sharded(tmp_path, temporary, *faults)

    last = parts[-1]
    figures |= {
        "fault": sharded_fault or None,
        "exit_code": last.ended.exit_code,
        "whole_s": whole.ended.seconds,
        "shard_s": [part.ended.seconds for part in parts],
        **outcomes(last.results),
    }
    assert last.ended.exit_code == whole.ended.exit_code, last.ended.output
    assert states(last.results) == states(whole.results)
    assert outcomes(last.results) == outcomes(whole.results)
    assert unaccounted(last.results) == []
    assert all(part.ended.exit_code != 0 for part in parts[:-1])
