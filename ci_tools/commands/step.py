"""What a step of GitHub Actions hands on: through files that the runner names in variables."""

import os
from pathlib import Path

from ci_tools.errors import CampaignError, UsageError


def append(variable: str, text: str) -> None:
    """*text* at the end of the file that a runner names in *variable*.

    Raises:
        UsageError: no variable names one.
        CampaignError: it did not take the text (full disk, lost permission).
    """
    name = os.environ.get(variable)
    if not name:
        raise UsageError(f"--github: {variable} is not set; leave --github out, except in a step of GitHub Actions")
    try:
        with Path(name).open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError as error:
        raise CampaignError(
            f"--github: cannot write {name!r}, which {variable} names: {error.strerror}; free space or make it "
            "writable, and run the step again"
        ) from error
