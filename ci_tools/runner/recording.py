"""What the pytest processes of a campaign write into its journal.

Under pytest-xdist the controller records which workers were lost, and each worker the tests that it runs.
"""

import os
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest

from ci_tools.errors import ThrottledError
from ci_tools.evidence.events import CleanUpFailed, TestBlocked, TestFinished, TestStarted, WorkerLost
from ci_tools.evidence.journal import JournalWriter
from ci_tools.evidence.redaction import Redactor, secrets_of
from ci_tools.model import EDGE, FAILURES, NodeId, Outcome
from ci_tools.target.evidence import EVIDENCE_KEY
from ci_tools.target.session import secret_names_in

_MESSAGE_CHARS = 2_000
_EXCERPT_CHARS = 6_000
_MASKED = 8
"""Text is masked over this many times the length that is kept: half a secret is one that no pattern knows."""


class _Node(Protocol):
    """An xdist worker as its controller sees it."""

    gateway: Any


def recording(config: pytest.Config, directory: Path, role: str) -> tuple[JournalWriter, Redactor]:
    """What this process writes the journal with."""
    redactor = Redactor(secrets_of(os.environ, secret_names_in(directory)))
    writer = JournalWriter(directory, f"{role}-{os.getpid()}", redactor)
    config.add_cleanup(writer.close)
    return writer, redactor


def register(config: pytest.Config, *plugins: object) -> None:
    """Let *plugins* take part in this process, each once."""
    for plugin in plugins:
        config.pluginmanager.register(plugin, f"campaign-{type(plugin).__name__}")


def worker_of(config: pytest.Config) -> str | None:
    """The name of the xdist worker that this process is, if it is one."""
    name: str | None = getattr(config, "workerinput", {}).get("workerid")
    return name


def distributes(config: pytest.Config) -> bool:
    """Whether xdist workers will run the tests, whose hooks it then repeats in this process."""
    return getattr(config.option, "dist", "no") != "no" and bool(getattr(config.option, "tx", None))


@dataclass(slots=True)
class _Ending:
    """What is known of a test while its phases of set-up, call and teardown report one by one."""

    outcome: Outcome = Outcome.PASSED
    duration_s: float = 0.0
    exc_type: str = ""
    message: str = ""
    excerpt: str = ""
    blocked_by: str = ""
    skipped_part: str = ""
    """Why a subtest was skipped: what a test leaves out, it has not shown."""
    evidence: Mapping[str, Any] = field(default_factory=dict)


class Recorder:
    """Records the tests that this process runs."""

    def __init__(self, writer: JournalWriter, redactor: Redactor) -> None:
        self._writer = writer
        self._redactor = redactor
        self._endings: dict[str, _Ending] = {}
        self._attempts: Counter[str] = Counter()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A test begins."""
        self._attempts[nodeid] += 1
        self._endings[nodeid] = _Ending(outcome=Outcome.NOT_RUN)
        self._writer.write(TestStarted(node_id=NodeId(nodeid), attempt=self._attempts[nodeid]))

    def blocked(self, node_id: str, dependency: str) -> None:
        """The test that is being set up cannot tell anything, because of *dependency*."""
        self._endings[node_id].blocked_by = dependency

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, None]:
        """Learn how one part of the test ended."""
        report: pytest.TestReport = (yield).get_result()
        ending = self._endings.setdefault(item.nodeid, _Ending(outcome=Outcome.NOT_RUN))
        ending.duration_s += report.duration
        evidence = item.stash.get(EVIDENCE_KEY, None)
        if evidence is not None and call.when == "teardown":
            ending.evidence = evidence.as_dict()
        outcome = _outcome(report)
        # What went wrong first is the finding; being throttled while cleaning up does not undo it.
        if outcome is None or ending.outcome in FAILURES:
            return
        ending.outcome = outcome
        self._explain(ending, report, call.excinfo)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A subtest ended; failed ones fail their test, skipped ones leave no trace in its own report."""
        ending = self._endings.get(report.nodeid)
        # Told by its context: pytest has the type since version 9, pytest-subtests one of its own.
        if ending is not None and report.skipped and getattr(report, "context", None) is not None:
            ending.skipped_part = f"a subtest was skipped: {_first(_reason(report, None), self._redactor.text)}"

    def _explain(
        self, ending: _Ending, report: pytest.TestReport, error: pytest.ExceptionInfo[BaseException] | None
    ) -> None:
        mask = self._redactor.text
        ending.exc_type = error.type.__qualname__ if error else ""
        ending.message = _first(_reason(report, error), mask)
        if report.failed:
            ending.excerpt = _last(report.longreprtext, mask, _EXCERPT_CHARS)
        if error and _is_throttling(error.value):
            ending.blocked_by = EDGE

    @pytest.hookimpl(hookwrapper=True)
    def pytest_report_to_serializable(self) -> Generator[None, Any, None]:
        """Half a surrogate pair in a message must not end the worker: xdist could not send the report."""
        result = yield
        result.force_result(_writable(result.get_result()))

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """A test ended: one event says how."""
        ending = self._endings.pop(nodeid, None)
        if ending is None:
            return
        node_id, attempt = NodeId(nodeid), self._attempts[nodeid]
        if ending.outcome is Outcome.PASSED and ending.skipped_part:
            ending.outcome, ending.message = Outcome.SKIPPED, ending.skipped_part[:_MESSAGE_CHARS]
        if ending.blocked_by:
            self._writer.write(
                TestBlocked(node_id=node_id, dependency=ending.blocked_by, reason=ending.message, attempt=attempt)
            )
        self._writer.write(
            TestFinished(
                node_id=node_id,
                outcome=Outcome.BLOCKED if ending.blocked_by else ending.outcome,
                duration_s=ending.duration_s,
                attempt=attempt,
                exc_type=ending.exc_type,
                message=ending.message,
                excerpt=ending.excerpt,
                evidence=ending.evidence,
            )
        )


class CleanUp:
    """In a worker that has parked: a session's fixtures are cleaned up when no test is left to fail of it."""

    def __init__(self, writer: JournalWriter, worker: str) -> None:
        self._writer = writer
        self._worker = worker

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self) -> Generator[None, None, None]:
        """Trouble is written down: xdist would drop it without a word."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever a suite's clean-up raises
            reason = f"{type(error).__qualname__}: {error}"
            self._writer.write(CleanUpFailed(worker=self._worker, reason=_first(reason, self._writer.shown)))


def _outcome(report: pytest.TestReport) -> Outcome | None:
    """What one part says of the whole test; None if it says nothing (a set-up or teardown that went well)."""
    if report.skipped:
        return Outcome.SKIPPED
    if report.failed:
        return Outcome.FAILED if report.when == "call" else Outcome.ERRORED
    return Outcome.PASSED if report.when == "call" else None


def _writable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, dict):
        return {_writable(key): _writable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_writable(item) for item in value)
    return value


def _is_throttling(error: BaseException) -> bool:
    """Whether being throttled is all that happened; what happened at once comes as a group."""
    if isinstance(error, BaseExceptionGroup):
        return all(_is_throttling(one) for one in error.exceptions)
    return isinstance(error, ThrottledError)


def _reason(report: pytest.TestReport, error: pytest.ExceptionInfo[BaseException] | None) -> str:
    if report.skipped and isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    if report.skipped:
        return f"expected to fail: {getattr(report, 'wasxfail', '')}"
    if error is None:
        return report.longreprtext
    return str(error.value) or error.exconly()


def problem_of(report: pytest.CollectReport, mask: Callable[[str], str]) -> str:
    """Why a file could not be collected."""
    return _last(report.longreprtext, mask, _MESSAGE_CHARS) or "no reason given"


def _first(text: str, mask: Callable[[str], str]) -> str:
    return mask(text[: _MASKED * _MESSAGE_CHARS])[:_MESSAGE_CHARS]


def _last(text: str, mask: Callable[[str], str], chars: int) -> str:
    return mask(text[-_MASKED * chars :])[-chars:]


class ControllerRecorder:
    """Records what only the controller of xdist workers sees."""

    def __init__(
        self,
        writer: JournalWriter,
        uncollected: Callable[[str, str], None],
        collected: Callable[[Sequence[str]], None] | None = None,
    ) -> None:
        """Without *collected* what is collected is recorded elsewhere: under control, as each phase begins."""
        self._writer = writer
        self._uncollected = uncollected
        self._collected = collected

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """A worker collected."""
        if self._collected is not None:
            self._collected(ids)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A worker could not collect a file."""
        if report.failed:
            self._uncollected(report.nodeid, problem_of(report, self._writer.shown))

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str, report: pytest.TestReport) -> None:
        """A worker died over a test: the test is accounted for."""
        node_id = NodeId(crashitem)
        worker = str(getattr(getattr(getattr(report, "node", None), "gateway", None), "id", "unknown"))
        self._writer.write(WorkerLost(worker=worker, reason="died while running a test", node_id=node_id))
        self._writer.write(
            TestFinished(
                node_id=node_id,
                outcome=Outcome.ERRORED,
                duration_s=0.0,
                exc_type="WorkerLost",
                message=f"the pytest worker died while running it: {_first(report.longreprtext, self._writer.shown)}",
            )
        )

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: _Node, error: object) -> None:
        """A worker ended; with an error it was lost."""
        if error:
            reason = _first(str(error), self._writer.shown)
            self._writer.write(WorkerLost(worker=str(node.gateway.id), reason=reason))
