"""The pytest process of a campaign: started, given one phase after the other, watched, and ended."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from ci_tools.errors import JournalWriteError
from ci_tools.evidence.journal import LogWriter
from ci_tools.planning.membership import has_wildcard
from ci_tools.runner.control import Hold, Line, PhaseBegun, PhaseDone, RunPhase
from ci_tools.runner.lifetime import PARENT, end_group

_AHEAD = Path(__file__).with_name("ahead.py")
_POLL_S = 0.1
_END_PATIENCE_S = 5.0
_CLEAN_UP_S = 30.0
"""Real seconds that a suite's own clean-up at the end of its session may take."""
_COPY_PATIENCE_S = 2.0
_LATE_S = 5.0
"""Real seconds past a phase's deadline that a test under way may take to end by itself."""
_MEANINGS = {
    0: "it ended before its phase did",
    1: "it ended before its phase did",
    2: "it was interrupted",
    3: "it had an internal error",
    4: "it was called wrongly, see pytest.log",
    5: "it collected nothing",
}


def arguments(
    paths: Sequence[str],
    *,
    root: Path,
    out: Path,
    workers: int,
    control: int,
    shard: int | None = None,
    suites_own: Sequence[str] = (),
) -> list[str]:
    """The command line that lets a campaign run *paths* phase by phase and records into its directory *out*.

    *suites_own* are options of the suites' conftest; where they are pytest's, ours come later and win.
    Files are collected whole: a single name that pytest does not find would keep it from running any other.
    """
    return [
        sys.executable,
        str(_AHEAD),
        *suites_own,
        *dict.fromkeys(path.partition("::")[0] for path in paths),
        f"--rootdir={root}",
        f"--numprocesses={workers}",
        "--dist=load",
        "--continue-on-collection-errors",
        # A suite's own -x would end every phase at once.
        "--maxfail=0",
        "--tb=short",
        # pytest's own shortening would leave halves of secrets, which no redactor knows.
        "-rN",
        "--override-ini=truncation_limit_lines=0",
        "--override-ini=truncation_limit_chars=0",
        "--override-ini=verbosity_assertions=2",
        # pytest-asyncio comes with us: its advice must not end a suite that takes warnings for errors.
        '-Wignore:The configuration option "asyncio_default_fixture_loop_scope":pytest.PytestDeprecationWarning',
        "--color=no",
        "-p",
        "no:cacheprovider",
        f"--campaign-journal={out}",
        f"--campaign-control={control}",
        *([] if shard is None else [f"--campaign-shard={shard}"]),
    ]


def _without_optimizing(environ: Mapping[str, str]) -> dict[str, str]:
    """*environ* without what would take the assertions out of a suite's modules."""
    return {name: value for name, value in environ.items() if name != "PYTHONOPTIMIZE"}


class PytestProcess:
    """One pytest over everything that a campaign may run; each phase begins when the campaign lets it."""

    def __init__(
        self,
        command: Callable[[int], Sequence[str]],
        *,
        root: Path,
        environ: Mapping[str, str],
        log: LogWriter,
    ) -> None:
        """*command* makes the command line from the descriptor on which phases are ordered."""
        self._line, theirs = Line.pair()
        with theirs:
            self._process = subprocess.Popen(
                command(theirs.fileno()),
                cwd=root,
                env={**_without_optimizing(os.environ), **environ, PARENT: str(os.getpid())},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                pass_fds=(theirs.fileno(),),
                # A terminal's Ctrl-C is ours to handle: pytest is then told once, in order.
                start_new_session=True,
            )
        self._copying = _Copying(self._process, log)
        self._copying.start()
        self._idle = self._closed = False
        self._told = self._hung = False
        self.begun: list[int] = []
        """The numbers of the phases that it has begun; before the first it may fail over what another phase runs."""

    @property
    def alive(self) -> bool:
        """Whether it can run a further phase."""
        return self._process.poll() is None

    def collected(self, within_s: float, watch: Callable[[], None]) -> bool:
        """Wait until it has collected, calling *watch* all the while; whether it has, within so many seconds."""
        until = time.monotonic() + within_s
        while not self._idle and self.alive and time.monotonic() < until:
            watch()
            self._copying.check()
            with suppress(TimeoutError):
                if self._line.receive(within_s=_POLL_S) is None:
                    break
                self._idle = True
        return self._idle

    def run(self, order: RunPhase, watch: Callable[[], None], down: Callable[[], Mapping[str, str]] = dict) -> str:
        """Run one phase, calling *watch* all the while; what kept it from doing all, or nothing.

        *down* says which dependencies are, at this moment, and why: what needs one is held back from then on.

        Raises:
            JournalWriteError: the disk did not take what pytest printed.
        """
        self._idle = False
        held = order.failing
        self._line.send(order)
        while True:
            watch()
            held = self._hold(held, down())
            self._copying.check()
            try:
                message = self._line.receive(within_s=_POLL_S)
            except TimeoutError:
                if time.monotonic() >= order.deadline + _LATE_S:
                    self._told = True
                    self._end()
                    watch()
                    return "the budget ended before the tests did"
                continue
            watch()
            if message is None:
                return self._died()
            if "left" in message:
                return self._done(PhaseDone(**message))
            if "workers" not in message:  # it had not collected when it was given the order
                self.begun.append(PhaseBegun(**message).phase)

    def _hold(self, before: Mapping[str, str], down: Mapping[str, str]) -> Mapping[str, str]:
        """Tell the session what has died since *before*; what was held back has its turn in the next order."""
        if not down.keys() <= before.keys():
            self._line.send(Hold(held=dict(down)))
        return dict(down)

    def _done(self, done: PhaseDone) -> str:
        self._idle = True
        troubles = [
            f"the budget ended with {done.left} tests not begun" if done.left else "",
            f"{done.unknown} tests are known to no pytest worker any more" if done.unknown else "",
        ]
        return "; ".join(filter(None, troubles))

    def _died(self) -> str:
        self._told = True
        # It closes its end before it is gone: interrupted in between, it would seem to be killed by us.
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_PATIENCE_S)
        self._end()
        return _cut_short(self._process.returncode)

    def close(self) -> None:
        """Let it end by itself if it is waiting for a phase, else end it.

        Raises:
            JournalWriteError: the disk did not take what pytest printed.
        """
        if self._closed:
            return
        self._closed = True
        self._line.close()
        if self._idle:
            try:
                self._process.wait(_CLEAN_UP_S)
            except subprocess.TimeoutExpired:
                self._hung = True
        self._end()
        self._copying.check()

    @property
    def veto(self) -> int:
        """The exit code of which :meth:`run` has told nothing; 0 while it runs, and where all is well or told.

        Killed from outside while nothing ran, it has refused nothing.
        """
        exit_code = self._process.poll() or 0
        return 0 if self._told or (exit_code < 0 and not self._hung) else exit_code

    def _end(self) -> None:
        self._idle = False
        end_group(self._process, patience_s=_END_PATIENCE_S)
        self._copying.end()


def _cut_short(exit_code: int) -> str:
    if exit_code < 0:
        return f"pytest was killed by signal {-exit_code}"
    return f"pytest ended with exit code {exit_code}: {_MEANINGS.get(exit_code, 'unknown to this version')}"


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
