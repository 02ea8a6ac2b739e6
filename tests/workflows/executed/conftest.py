"""Repositories on this machine, GitHub's issues, and a runner."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.doubles.github.server import GitHubDouble
from tests.workflows import local_runner

ROOT = Path(__file__).parents[3]
GIT = shutil.which("git") or "git"


@pytest.fixture
def github() -> Iterator[GitHubDouble]:
    """The issues of acme/shop, none yet."""
    double = GitHubDouble()
    double.start()
    yield double
    double.stop()
    assert double.violations == []


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[str], Path]:
    """Puts what stands in this working copy where a repository of that name is, not committed yet."""

    def copy(name: str) -> Path:
        folder = tmp_path / "repositories" / name
        listed = subprocess.run(
            [GIT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
        for path in filter(None, listed.stdout.split("\0")):
            if (ROOT / path).is_file():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / path, folder / path)
        local_runner.understood(folder / ".github" / "workflows")
        return folder

    return copy
