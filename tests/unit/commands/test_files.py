from pathlib import Path

import pytest

from ci_tools.commands.files import read_text, redactor_of, write_anew
from ci_tools.errors import ExitCode, JournalWriteError, UsageError
from ci_tools.model import Environment, ReadyToken
from ci_tools.target.session import dump_environment
from tests.unit.commands.command_line import no_file_beyond


@pytest.mark.parametrize("named", [".", "journal"])
def test_whoever_names_the_journal_has_the_same_masked(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file that says which variable holds the secret stands beside it."""
    monkeypatch.setenv("SHOP_LOGIN", "canary-0123456789")
    here = Environment(name="here", hosts={}, auth=ReadyToken(token_env="SHOP_LOGIN"))
    dump_environment(here, tmp_path / "environment.json")
    (tmp_path / "journal").mkdir()

    masked = redactor_of(tmp_path / named).text("fix canary-0123456789")

    assert masked == "fix [redacted]"


def test_a_byte_order_mark_is_no_part_of_a_file(tmp_path: Path) -> None:
    """Editors put one there unasked."""
    (tmp_path / "campaign.toml").write_text('name = "shop"', encoding="utf-8-sig")

    assert read_text(tmp_path / "campaign.toml", "--spec") == 'name = "shop"'


def test_a_file_is_written_wholly(tmp_path: Path) -> None:
    """And nothing else stands beside it."""
    write_anew(tmp_path / "plan.json", "all of it")

    assert {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()} == {"plan.json": "all of it"}


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("taken", "File exists"),
        (".", "it is a folder"),
        ("/dev/null", "it is no regular file"),
        ("no/plan", "No such file"),
    ],
)
def test_what_cannot_be_written_there_is_refused(place: str, why: str, tmp_path: Path) -> None:
    """What stands there stays."""
    (tmp_path / "taken").write_text("evidence")

    with pytest.raises(UsageError, match=f"cannot write '.*': {why}.*; choose another --out FILE"):
        write_anew(tmp_path / place, "x")

    assert (tmp_path / "taken").read_text() == "evidence"
    assert list(tmp_path.iterdir()) == [tmp_path / "taken"]


@pytest.mark.parametrize(("place", "is_advised"), [("taken", True), (".", False), ("/dev/null", False)])
def test_only_a_file_is_advised_to_be_removed(place: str, is_advised: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """A folder holds more than anybody meant, and a device is everybody's."""
    (tmp_path / "taken").write_text("evidence")

    with pytest.raises(UsageError) as caught:
        write_anew(tmp_path / place, "x")

    assert ("remove" in str(caught.value)) is is_advised


def test_half_a_file_is_not_left_behind(tmp_path: Path) -> None:
    """It would be taken for whole; a full disk is no mistake of whoever named the file."""
    with (
        no_file_beyond(1_000),
        pytest.raises(
            JournalWriteError, match=r"cannot write '.*plan\.json': File too large; .*: free space"
        ) as caught,
    ):
        write_anew(tmp_path / "plan.json", "x" * 100_000)

    assert caught.value.exit_code is ExitCode.DEFECT
    assert list(tmp_path.iterdir()) == []
