"""The files that commands read and write, and what masks the secrets in them."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TextIO

from ci_tools.diagnosis.owners import Line
from ci_tools.diagnosis.owners import parse as parse_owners
from ci_tools.errors import CampaignError, JournalWriteError, UsageError
from ci_tools.evidence.journal import folder_of
from ci_tools.evidence.redaction import Redactor, secrets_of
from ci_tools.spec import Spec, parse
from ci_tools.target.session import secret_names_in

CODEOWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks for it, in its order."""
_DISK_FAILS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG})
"""No other name would help, unlike with a folder that is missing or somebody else's."""


def read_text(path: Path, option: str, errors: str = "strict") -> str:
    """What stands in the file *path*, which *option* names; *errors* is what becomes of what is not UTF-8.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        # Some editors put a byte order mark before the first line; it is no part of it.
        return path.read_text(encoding="utf-8-sig", errors=errors)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"cannot read {str(path)!r}: {reason}; name the file with {option} FILE") from error


def read_spec(path: Path) -> tuple[Spec, str]:
    """What *path* says, and the digest by which jobs know that they have read the same."""
    text = read_text(path, "--spec")
    return parse(text, str(path)), sha256(text.encode()).hexdigest()


def write_anew(path: Path, text: str) -> None:
    """*path*, which did not exist, holds *text*: wholly or not at all.

    Raises:
        UsageError: it is taken, or nothing can be written there.
        JournalWriteError: the disk did not take it.
    """
    with anew(path) as file:
        file.write(text)


@contextmanager
def anew(path: Path) -> Iterator[TextIO]:
    """What is written here stands in *path* once all of it is; raises what :func:`write_anew` raises."""
    try:
        if os.path.lexists(path):
            raise _taken(path)
        beside = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            with beside.open("x", encoding="utf-8") as file:
                yield file
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise not_written(f"cannot write {str(path)!r}", error, "choose another --out FILE") from error


def _taken(path: Path) -> UsageError:
    """That *path* is in use; only a file, or a link to nothing, is advised to be removed."""
    why, step = "File exists", ", or remove that one"
    if path.is_dir():
        why, step = "it is a folder", ""
    elif path.exists() and not path.is_file():
        why, step = "it is no regular file", ""
    return UsageError(f"cannot write {str(path)!r}: {why}; choose another --out FILE{step}")


def not_written(what: str, error: OSError, step: str) -> CampaignError:
    """That *what* failed: by whoever named the place, who can take the *step*, or by a disk that takes no more."""
    if error.errno in _DISK_FAILS:
        return JournalWriteError(f"{what}: {error.strerror}; nothing of it is kept: free space, and run it again")
    return UsageError(f"{what}: {error.strerror}; {step}")


def redactor_for(spec: Spec) -> Redactor:
    """What masks every secret that the environments of *spec* could be given."""
    named = (name for environment in spec.environments.values() for name in environment.secret_names)
    return Redactor(secrets_of(os.environ, named))


def redactor_of(directory: Path) -> Redactor:
    """What masks the secrets of the campaign in *directory*, as far as they are still in our environment."""
    return Redactor(secrets_of(os.environ, secret_names_in(campaign_directory(directory))))


def campaign_directory(folder: Path) -> Path:
    """The directory of a campaign; whoever names its journal means it, too."""
    return folder.parent if folder.name == "journal" and folder_of(folder.parent) == folder else folder


def owners_beside(folder: Path) -> tuple[Line, ...]:
    """The lines of CODEOWNERS in *folder*, where GitHub looks for it; none without."""
    found = [folder / name for name in CODEOWNERS if (folder / name).is_file()]
    return owners_in(found[0]) if found else ()


def owners_in(path: Path) -> tuple[Line, ...]:
    """The lines of CODEOWNERS in the file *path*; none without one.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return parse_owners(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {str(path)!r}: {error}; name the file with --codeowners FILE") from error
