import signal
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ci_tools.errors import ExitCode
from tests.unit.commands.command_line import COMMAND, PATIENCE_S, ROOT, environ


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_served_twin(number: signal.Signals, tmp_path: Path, eventually: Callable[..., None]) -> None:
    """That is what it was served for; a terminal that closes ends it as Ctrl-C does."""
    log = tmp_path / "log"
    # A folder of its own, so that a twin which a person serves is not touched.
    with (
        tempfile.TemporaryDirectory(dir="/tmp", prefix="t") as temporary,
        log.open("w", encoding="utf-8") as told,
        subprocess.Popen(
            [*COMMAND, "twin"],
            cwd=ROOT,
            env=environ(TMPDIR=temporary, PYTHONUNBUFFERED="1"),
            stdout=told,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            eventually(lambda: "stop   Ctrl-C" in log.read_text(), within_s=PATIENCE_S, what="the twin is served")
            process.send_signal(number)
            process.wait(PATIENCE_S)
        finally:
            process.kill()

    assert process.returncode == ExitCode.PASS
    assert log.read_text().endswith("the staging twin is stopped\n")
