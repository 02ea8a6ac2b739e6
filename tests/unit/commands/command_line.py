"""How tests give commands, and what comes of them."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.unit.runner.shop import ADDOPTS, Shop

ROOT = Path(__file__).parents[3]
PATIENCE_S = 60
COMMAND = (sys.executable, "-m", "ci_tools")
CAMPAIGN = ("campaign", "--environment=here", "--out=out", "--workers=1")
PASSED = pytest.mark.xdist_group("passed campaign")


@dataclass(frozen=True)
class Said:
    """What a command printed and what its process would end with."""

    exit_code: int
    stdout: str
    stderr: str


Say = Callable[..., Said]
Passed = tuple[Shop, "subprocess.CompletedProcess[str]"]


def environ(**variables: str) -> Mapping[str, str]:
    """The environment of a command: ours, lean, and without what others have set."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("CI", "SHOP_BEARER")}
    return {**inherited, "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ADDOPTS, **variables}


def called(folder: Path, *words: str, command: tuple[str, ...] = COMMAND) -> "subprocess.CompletedProcess[str]":
    """What the real command line says and ends with."""
    return subprocess.run(
        [*command, *words],
        cwd=folder,
        env=environ(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE_S,
        check=False,
    )


def copied(shop: Shop, folder: Path) -> Path:
    """The journal of a campaign, in a directory of its own."""
    journal = folder / "copy" / "journal"
    journal.mkdir(parents=True)
    for path in (shop.out / "journal").iterdir():
        (journal / path.name).write_bytes(path.read_bytes())
    return journal.parent


@contextmanager
def no_file_beyond(size_bytes: int) -> Iterator[None]:
    """A disk that takes no more, as far as one process can have it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
