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

from ci_tools.evidence.journal import CampaignDirectory, LogWriter
from ci_tools.model import Phase
from ci_tools.runner.lifetime import end_group

_POLL_S = 0.1
_END_PATIENCE_S = 5.0
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
    """Run pytest until it ends or the monotonic clock passes *deadline*; *watch* is called all the while."""
    with _started(argv, root, environ, log) as process:
        while process.poll() is None:
            watch()
            if time.monotonic() >= deadline:
                end_group(process, patience_s=_END_PATIENCE_S)
                return Ending(exit_code=None, cut_short="the budget ended before the tests did")
            time.sleep(_POLL_S)
        watch()
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
) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        argv,
        cwd=root,
        env={**os.environ, **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        # A terminal's Ctrl-C is ours to handle: pytest is then told once, in order.
        start_new_session=True,
    )
    reader = threading.Thread(target=_copy, args=(process, log), daemon=True)
    reader.start()
    try:
        yield process
    finally:
        end_group(process, patience_s=_END_PATIENCE_S)
        reader.join(_END_PATIENCE_S)
        log.close()


def _copy(process: "subprocess.Popen[str]", log: LogWriter) -> None:
    if process.stdout is None:
        raise AssertionError("pytest was started without a pipe")
    for text in process.stdout:
        log.line(text)


def expand(paths: Sequence[str], root: Path) -> tuple[list[str], list[str]]:
    """The files, folders and node ids that *paths* name below *root*, and the paths that name nothing."""
    found: list[str] = []
    missing: list[str] = []
    for path in paths:
        file, separator, test = path.partition("::")
        matches = sorted(root.glob(file)) if "*" in file or "?" in file else [root / file]
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
