import json
import os
from pathlib import Path

import pytest

from ci_tools.errors import JournalWriteError, UsageError
from ci_tools.evidence.events import Interrupted
from ci_tools.evidence.journal import CampaignDirectory, LogWriter
from ci_tools.evidence.redaction import MASK, Redactor

PLAIN = Redactor()


def test_a_new_campaign_gets_a_new_directory(tmp_path: Path) -> None:
    """The directory and those above it are made."""
    directory = CampaignDirectory.create(tmp_path / "runs" / "one", PLAIN)

    assert directory.path.is_dir()


def test_an_empty_directory_may_be_used(tmp_path: Path) -> None:
    """A directory that holds nothing holds no campaign."""
    assert CampaignDirectory.create(tmp_path, PLAIN).path == tmp_path


def test_a_used_directory_is_refused(tmp_path: Path) -> None:
    """A campaign never overwrites another's evidence."""
    (tmp_path / "old.txt").touch()

    with pytest.raises(UsageError, match="is not empty; a campaign keeps its evidence"):
        CampaignDirectory.create(tmp_path, PLAIN)


def test_a_file_cannot_be_a_campaign_directory(tmp_path: Path) -> None:
    """A path that is taken by a file is refused with its reason."""
    (tmp_path / "file").touch()

    with pytest.raises(UsageError, match="File exists; choose another --out DIR"):
        CampaignDirectory.create(tmp_path / "file", PLAIN)


def test_a_directory_gives_writers_that_redact(tmp_path: Path) -> None:
    """A writer of the directory writes below it, redacted."""
    writer = CampaignDirectory.create(tmp_path, Redactor(["hunter2-secret"])).writer("main")
    writer.write(Interrupted(reason="hunter2-secret"))
    writer.close()

    assert b"hunter2" not in (tmp_path / "journal" / "main.jsonl").read_bytes()


def test_a_kept_text_is_redacted(tmp_path: Path) -> None:
    """An artifact leaves the machine, so it is masked like the journal."""
    path = CampaignDirectory(tmp_path, Redactor(["hunter2-secret"])).keep("report.md", "got hunter2-secret")

    assert path.read_text() == f"got {MASK}"


def test_a_kept_text_may_hold_what_is_no_unicode(tmp_path: Path) -> None:
    """Undecodable bytes are shown escaped, never the end of a report."""
    path = CampaignDirectory(tmp_path, PLAIN).keep("report.md", "file \udcff")

    assert path.read_text() == "file \\udcff"


def test_a_kept_document_stays_json(tmp_path: Path) -> None:
    """A document is masked string by string, so that its syntax is not touched."""
    secret = 'a","b":"c'
    path = CampaignDirectory(tmp_path, Redactor([secret])).keep_json("result.json", {"x": [secret, 1, None]})

    assert json.loads(path.read_text()) == {"x": [MASK, 1, None]}


def test_keeping_again_replaces_the_file(tmp_path: Path) -> None:
    """The newest version stands, and nothing beside it."""
    directory = CampaignDirectory(tmp_path, PLAIN)
    directory.keep("report.md", "old and longer")
    directory.keep("report.md", "new")

    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("report.md", "new")]


def test_an_artifact_that_cannot_be_placed_leaves_nothing_behind(tmp_path: Path) -> None:
    """An artifact is there wholly or not at all."""
    (tmp_path / "report.md" / "inside").mkdir(parents=True)

    with pytest.raises(JournalWriteError, match=r"^cannot write '.*/report\.md': .*; .*, then: ci-tools judge "):
        CampaignDirectory(tmp_path, PLAIN).keep("report.md", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["report.md"]


def test_a_half_written_artifact_leaves_the_old_one(tmp_path: Path) -> None:
    """When the disk fills up, the previous version stays whole."""
    directory = CampaignDirectory(tmp_path, PLAIN)
    directory.keep("report.md", "old")
    (tmp_path / f".report.md.{os.getpid()}.part").symlink_to("/dev/full")

    with pytest.raises(JournalWriteError, match="No space left on device"):
        directory.keep("report.md", "new" * 10_000)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("report.md", "old")]


def test_what_is_no_json_is_not_kept(tmp_path: Path) -> None:
    """A value that JSON does not know leaves no file."""
    with pytest.raises(TypeError):
        CampaignDirectory(tmp_path, PLAIN).keep_json("result.json", {"x": object()})
    assert list(tmp_path.iterdir()) == []


def test_a_log_grows_line_by_line_redacted(tmp_path: Path) -> None:
    """A line is readable as soon as it was said, without its secrets."""
    log = CampaignDirectory(tmp_path, Redactor(["hunter2-secret"])).log("pytest.log")
    log.line("first\n")
    log.line("got hunter2-secret \udcff")

    shown = (tmp_path / "pytest.log").read_text()
    log.close()

    assert shown == f"first\ngot {MASK} \\udcff\n"


def test_a_log_below_a_file_is_an_error(tmp_path: Path) -> None:
    """A log that cannot be opened says so."""
    (tmp_path / "taken").touch()

    with pytest.raises(JournalWriteError, match="Not a directory"):
        CampaignDirectory(tmp_path / "taken", PLAIN).log("pytest.log")


def test_a_log_on_a_full_disk_is_an_error_once(tmp_path: Path) -> None:
    """The line that did not fit is reported; closing has nothing to add."""
    (tmp_path / "pytest.log").symlink_to("/dev/full")
    log = CampaignDirectory(tmp_path, PLAIN).log("pytest.log")

    with pytest.raises(JournalWriteError, match="No space left on device") as caught:
        log.line("does not fit")
    log.close()

    assert "the journal" not in str(caught.value).partition(";")[0]
    assert f"what the journal holds can be judged: ci-tools judge {tmp_path}" in str(caught.value)


def test_a_log_moves_no_cursor(tmp_path: Path) -> None:
    """What a test prints is told, not done, when somebody shows the log on a terminal."""
    log = LogWriter(tmp_path / "pytest.log", Redactor())
    log.line("\x1b[2Jgone\x07\ttab\r\n")
    log.close()

    assert (tmp_path / "pytest.log").read_text(encoding="utf-8") == "\\x1b[2Jgone\\x07\ttab\\x0d\n"


KEY = [
    "E   ValueError: -----BEGIN RSA PRIVATE KEY-----",
    "E   MIIEpAIBAAKCAQEAu1SU1LfVLPHCozMxH2Mo",
    "E   4lgOEePzNm0tRgeLezV6ffAt0gunVTLw7onL",
    "E   -----END RSA PRIVATE KEY----- is no certificate",
]


def test_a_key_over_several_lines_is_masked_to_its_end(tmp_path: Path) -> None:
    """What nobody has told us is a secret is known by its shape, also line by line."""
    log = LogWriter(tmp_path / "pytest.log", Redactor())
    for line in [*KEY, "after it", "-----BEGIN PRIVATE KEY----- one line -----END PRIVATE KEY-----", "the end"]:
        log.line(line)
    log.close()

    rows = (tmp_path / "pytest.log").read_text().splitlines()
    assert rows[0] == f"E   ValueError: {MASK}"
    assert rows[1:4] == [MASK, MASK, f"{MASK} is no certificate"]
    assert rows[4:] == ["after it", MASK, "the end"]


def test_a_key_that_never_ends_does_not_take_the_log_along(tmp_path: Path) -> None:
    """No key is longer than two hundred lines."""
    log = LogWriter(tmp_path / "pytest.log", Redactor())
    for line in [KEY[0], *("x",) * 200, "readable again"]:
        log.line(line)
    log.close()

    rows = (tmp_path / "pytest.log").read_text().splitlines()
    assert rows[1:] == [MASK] * 200 + ["readable again"]
