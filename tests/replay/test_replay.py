import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from ci_tools.errors import ExitCode
from tests.replay.__main__ import main, run
from tests.replay.document import OURS, Replay, document
from tests.replay.rivals import MODELS, filed_by
from tests.replay.scenarios import scenarios
from tests.replay.table import print_tables

DRAW = ("outage", "repeated", "two outages", "duplicate")


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Replay:
    """A few of the scenarios, and three campaigns of the outage that goes on."""
    chosen = [one for one in scenarios(3) if one.name in DRAW]
    return run(chosen, tmp_path_factory.mktemp("replay"), lambda _: None)


def test_every_promise_holds(replay: Replay) -> None:
    """In what was drawn."""
    assert [one for one in replay.promises if not one.holds] == []
    assert replay.is_kept


def test_without_a_promise_nothing_is_kept() -> None:
    """A replay that asked nothing must not pass."""
    assert not Replay(rows=[], promises=[]).is_kept


def test_ours_is_one_issue_a_cause(replay: Replay) -> None:
    """However many tests, campaigns and words there are."""
    assert {row.scenario.name: row.figures[OURS].issues_per_cause for row in replay.rows} == dict.fromkeys(DRAW, 1.0)


def test_others_file_one_outage_as_their_sources_say() -> None:
    """By test; by test and large package; by job."""
    outage = next(one for one in scenarios() if one.name == "outage")

    assert {name: filed_by(model, outage).issues for name, model in MODELS.items()} == {
        "flakybot": 238,
        "githubpost": 332,
        "scikit-learn": 4,
        "issue per job": 4,
    }


def test_a_lagging_list_makes_others_file_twice() -> None:
    """They believe the first answer."""
    known = {one.name: one for one in scenarios()}
    once, again = ("outage", "lagging list")

    assert all(filed_by(model, known[again]).issues > filed_by(model, known[once]).issues for model in MODELS.values())


def test_the_document_holds_every_figure(replay: Replay) -> None:
    """It can be read by a machine."""
    told = json.loads(json.dumps(document(replay)))

    assert [one["name"] for one in told["scenarios"]] == list(DRAW)
    assert told["scenarios"][0]["tools"][OURS]["api_calls"] == 3
    assert list(told["scenarios"][0]["tools"]) == [OURS, *MODELS]
    assert (told["met"], len(told["promises"])) == (True, len(replay.promises))


def test_the_table_shows_every_scenario_tool_and_promise(replay: Replay) -> None:
    """As text where there is no terminal."""
    console = Console(file=io.StringIO(), width=120)

    print_tables(replay, console)

    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert all(word in shown for word in (*DRAW, OURS, *MODELS, *(one.says for one in replay.promises)))
    assert "BROKEN" not in shown


def test_a_single_scenario_can_be_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its figures are kept as JSON, too."""
    file = tmp_path / "replay.json"

    assert main(["--only", "results only", "--json", str(file)]) == ExitCode.FAIL
    assert [one["name"] for one in json.loads(file.read_text(encoding="utf-8"))["scenarios"]] == ["results only"]
    assert "5" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--only", "flood"], ["--repeats", "2"]])
def test_what_cannot_be_replayed_is_a_usage_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What is allowed is named."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == ExitCode.USAGE
    assert ("outage" if "--only" in arguments else "from 3 on") in capsys.readouterr().err
