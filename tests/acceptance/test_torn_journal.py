from pathlib import Path
from random import Random
from typing import Any

import pytest

from ci_tools.evidence.journal import read
from ci_tools.verdict.fold import fold
from ci_tools.verdict.judge import judge
from tests.acceptance.commands import Campaign
from tests.acceptance.tearing import DAMAGES, Tearing, counted

pytestmark = pytest.mark.xdist_group("acceptance")
HONEST = {"inconclusive", "EmptyJournalError", "ForeignJournalError", "EvidenceError", "UsageError"}


@pytest.fixture
def tearing(passed: Campaign, tmp_path: Path) -> Tearing:
    """A copy of the journal of a campaign that passed."""
    files = {path.name: path.read_bytes() for path in sorted(passed.directory.glob("journal/*.jsonl"))}
    return Tearing(tmp_path / "torn", files)


def test_whole_journal_passes(tearing: Tearing, figures: dict[str, Any]) -> None:
    """The journal that is damaged below is one of a pass."""
    journal = read(tearing.folder)
    figures |= {"files": len(tearing.files), "bytes": sum(map(len, tearing.files.values()))}
    figures["events"] = len(journal.records)

    assert judge(fold(journal.records, journal.problems)).verdict == "pass"


@pytest.mark.parametrize("damage", DAMAGES)
def test_torn_journal_never_passes(
    damage: str, places: int | None, tearing: Tearing, random: Random, figures: dict[str, Any]
) -> None:
    """A journal cut short or zeroed from any byte on is inconclusive, or refused in our own words."""
    torn = tearing.every_place() if places is None else tearing.some_places(places, random)
    answers = tearing.answers(damage, torn)
    figures |= {"damage": damage, "answers": counted(answers), "readings_judged": tearing.judgements}

    assert {answer: found[:3] for answer, found in answers.items() if answer not in HONEST} == {}
    assert sum(counted(answers).values()) == (sum(map(len, tearing.files.values())) if places is None else places)
