import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.runner.shop import Shop

FOREIGN = """\
import pytest
def pytest_addoption(parser):
    parser.addoption("--env", default="qa")
    parser.addoption("--journal")
    parser.addoption("--phase")
@pytest.fixture
def evidence(request): return request.config.getoption("--env")
"""
SUITE = "def test_it(evidence): assert evidence == 'prod'\n"


def pytest_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest as somebody does who only installed this package."""
    argv = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--rootdir={folder}", *arguments]
    return subprocess.run(argv, cwd=folder, env=os.environ, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A suite with options and fixtures of its own."""
    (tmp_path / "conftest.py").write_text(FOREIGN, encoding="utf-8")
    (tmp_path / "test_it.py").write_text(SUITE, encoding="utf-8")
    return tmp_path


def test_a_foreign_suite_runs_as_without_the_plugin(foreign: Path) -> None:
    """Its own --env is its own, and nothing is left behind."""
    before = sorted(path.name for path in foreign.iterdir())

    done = pytest_in(foreign, "--env=prod", "--strict-markers", "--strict-config", "-W", "error")

    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(path.name for path in foreign.iterdir() if path.name != "__pycache__") == before


def test_only_options_of_the_campaign_are_added(tmp_path: Path) -> None:
    """The help with the plugin has nothing else that the help without it has not."""
    without = set(pytest_in(tmp_path, "--help", "-p", "no:campaign").stdout.splitlines())

    added = [row.split()[0] for row in pytest_in(tmp_path, "--help").stdout.splitlines() if row not in without]

    assert [word for word in added if word.startswith("-")] == [
        "--campaign-journal=DIR",
        "--campaign-phase=N",
        "--campaign-control=FD",
        "--campaign-shard=K",
        "--campaign-forks=ADDRESS",
    ]


def test_without_a_journal_no_marker_is_added(tmp_path: Path) -> None:
    """A suite's own markers cannot clash."""
    assert "requires" not in pytest_in(tmp_path, "--markers").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--campaign-journal=nowhere",), "--campaign-journal: no campaign directory 'nowhere'"),
        (("--campaign-journal=.",), "holds no journal"),
        (("--campaign-phase=first",), "argument --campaign-phase: invalid int value: 'first'"),
    ],
)
def test_a_wrong_journal_is_a_usage_error(foreign: Path, arguments: tuple[str, ...], words: str) -> None:
    """In one line, and no test runs without the record that was asked for."""
    done = pytest_in(foreign, *arguments)

    assert done.returncode == 4
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_phase_that_the_plan_lacks_is_a_usage_error(healthy: Shop) -> None:
    """With those that it has; the journal is left as it is."""
    before = sorted((healthy.out / "journal").iterdir())

    done = pytest_in(healthy.root, "--campaign-journal=out", "--campaign-phase=9")

    assert done.returncode == 4
    assert "--campaign-phase 9: the journal's plan holds no such phase; it holds: 1, 2" in done.stderr
    assert sorted((healthy.out / "journal").iterdir()) == before
