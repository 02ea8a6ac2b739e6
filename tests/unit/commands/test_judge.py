import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ci_tools.errors import ExitCode
from tests.unit.commands.command_line import PASSED, Passed, Say, copied


@PASSED
def test_a_journal_is_judged_as_the_campaign_was(passed: Passed, tmp_path: Path, say: Say) -> None:
    """From its journal alone, in the same words."""
    shop, done = passed
    copy = copied(shop, tmp_path)

    judged = say("judge", str(copy / "journal"))

    assert judged.exit_code == ExitCode.PASS
    assert judged.stdout.splitlines()[-2] == done.stdout.splitlines()[-2]
    assert (copy / "test_results.json").read_bytes() == (shop.out / "test_results.json").read_bytes()
    assert (copy / "report.md").read_bytes() == (shop.out / "report.md").read_bytes()


@PASSED
def test_a_torn_journal_is_inconclusive(passed: Passed, tmp_path: Path, say: Say) -> None:
    """The last line without its end is evidence of missing evidence."""
    shop, _ = passed
    copy = copied(shop, tmp_path)
    torn = copy / "journal" / "campaign.jsonl"
    os.truncate(torn, torn.stat().st_size - 3)

    judged = say("judge", "copy")

    assert judged.exit_code == ExitCode.INCONCLUSIVE
    assert "campaign.jsonl: the last line is torn" in judged.stdout


@PASSED
def test_a_lost_file_of_a_journal_is_inconclusive(passed: Passed, tmp_path: Path, say: Say) -> None:
    """Also one that nobody misses by its own lines."""
    shop, _ = passed
    copy = copied(shop, tmp_path)
    next((copy / "journal").glob("gw0-*.jsonl")).unlink()

    judged = say("judge", "copy")

    assert judged.exit_code == ExitCode.INCONCLUSIVE
    assert "events are missing at the end" in judged.stdout


def write_foreign(folder: Path) -> None:
    """Somebody else's files."""
    folder.joinpath("log.jsonl").write_text('{"level": "info"}\n', encoding="utf-8")


def write_newer(folder: Path) -> None:
    """A journal of a version that is not known yet."""
    folder.joinpath("journal").mkdir()
    folder.joinpath("journal", "campaign.jsonl").write_text('{"v":99,"event":"campaign_started"}\n', encoding="utf-8")


def write_other(folder: Path) -> None:
    """No journal at all."""
    folder.joinpath("notes.txt").write_text("mine", encoding="utf-8")


def write_empty(folder: Path) -> None:
    """A journal into which nothing was written."""
    folder.joinpath("journal").mkdir()
    folder.joinpath("journal", "campaign.jsonl").touch()


def write_torn(folder: Path) -> None:
    """A journal whose only line was never finished."""
    folder.joinpath("journal").mkdir()
    folder.joinpath("journal", "campaign.jsonl").write_text('{"v":1,"event":"campaign_sta', encoding="utf-8")


@pytest.mark.parametrize(
    ("write", "exit_code", "said"),
    [
        (Path.rmdir, ExitCode.USAGE, "no campaign directory"),
        (write_other, ExitCode.USAGE, "holds no journal"),
        (write_foreign, ExitCode.USAGE, "holds no event that this version can read"),
        (write_newer, ExitCode.USAGE, "not an event of version 1, but of version 99: read it with the ci-tools that"),
        (write_empty, ExitCode.INCONCLUSIVE, "is empty: nothing was seen, so nothing passes"),
        (write_torn, ExitCode.INCONCLUSIVE, "holds no whole event"),
    ],
)
def test_what_cannot_be_judged_is_told_apart(
    tmp_path: Path, say: Say, write: Callable[[Path], None], exit_code: ExitCode, said: str
) -> None:
    """A wrong directory is a mistake of usage; a journal without evidence is no pass."""
    folder = tmp_path / "campaign"
    folder.mkdir()
    write(folder)

    done = say("judge", "campaign")

    assert done.exit_code == exit_code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@PASSED
def test_a_step_of_github_actions_is_told(
    passed: Passed, tmp_path: Path, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it already holds stays: a summary for people, and outputs for other jobs."""
    copied(passed[0], tmp_path)
    (tmp_path / "output").write_text("before=x\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))

    judged = say("judge", "copy", "--github")

    assert judged.exit_code == ExitCode.PASS
    assert (tmp_path / "summary").read_text("utf-8") == (tmp_path / "copy" / "report.md").read_text("utf-8")
    told = "before=x\nexit=0\nverdict=pass\npolicy=block\nenvironment=here\n"
    assert (tmp_path / "output").read_text("utf-8") == told


@PASSED
def test_outside_of_github_actions_there_is_no_step_to_tell(
    passed: Passed, tmp_path: Path, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gate that waits for its outputs would wait in vain."""
    copied(passed[0], tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)

    judged = say("judge", "copy", "--github")

    assert judged.exit_code == ExitCode.USAGE
    assert "--github: GITHUB_STEP_SUMMARY is not set" in judged.stderr
