"""Processes that end with the one that started them, also when that one is killed."""

import ctypes
import os
import signal
import subprocess
import sys
from contextlib import suppress

_PR_SET_PDEATHSIG = 1

PARENT = "CAMPAIGN_PROCESS"
"""Environment variable with the id of the process that runs the campaign and starts pytest."""


def die_with_parent(parent: str | None = None) -> None:
    """Let the kernel kill this process when its parent dies (Linux; elsewhere nothing happens).

    With *parent*, the parent's process id, it ends at once if that one is gone already.
    """
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent is not None and parent != str(os.getppid()):
        # It died before the request was in force: there is nobody left to report to.
        os._exit(1)


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
