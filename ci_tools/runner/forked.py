"""In the controller of a forking pytest: has pytest-xdist start its workers through the launcher."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import execnet
import pytest

_LAUNCHER = Path(__file__).with_name("launcher.py")


class ForkedWorkers:
    """Workers are forks of the process that listens on *address*; so are those that replace a lost one."""

    def __init__(self, address: str) -> None:
        # Bare of site and of the environment: it imports next to nothing, and what it becomes reads both.
        words = [sys.executable, "-IS", str(_LAUNCHER), address, sys.executable]
        self._python = shlex.join(words)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_setupnodes(self, specs: Sequence[execnet.XSpec]) -> None:
        """Workers that a suite itself wants elsewhere, or of another Python, are left alone."""
        for spec in specs:
            if spec.popen and not spec.python and not spec.via:
                spec.python = self._python
