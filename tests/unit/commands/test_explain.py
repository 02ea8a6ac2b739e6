from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from ci_tools.__main__ import main
from ci_tools.evidence.events import Collected, Event
from ci_tools.evidence.journal import CampaignDirectory
from ci_tools.evidence.redaction import Redactor
from ci_tools.model import NodeId, Outcome
from tests.unit.diagnosis.campaigns import down, ran, story, up


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A campaign whose cache was down."""
    return kept(tmp_path / "out", down("cache", "Connection refused", sampled=True), ran("agents", "test_a"))


def kept(out: Path, *events: Event | list[Event]) -> Path:
    """A campaign's directory in which these *events* stand."""
    with closing(CampaignDirectory.create(out, Redactor()).writer("campaign")) as writer:
        for event in story(*events):
            writer.write(event)
    return out


def test_incidents_are_told_in_plain_words(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All of them; that something is wrong is no failure of telling it."""
    exit_code = main(["explain", str(directory)])
    told = capsys.readouterr().out

    assert exit_code == 0
    assert told.startswith("cache-1: ")
    assert "owner     @cache (CODEOWNERS of /dependencies/cache)" in told
    assert "Connection refused" in told
    assert "agents.py::test_a" in told


def test_whoever_names_the_journal_means_its_campaign(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As judge does."""
    assert main(["explain", str(directory / "journal"), "cache-1"]) == 0
    assert "cache-1: " in capsys.readouterr().out


def test_an_incident_that_is_not_there_is_a_wrong_argument(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The error names those that are."""
    assert main(["explain", str(directory), "redis-9"]) == 2
    assert "no incident 'redis-9' in" in (error := capsys.readouterr().err)
    assert "there: cache-1" in error


PASSES: tuple[Event | list[Event], ...] = (
    *(up(name, sampled=True) for name in ("cache", "socket") for _ in range(5)),
    ran("agents", "test_a", Outcome.PASSED),
    ran("edge", "test_c", Outcome.PASSED),
    ran("store", "test_b", Outcome.PASSED),
)
BROKEN = Collected(node_id=NodeId("store.py"), suite="store", phase=1, problem="ImportError: no module 'stroe'")


def test_without_a_failure_there_is_no_incident(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And that is said."""
    assert main(["explain", str(kept(tmp_path / "out", *PASSES))]) == 0
    assert capsys.readouterr().out == "no incident: nothing that was asked failed\n"


def test_an_inconclusive_campaign_without_incidents_is_no_good_news(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What keeps it from a verdict is told, and which command tells all of it."""
    out = kept(tmp_path / "out", *PASSES[:-1])

    assert main(["explain", str(out)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "no incident, yet the verdict is inconclusive, because of:",
        "  - store: store_tests cannot be told: no test of store was collected",
        f"all of it: ci-tools judge {out}",
    ]


def test_asked_for_an_incident_where_there_is_none_the_verdict_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without incidents not everything need be well."""
    assert main(["explain", str(kept(tmp_path / "out", *PASSES[:-1])), ""]) == 2
    assert "there: none, and the verdict is inconclusive" in capsys.readouterr().err


@pytest.mark.parametrize("seen", [PASSES[:-1], (down("cache", "refused", sampled=True),)], ids=["alone", "beside"])
def test_a_file_that_cannot_be_imported_is_told(
    seen: tuple[Event, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once; also beside an incident, which does not explain it."""
    assert main(["explain", str(kept(tmp_path / "out", *seen, BROKEN))]) == 0
    assert capsys.readouterr().out.count("store.py could not be collected: ImportError: no module 'stroe'") == 1


def test_secrets_of_an_inconclusive_campaign_are_masked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And its words command no runner."""
    problem = "refused by correct-horse-battery\n::set-output name=x::y"
    out = kept(tmp_path / "out", replace(BROKEN, problem=problem))
    monkeypatch.setenv("CACHE_PASSWORD", "correct-horse-battery")

    assert main(["explain", str(out)]) == 0
    told = capsys.readouterr().out
    assert "store.py could not be collected: refused by" in told
    assert "correct-horse" not in told
    assert "\n::" not in told


def test_secrets_of_the_environment_are_masked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where an old journal holds one."""
    out = kept(tmp_path / "out", down("cache", "refused by correct-horse-battery", sampled=True))
    monkeypatch.setenv("CACHE_PASSWORD", "correct-horse-battery")

    assert main(["explain", str(out)]) == 0
    assert "correct-horse" not in capsys.readouterr().out


def test_what_is_no_campaign_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the exit code of missing evidence or wrong use."""
    assert main(["explain", str(tmp_path)]) in (2, 3)
    assert str(tmp_path) in capsys.readouterr().err
