"""Where twins live on this machine: one folder per user, one directory per twin, nothing left behind.

A twin holds a lock file while it lives; the kernel releases it however the twin dies, so a directory
whose lock is free is stale and the next start removes it.
"""

import fcntl
import hashlib
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any, Self

import ci_tools
from ci_tools.errors import TwinError, UsageError

# A UNIX socket's path holds 104 bytes (macOS) or 108, ours adds about 40 to the temporary folder.
_LONGEST_TEMPORARY = 60
_LOCK = ".lock"
_SERVED_LOCK = ".served"
"""Of the pointer to a served twin: no directory's, so none that is collected."""


def user_folder() -> Path:
    """This user's folder for twins, ours alone to write.

    Raises:
        TwinError: The path exists and belongs to someone else, or is no directory.
    """
    temporary = tempfile.gettempdir()
    if len(temporary) > _LONGEST_TEMPORARY:
        temporary = "/tmp"  # noqa: S108  a folder of ours below it, checked for its owner
    folder = Path(temporary) / f"netra-twin-{os.getuid()}"
    folder.mkdir(mode=0o711, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o022:
        raise TwinError(
            f"the twins' folder {folder} is not a directory that only user {os.getuid()} may write; "
            "remove it or set TMPDIR to a folder of your own"
        )
    return folder


@dataclass(frozen=True, slots=True)
class TwinDirectory:
    """The directory of one living twin, and the lock that says that it lives."""

    path: Path
    lock: int

    @classmethod
    def create(cls, folder: Path) -> Self:
        """A fresh directory in *folder*; stale ones of dead twins are gone."""
        collect_stale(folder)
        path = folder / token_hex(4)
        while (lock := _locked(path.with_suffix(_LOCK))) is None:
            path = folder / token_hex(4)
        path.mkdir(mode=0o711)
        return cls(path, lock)

    def remove(self) -> None:
        """Neither the directory nor its lock exist."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.with_suffix(_LOCK).unlink(missing_ok=True)
        os.close(self.lock)


def collect_stale(folder: Path) -> None:
    """Every directory in *folder* whose twin is dead is removed."""
    for path in folder.glob(f"*{_LOCK}"):
        lock = _locked(path)
        if lock is not None:
            TwinDirectory(path.with_suffix(""), lock).remove()


def write_atomically(path: Path, text: str) -> None:
    """*path* holds *text*, readable by its owner only, and never held half of it."""
    beside = path.with_name(f".{path.name}.{token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    beside.replace(path)


def served_pointer(folder: Path) -> Path:
    """The file that tells of the twin a person serves from this checkout."""
    checkout = str(Path(ci_tools.__file__).resolve().parent)
    return folder / f"served-{hashlib.sha256(checkout.encode()).hexdigest()[:12]}.json"


def publish(pointer: Path, announcement: Mapping[str, Any]) -> None:
    """*pointer* tells of the twin of *announcement*."""
    write_atomically(pointer, json.dumps(announcement))


def published(pointer: Path) -> dict[str, Any] | None:
    """What *pointer* tells of, or None: no file, or nothing that can be read."""
    try:
        content = json.loads(pointer.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def withdraw(pointer: Path) -> None:
    """*pointer* no longer tells of a twin."""
    pointer.unlink(missing_ok=True)


@contextmanager
def pointer_held(folder: Path) -> Iterator[Path]:
    """The pointer of this checkout, ours alone to :func:`publish` at while this lasts.

    Raises:
        UsageError: A living twin holds it; with a second one nobody could switch the first one's faults.
    """
    pointer = served_pointer(folder)
    path = pointer.with_suffix(_SERVED_LOCK)
    lock = _locked(path)
    if lock is None:
        pid = (published(pointer) or {}).get("pid")
        raise UsageError(
            f"a twin is being served from this checkout already ({f'process {pid}' if pid else 'it is starting'}): "
            "switch its faults with: ci-tools faults --on NAME, or stop it first"
        )
    try:
        yield pointer
    finally:
        path.unlink(missing_ok=True)
        os.close(lock)


def _locked(path: Path) -> int | None:
    """A descriptor that holds the lock *path*, or None: a living twin holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Someone who collected it between our open and our lock has unlinked what we hold.
        if path.stat().st_ino == os.fstat(descriptor).st_ino:
            return descriptor
    os.close(descriptor)
    return None
