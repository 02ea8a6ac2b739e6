"""One pytest process over the suites of a phase: started, watched against its deadline, and ended."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ci_tools.errors import JournalWriteError
from ci_tools.evidence.journal import CampaignDirectory, LogWriter
from ci_tools.model import Phase
from ci_tools.planning.membership import has_wildcard
from ci_tools.runner.lifetime import PARENT, end_group

_POLL_S = 0.1
_END_PATIENCE_S = 5.0
_COPY_PATIENCE_S = 2.0
_MEANINGS = {
    2: "it was interrupted",
    3: "it had an internal error",
    4: "it was called wrongly",
    5: "it collected nothing",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How the process ended; *cut_short* says what kept it from doing all, and is empty otherwise."""

    exit_code: int | None
    cut_short: str


def arguments(phase: Phase, paths: Sequence[str], *, root: Path, out: Path, workers: int) -> list[str]:
    """The command line that runs *paths* under pytest-xdist and records into the campaign directory *out*."""
    return [
        sys.executable,
        "-m",
        "pytest",
        *paths,
        f"--rootdir={root}",
        f"--numprocesses={workers}",
        "--dist=worksteal",
        "--continue-on-collection-errors",
        "--tb=short",
        "--color=no",
        "-p",
        "no:cacheprovider",
        f"--campaign-journal={out}",
        f"--campaign-phase={phase.number}",
    ]


def run(
    argv: Sequence[str],
    *,
    root: Path,
    environ: Mapping[str, str],
    log: LogWriter,
    deadline: float,
    watch: Callable[[], None],
) -> Ending:
    """Run pytest until it ends or the monotonic clock passes *deadline*; *watch* is called all the while.

    Raises:
        JournalWriteError: the disk did not take what pytest printed.
    """
    late = False
    with _started(argv, root, environ, log) as (process, copying):
        while process.poll() is None and not late:
            watch()
            copying.check()
            time.sleep(_POLL_S)
            late = time.monotonic() >= deadline
        late = process.poll() is None
    watch()
    copying.check()
    if late:
        return Ending(exit_code=None, cut_short="the budget ended before the tests did")
    return Ending(exit_code=process.returncode, cut_short=_cut_short(process.returncode))


def _cut_short(exit_code: int) -> str:
    if exit_code in (0, 1):
        return ""
    if exit_code < 0:
        return f"pytest was killed by signal {-exit_code}"
    return f"pytest ended with exit code {exit_code}: {_MEANINGS.get(exit_code, 'unknown to this version')}"


@contextmanager
def _started(
    argv: Sequence[str], root: Path, environ: Mapping[str, str], log: LogWriter
) -> Iterator[tuple["subprocess.Popen[str]", "_Copying"]]:
    process = subprocess.Popen(
        argv,
        cwd=root,
        env={**os.environ, **environ, PARENT: str(os.getpid())},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        # A terminal's Ctrl-C is ours to handle: pytest is then told once, in order.
        start_new_session=True,
    )
    copying = _Copying(process, log)
    copying.start()
    try:
        yield process, copying
    finally:
        end_group(process, patience_s=_END_PATIENCE_S)
        copying.end()


class _Copying:
    """Copies what *process* prints into *log*, line by line, until its last child has closed the pipe."""

    def __init__(self, process: "subprocess.Popen[str]", log: LogWriter) -> None:
        self._process = process
        self._log = log
        self._thread = threading.Thread(target=self._copy, daemon=True)
        self._lock = threading.Lock()
        self._ended = False
        self._error: JournalWriteError | None = None

    def start(self) -> None:
        """Copy from now on."""
        self._thread.start()

    def check(self) -> None:
        """Nothing was lost so far.

        Raises:
            JournalWriteError: the disk did not take a line.
        """
        if self._error is not None:
            raise self._error

    def end(self) -> None:
        """Close the log; a process that left the group may keep the pipe open, and nobody waits for it."""
        self._thread.join(_COPY_PATIENCE_S)
        with self._lock:
            self._ended = True
            self._log.close()

    def _copy(self) -> None:
        if self._process.stdout is None:
            raise AssertionError("pytest was started without a pipe")
        with self._process.stdout as lines:
            # Read to the end whatever happens: with a full pipe nobody would ever end.
            for text in lines:
                with self._lock:
                    self._keep(text)

    def _keep(self, text: str) -> None:
        if self._ended or self._error is not None:
            return
        try:
            self._log.line(text)
        except JournalWriteError as error:
            self._error = error


def expand(paths: Sequence[str], root: Path) -> tuple[list[str], list[str]]:
    """The files, folders and node ids that *paths* name below *root*, and the paths that name nothing."""
    found: list[str] = []
    missing: list[str] = []
    for path in paths:
        file, separator, test = path.partition("::")
        matches = sorted(root.glob(file)) if has_wildcard(file) else [root / file]
        existing = [str(match.relative_to(root)) + separator + test for match in matches if match.exists()]
        found += existing
        if not existing:
            missing.append(path)
    return list(dict.fromkeys(found)), missing


def log_name(phase: Phase) -> str:
    """The file with pytest's own output of *phase*."""
    return f"phase{phase.number}-pytest.log"


def open_log(directory: CampaignDirectory, phase: Phase) -> LogWriter:
    """The log of *phase* in *directory*."""
    return directory.log(log_name(phase))
