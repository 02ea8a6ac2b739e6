import os
import subprocess
import sys
from pathlib import Path

import pytest

from ci_tools.process.streams import drop_unwritten, open_streams

SPEAKS = """
import sys
from ci_tools.process.streams import drop_unwritten, open_streams
open_streams()
try:
    print("said \\u2026")
    print("told \\u2026", file=sys.stderr)
    sys.stdout.flush()
except Exception as error:
    print(type(error).__name__, error, file=sys.stderr)
finally:
    drop_unwritten()
"""
OPENS = """
import os, sys
from ci_tools.process.streams import open_streams
open_streams()
opened = os.open(os.devnull, os.O_RDONLY)
sys.exit(10 * opened + len(sys.stdin.read()))
"""
PATIENCE_S = 30


def spoken(redirection: str, script: str = SPEAKS, encoding: str = "utf-8") -> "subprocess.CompletedProcess[bytes]":
    """What comes of *script* where a shell has redirected its streams."""
    return subprocess.run(
        ["/bin/sh", "-c", f'exec "$0" -c "$1" {redirection}', sys.executable, script],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), "PYTHONIOENCODING": encoding},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )


def test_open_streams_stay_as_they_are() -> None:
    """What is said is read, and standard error is apart from it."""
    done = spoken("")

    assert (done.stdout.decode(), done.stderr.decode()) == ("said …\n", "told …\n")


def test_a_character_that_cannot_be_shown_is_replaced() -> None:
    """On both of them."""
    done = spoken("", encoding="ascii")

    assert (done.stdout, done.stderr) == (b"said ?\n", b"told ?\n")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_behind_standard_output_is_told(monkeypatch: pytest.MonkeyPatch, unbuffered: str) -> None:
    """By its own error, and the process's end is not spoilt by what could not be written."""
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    done = spoken(">/dev/full")

    assert "OutputNotWrittenError cannot write standard output: No space left on device; free" in done.stderr.decode()
    assert done.returncode == 0


def test_closed_standard_output_is_one_that_nobody_reads() -> None:
    """As if a reader had gone."""
    done = spoken(">&-")

    assert "BrokenPipeError" in done.stderr.decode()
    assert done.returncode == 0


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full"])
def test_standard_error_that_takes_nothing_changes_nothing(redirection: str) -> None:
    """Its words are lost, and nothing else."""
    done = spoken(redirection)

    assert (done.returncode, done.stdout.decode(), done.stderr) == (0, "said …\n", b"")


def test_no_file_takes_the_place_of_a_closed_stream() -> None:
    """What is opened later is none of the three, and standard input is empty."""
    assert spoken("<&- >&- 2>&-", OPENS).returncode == 30


def test_a_stream_of_somebody_else_stays(capsys: pytest.CaptureFixture[str]) -> None:
    """A test that captures output still does."""
    before = (sys.stdout, sys.stderr)
    open_streams()
    sys.stdout.write("said\n")
    drop_unwritten()

    assert (sys.stdout, sys.stderr) == before
    assert capsys.readouterr().out == "said\n"
