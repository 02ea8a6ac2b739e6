import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ci_tools.__main__ import main
from ci_tools.evidence.events import HeartbeatStarted, Observed
from ci_tools.evidence.journal import read
from tests.unit.runner.shop import Shop, Site

Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def site() -> Iterator[Site]:
    """The system under test, healthy."""
    with Site().serving() as serving:
        yield serving


@pytest.fixture
def shop(tmp_path: Path, site: Site) -> Shop:
    """Its campaign file."""
    return Shop(tmp_path, site)


@pytest.fixture
def say(shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run a command in the shop's folder: its exit code and what it prints."""
    monkeypatch.chdir(shop.root)
    monkeypatch.setenv("CI", "1")

    def run(*words: str) -> tuple[int, str, str]:
        code = main(words)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_a_probe_that_is_up_ends_with_0(say: Say) -> None:
    """The table names it, what it looked at, and what it saw."""
    code, out, _ = say("probe", "--environment", "here")

    assert code == 0
    assert [word in out for word in ("shop", "up", "/health")] == [True] * 3


def test_a_probe_that_is_down_ends_with_1(say: Say, site: Site) -> None:
    """In the system's own words."""
    site.answers["/health"] = {"status": "gone"}
    code, out, _ = say("probe", "shop", "--environment", "here")

    assert code == 1
    assert 'status is "gone"' in out


def test_observations_can_be_had_as_json(say: Say) -> None:
    """With kind, time and source."""
    code, out, _ = say("probe", "--environment", "here", "--json")
    (seen,) = json.loads(out)

    assert code == 0
    assert (seen["probe"], seen["kind"], seen["dependency"], seen["state"]) == ("shop", "http_json", "shop", "up")
    assert seen["at"]
    assert seen["source"].endswith("/health")


@pytest.mark.parametrize("words", [("probe",), ("probe", "--json"), ("heartbeat", "--out=beats")])
def test_a_secret_that_a_system_shows_is_not_shown_again(
    words: tuple[str, ...], say: Say, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A workflow's log is public."""
    monkeypatch.setenv("SHOP_TOKEN", "canary-0123456789")
    site.answers["/health"] = {"status": "gone with canary-0123456789"}

    _, out, _ = say(*words, "--environment", "here")

    assert "canary" not in out
    assert "[redacted]" in out


def test_an_unknown_probe_is_a_wrong_argument(say: Say) -> None:
    """The error names those that are known."""
    code, _, error = say("probe", "shpo", "--environment", "here")

    assert code == 2
    assert "unknown probe 'shpo' of environment 'here'; known: shop" in error


def test_heartbeats_are_kept_one_after_the_other(say: Say) -> None:
    """Each appends to the same directory, and none disturbs another."""
    codes = [say("heartbeat", "--environment", "here", "--out", "beats")[0] for _ in range(2)]

    assert codes == [0, 0]
    assert [type(record.event) for record in read(Path("beats")).records] == [HeartbeatStarted, Observed] * 2


def test_a_heartbeat_says_where_it_looked_and_for_which_gates(say: Say) -> None:
    """Whoever reads it needs no campaign file."""
    say("heartbeat", "--environment", "here", "--out", "beats")

    assert read(Path("beats")).records[0].event == HeartbeatStarted(environment="here", judged={"shop": ("shop",)})


def test_a_heartbeat_that_finds_something_down_says_so(say: Say, site: Site) -> None:
    """And keeps it."""
    site.answers["/health"] = {"status": "gone"}

    assert say("heartbeat", "--environment", "here", "--out", "beats")[0] == 1
    assert len(read(Path("beats")).records) == 2


@pytest.mark.parametrize("wrong", [("--environment=nowhere",), ("--environment=here", "shpo")])
def test_a_heartbeat_that_cannot_look_leaves_nothing_behind(wrong: tuple[str, ...], say: Say) -> None:
    """An empty directory would be taken for one that saw nothing."""
    code, _, error = say("heartbeat", *wrong, "--out", "beats")

    assert code == 2
    assert "known: " in error
    assert not Path("beats").exists()


def test_heartbeats_are_no_campaign(say: Say) -> None:
    """Nothing was planned, so nothing is judged."""
    say("heartbeat", "--environment", "here", "--out", "beats")
    code, _, error = say("judge", "beats")

    assert code == 3
    assert "does not say what was planned" in error


def test_heartbeats_do_not_mix_with_a_campaign(say: Say, shop: Shop) -> None:
    """Its journal has counted its events."""
    (shop.root / "campaign" / "journal").mkdir(parents=True)
    (shop.root / "campaign" / "journal" / "campaign.jsonl").write_text("", encoding="utf-8")
    code, _, error = say("heartbeat", "--environment", "here", "--out", "campaign")

    assert code == 2
    assert "'campaign' holds the journal of a campaign (campaign.jsonl)" in error


@pytest.mark.parametrize(
    ("place", "why"), [("/proc/nope", "No such file or directory"), ("campaign.toml", "File exists")]
)
def test_where_no_heartbeat_can_be_kept_is_said(place: str, why: str, say: Say) -> None:
    """As a campaign does: nothing is there."""
    code, _, error = say("heartbeat", "--environment", "here", "--out", place)

    assert code == 2
    assert f"cannot keep evidence in '{place}': {why}; choose another --out DIR" in error


def test_heartbeats_do_not_mix_with_other_files(say: Say, shop: Shop) -> None:
    """A directory in use is somebody's."""
    (shop.root / "notes").mkdir()
    (shop.root / "notes" / "todo").write_text("", encoding="utf-8")

    assert say("heartbeat", "--environment", "here", "--out", "notes")[0] == 2
