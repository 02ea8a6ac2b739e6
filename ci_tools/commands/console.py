"""What commands print on."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from ci_tools.evidence.redaction import Redactor, secrets_of
from ci_tools.process.streams import OutputNotWrittenError
from ci_tools.report.inert import log


class _Console(Console):
    """Standard output, whose reader may go: that is ours to judge, not rich's to end with code 1."""

    def on_broken_pipe(self) -> None:
        """Nobody reads any more."""
        raise BrokenPipeError("nobody reads the output any more")


def standard_output() -> Console:
    """Standard output; in a CI log, where nobody scrolls sideways, wide and without movement."""
    if os.environ.get("CI") or not sys.stdout.isatty():
        return _Console(width=160, force_terminal=False, highlight=False)
    return _Console(highlight=False)


@contextmanager
def kept_in(directory: Path) -> Iterator[None]:
    """Where standard output takes no more, the error says that what was seen stands in *directory*."""
    try:
        yield
    except OutputNotWrittenError as error:
        raise OutputNotWrittenError(
            f"{error}; what was seen is kept, so judge it with: ci-tools judge {directory}"
        ) from error


def say_error(text: str) -> None:
    """*text* stands on standard error; what an error quotes may be anything, a secret too."""
    print(log(Redactor(secrets_of(os.environ)).text(text)), file=sys.stderr)
