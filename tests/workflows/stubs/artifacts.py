"""Artifacts as GitHub keeps them, in a folder: immutable, and rooted at what the patterns have in common."""

import fnmatch
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

STORE = Path(os.environ["STUB_ARTIFACTS"])


def root_of(patterns: list[str]) -> Path:
    """The folder that all *patterns* have in common; of a single folder, that folder."""
    fixed = [Path(*(part for part in Path(pattern).parent.parts if "*" not in part)) for pattern in patterns]
    if len(patterns) == 1 and Path(patterns[0]).is_dir():
        return Path(patterns[0])
    return Path(os.path.commonpath(fixed))


def files(pattern: str) -> Iterator[Path]:
    """The files that *pattern* names; hidden ones are left out, as GitHub does."""
    for found in Path().glob(pattern):
        below = found.rglob("*") if found.is_dir() else [found]
        yield from (path for path in below if path.is_file() and not any(part.startswith(".") for part in path.parts))


def upload() -> None:
    """Keep what the patterns name."""
    name, patterns = os.environ["NAME"], os.environ["PATTERNS"].split()
    found = sorted({path for pattern in patterns for path in files(pattern)})
    if not found and os.environ["IF_NONE"] == "error":
        sys.exit(f"no files were found with the provided path: {patterns}")
    kept = STORE / name
    kept.mkdir(parents=True)  # a second one of that name is refused
    for path in found:
        target = kept / path.relative_to(root_of(patterns))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def download() -> None:
    """Put artifacts where they are wanted."""
    target = Path(os.environ["TARGET"])
    if name := os.environ["NAME"]:
        shutil.copytree(STORE / name, target, dirs_exist_ok=True)
        return
    for kept in sorted(STORE.iterdir()):
        if fnmatch.fnmatch(kept.name, os.environ["PATTERN"]):
            shutil.copytree(kept, target / kept.name)


{"upload": upload, "download": download}[sys.argv[1]]()
