from contextlib import closing
from pathlib import Path

import pytest

from ci_tools.__main__ import main
from ci_tools.evidence.events import Event
from ci_tools.evidence.journal import CampaignDirectory
from ci_tools.evidence.redaction import Redactor
from tests.unit.diagnosis.campaigns import down, ran, story


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


def test_without_a_failure_there_is_no_incident(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And that is said."""
    assert main(["explain", str(kept(tmp_path / "out"))]) == 0
    assert capsys.readouterr().out == "no incident: nothing that was asked failed\n"


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
