from pathlib import Path
from random import Random
from typing import Any

import pytest

from ci_tools.diagnosis.owners import owner_of, parse
from tests.diagnosis.fault_table import TABLE, FaultTable
from tests.diagnosis.scoring import Score, score
from tests.diagnosis.trials import ROOT, Trial, run

pytestmark = pytest.mark.xdist_group("acceptance")
"""The crisis, and a pair that the seed draws; every fault and more pairs are run by ``nox -s diagnosis``."""

PAIRS = (
    ("redis_auth", "tls_domain"),
    ("connections_exhausted", "tls_domain"),
    ("websocket_auth_off", "startup_failed"),
    ("agent_timeout", "websocket_auth_off"),
    ("secret_dirty", "clickhouse_down"),
    ("name_resolution", "auth_rejected"),
)
"""Nineteen of twenty pairs have to be told apart, so one drawn from all could rightly fail; of these none may."""


@pytest.fixture(scope="module")
def table() -> FaultTable:
    """What should be found."""
    return FaultTable.read(TABLE.read_text(encoding="utf-8"))


def diagnosed(faults: tuple[str, ...], table: FaultTable, folder: Path, figures: dict[str, Any]) -> Score:
    """How the campaign on a twin with *faults* compares with *table*."""
    outcome = run(Trial(faults=faults), folder / "out")
    lines = parse((ROOT / "CODEOWNERS").read_text(encoding="utf-8"))
    names = {each.owner.rpartition("/")[2] for each in table.fault.values()}
    owners = {name: line.owners for name in names if (line := owner_of(name, lines))}
    scored = score(outcome, table, owners)
    figures |= {"faults": faults, "found": scored.found, "campaign_s": outcome.took_s}
    return scored


def test_two_faults_are_told_apart(table: FaultTable, random: Random, tmp_path: Path, figures: dict[str, Any]) -> None:
    """Two incidents, or one with the other as its consequence or masked by it, as the table says of the pair."""
    assert diagnosed(random.choice(PAIRS), table, tmp_path, figures).problems == ()


def test_september_is_two_incidents(tmp_path: Path, figures: dict[str, Any]) -> None:
    """The crisis that this project grew out of: a dirty secret, seconds that are its consequence, and silent agents."""
    outcome = run(Trial(faults=("secret_dirty", "event_loop_blocked", "agent_silent")), tmp_path / "out")
    secret, agents = sorted(outcome.incidents, key=lambda incident: str(incident["cause"]), reverse=True)
    figures |= {"campaign_s": outcome.took_s, "confirmed_s": outcome.confirmed_s}

    assert (secret["cause"], secret["dependency"], secret["certainty"]) == ("secret_dirty", "redis", "confirmed")
    assert "postgresql" in {one["dependency"] for one in secret["consequences"]}
    assert [one["by"] != [] for one in secret["rivals"] if one["cause"] == "network_route"] == [True]
    assert (agents["cause"], agents["certainty"]) == ("agent_silent", "confirmed")
    assert outcome.exit_code == 1
