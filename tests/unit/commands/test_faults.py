import json
import os
import subprocess
from pathlib import Path

from ci_tools.errors import ExitCode
from tests.unit.commands.command_line import COMMAND, Say, environ


def test_the_faults_are_listed(say: Say) -> None:
    """As JSON, each with the cause that it stands for."""
    done = say("faults")

    assert done.exit_code == ExitCode.PASS
    assert "redis_down" in done.stdout
    assert json.loads(done.stdout)


def test_a_person_is_shown_a_table(tmp_path: Path) -> None:
    """On a terminal nobody wants to read JSON."""
    reading, writing = os.openpty()

    done = subprocess.run([*COMMAND, "faults"], cwd=tmp_path, env=environ(), stdout=writing, check=False)
    shown = os.read(reading, 100_000).decode()
    os.close(writing)
    os.close(reading)

    assert done.returncode == ExitCode.PASS
    assert "dependency" in shown.splitlines()[0]
    assert "{" not in shown
