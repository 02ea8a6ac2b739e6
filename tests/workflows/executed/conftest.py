"""Repositories on this machine, GitHub's issues, and a runner."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from tests.doubles.github.server import GitHubDouble
from tests.unit.runner.shop import Site
from tests.workflows import local_runner
from tests.workflows.executed.other_repository import TOOLS, Verified, other_repository

ROOT = Path(__file__).parents[3]
GIT = shutil.which("git") or "git"
_SAMPLED = 2


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Two of them are part of a sample of the acceptance: each takes a minute and more."""
    if config.getoption("--acceptance", "full") != "sample":
        return
    draw = Random(config.getoption("--seed"))  # noqa: S311  nothing is kept secret by it
    ours = [item for item in items if item.path.parent == Path(__file__).parent]
    left_out = draw.sample(ours, max(0, len(ours) - _SAMPLED))
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


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


@pytest.fixture
def site() -> Iterator[Site]:
    """What the other repository has deployed."""
    with Site().serving() as serving:
        yield serving


@pytest.fixture
def verified(github: GitHubDouble, copied: Callable[[str], Path], site: Site, tmp_path: Path) -> Verified:
    """Tells the other repository of an event."""
    return other_repository(copied(TOOLS), site.port, github.url, tmp_path)
