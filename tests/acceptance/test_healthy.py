from pathlib import Path
from statistics import median
from typing import Any

import pytest

from tests.acceptance import commands
from tests.acceptance.commands import outcomes
from tests.acceptance.leftovers import cycle, twins_in
from tests.acceptance.processes import brood

pytestmark = pytest.mark.xdist_group("acceptance")
START_S = 5.0
STOP_S = 2.0


def test_healthy_twin_passes(
    healthy: tuple[str, ...], tmp_path: Path, temporary: Path, figures: dict[str, Any]
) -> None:
    """A campaign on a healthy twin passes, every time, however many workers it has and in whatever order."""
    campaign = commands.campaign(tmp_path / "out", temporary, *healthy)
    figures |= {"options": healthy, "exit_code": campaign.ended.exit_code, "campaign_s": campaign.ended.seconds}

    assert campaign.ended.exit_code == 0, campaign.ended.output
    figures |= outcomes(campaign.results)


def test_twin_starts_and_stops_in_time(starts: int, patience: float, temporary: Path, figures: dict[str, Any]) -> None:
    """A twin is healthy within 5 s and gone within 2 s; no process and no file of it stays."""
    with brood() as processes:
        cycles = [cycle(temporary) for _ in range(starts)]
        left = processes.living()
    figures |= {
        "starts": starts,
        "start_s": [one.start_s for one in cycles],
        "stop_s": [one.stop_s for one in cycles],
        "start_median_s": median(one.start_s for one in cycles),
        "stop_median_s": median(one.stop_s for one in cycles),
    }

    assert max(one.start_s for one in cycles) <= START_S * patience
    assert max(one.stop_s for one in cycles) <= STOP_S * patience
    assert left == []
    assert twins_in(temporary) == set()
