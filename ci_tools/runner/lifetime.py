"""The end of the pytest process of a campaign: with the campaign, and of all that it has started."""

import os
import signal
import subprocess
from contextlib import suppress

PARENT = "CAMPAIGN_PROCESS"
"""Environment variable with the id of the process that runs the campaign and starts pytest."""


def end_group(process: subprocess.Popen[str], *, patience_s: float) -> None:
    """End *process*, which leads its own group: interrupt, wait *patience_s* seconds, then kill the group."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience_s)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
