"""The command line in a directory of its own, and a system that it can verify."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_tools.__main__ import main
from tests.unit.commands.command_line import CAMPAIGN, Passed, Said, Say, called
from tests.unit.runner.shop import ADDOPTS, Shop, Site


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Runs a command in this process, in the test's directory: quicker than one of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTEST_ADDOPTS", ADDOPTS)
    monkeypatch.delenv("SHOP_BEARER", raising=False)

    def run(*words: str) -> Said:
        try:
            exit_code = main(words)
        except SystemExit as end:
            # argparse ends the process itself.
            exit_code = int(end.code or 0)
        captured = capsys.readouterr()
        return Said(exit_code, captured.out, captured.err)

    return run


@pytest.fixture
def site() -> Iterator[Site]:
    """The system under test, healthy."""
    with Site().serving() as serving:
        yield serving


@pytest.fixture
def shop(tmp_path: Path, site: Site) -> Shop:
    """Its campaign, in which everything passes."""
    return Shop(tmp_path, site)


@pytest.fixture(scope="session")
def passed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Passed]:
    """A campaign that has passed, by the command line."""
    with Site().serving() as serving:
        shop = Shop(tmp_path_factory.mktemp("passed"), serving)
        yield shop, called(shop.root, *CAMPAIGN, "--plan=full")
