import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ci_tools.evidence.events import (
    CampaignStarted,
    Collected,
    DependencyChanged,
    Event,
    TestBlocked,
    TestFinished,
    TestStarted,
    WorkerLost,
)
from ci_tools.evidence.journal import Journal, JournalWriter, read
from ci_tools.evidence.redaction import MASK, Redactor
from ci_tools.model import DependencyState, Outcome, Phase, Plan, Suite
from ci_tools.runner.recording import CleanUp, ControllerRecorder, problem_of
from tests.unit.runner.shop import lean_pytest

SECRET = "hunter2-is-no-password"

CONFTEST = """\
import pytest
from ci_tools.target.evidence import Evidence, EVIDENCE_KEY

@pytest.fixture
def evidence(request):
    request.node.stash[EVIDENCE_KEY] = Evidence()
    return request.node.stash[EVIDENCE_KEY]
"""

ALL = """\
import os, warnings
import pytest
from ci_tools.errors import ThrottledError

def test_passed(): pass
@pytest.mark.parametrize("value", ["a-1", "[b]::c", "ä ö"])
def test_parametrized(value): pass
class TestGroup:
    def test_inside(self): pass
def test_failed(): assert 1 == 2, "one is not two"
def test_without_words(): raise ValueError
@pytest.fixture
def broken(): raise RuntimeError("no set-up today")
def test_error_in_setup(broken): pass
@pytest.fixture
def untidy():
    yield
    raise RuntimeError("no clean-up today")
def test_error_in_teardown(untidy): pass
def test_failed_and_untidy(untidy): assert False, "first trouble"
@pytest.mark.skip(reason="not today")
def test_skipped_by_mark(): pass
def test_skipped_by_call(): pytest.skip("not here")
@pytest.mark.xfail(reason="known trouble")
def test_expected_to_fail(): assert False
@pytest.mark.xfail(reason="known trouble", strict=True)
def test_unexpectedly_passed(): pass
def test_throttled(): raise ThrottledError("429 from /api, retry after 60 s")
def test_throttled_in_a_group(): raise ExceptionGroup("both", [ThrottledError("429 a"), ThrottledError("429 b")])
def test_more_than_throttled(): raise ExceptionGroup("both", [ThrottledError("429 a"), ValueError("wrong")])
@pytest.fixture
def throttled(): raise ThrottledError("429 from /auth")
def test_throttled_in_setup(throttled): pass
@pytest.fixture
def throttled_after():
    yield
    raise ThrottledError("429 from /api/clean")
def test_failed_and_throttled_after(throttled_after): assert False, "first trouble"
@pytest.mark.requires("redis")
def test_needs_what_is_down(evidence): evidence.note("must not run")
@pytest.mark.requires("postgresql", "cache")
def test_needs_what_is_degraded(): pass
@pytest.mark.requires("postgresql")
def test_needs_what_is_up(): pass
def test_evidence(evidence): evidence.note("run 17")
@pytest.fixture
def cleaning(evidence):
    yield
    evidence.note("cleaned up")
    raise RuntimeError("no clean-up today")
def test_evidence_of_clean_up(evidence, cleaning): evidence.note("run 18")
def test_secret(): raise ValueError(os.environ["SHOP_PASSWORD"])
def test_long(): raise ValueError("x" * 100_000)
def test_hostile(): raise ValueError("\\x1b[31m\\n::set-output name=x::y \\x00 \\udcff")
"""

BROKEN = "import nothing_of_that_name\n"

OUTCOMES = {
    "test_passed": Outcome.PASSED,
    "test_parametrized[a-1]": Outcome.PASSED,
    "test_parametrized[[b]::c]": Outcome.PASSED,
    "test_parametrized[\\xe4 \\xf6]": Outcome.PASSED,
    "TestGroup::test_inside": Outcome.PASSED,
    "test_failed": Outcome.FAILED,
    "test_without_words": Outcome.FAILED,
    "test_error_in_setup": Outcome.ERRORED,
    "test_error_in_teardown": Outcome.ERRORED,
    "test_failed_and_untidy": Outcome.FAILED,
    "test_skipped_by_mark": Outcome.SKIPPED,
    "test_skipped_by_call": Outcome.SKIPPED,
    "test_expected_to_fail": Outcome.SKIPPED,
    "test_unexpectedly_passed": Outcome.FAILED,
    "test_throttled": Outcome.BLOCKED,
    "test_throttled_in_a_group": Outcome.BLOCKED,
    "test_more_than_throttled": Outcome.FAILED,
    "test_throttled_in_setup": Outcome.BLOCKED,
    "test_failed_and_throttled_after": Outcome.FAILED,
    "test_needs_what_is_down": Outcome.BLOCKED,
    "test_needs_what_is_degraded": Outcome.BLOCKED,
    "test_needs_what_is_up": Outcome.PASSED,
    "test_evidence": Outcome.PASSED,
    "test_evidence_of_clean_up": Outcome.ERRORED,
    "test_secret": Outcome.FAILED,
    "test_long": Outcome.FAILED,
    "test_hostile": Outcome.FAILED,
}

MESSAGES = {
    "test_failed": "one is not two\nassert 1 == 2",
    "test_without_words": "ValueError",
    "test_error_in_setup": "no set-up today",
    "test_error_in_teardown": "no clean-up today",
    "test_failed_and_untidy": "first trouble\nassert False",
    "test_skipped_by_mark": "not today",
    "test_skipped_by_call": "not here",
    "test_expected_to_fail": "expected to fail: known trouble",
    "test_unexpectedly_passed": "[XPASS(strict)] known trouble",
    "test_failed_and_throttled_after": "first trouble\nassert False",
    "test_secret": MASK,
    "test_long": "x" * 2_000,
    "test_passed": "",
}

BLOCKED = {
    "test_throttled": ("edge", "429 from /api, retry after 60 s"),
    "test_throttled_in_setup": ("edge", "429 from /auth"),
    "test_needs_what_is_degraded": ("cache", "blocked by cache: too slow"),
    "test_needs_what_is_down": ("redis", "blocked by redis: 503 gone"),
}

SUITES = (
    Suite(name="all", paths=("test_all.py",), requires=("shop",)),
    Suite(name="broken", paths=("test_broken.py",)),
    Suite(name="dying", paths=("test_dying.py",)),
)


@dataclass(frozen=True)
class Recorded:
    """A run of pytest and the journal it left."""

    exit_code: int
    output: str
    directory: Path

    @property
    def journal(self) -> Journal:
        """What can be read."""
        return read(self.directory)

    def events(self, kind: type[Event]) -> list[Any]:
        """The journal's events of one kind, in order."""
        return [record.event for record in self.journal.records if isinstance(record.event, kind)]

    def finished(self, test: str) -> TestFinished:
        """The one end of a test."""
        (event,) = [event for event in self.events(TestFinished) if event.node_id.partition("::")[2] == test]
        assert isinstance(event, TestFinished)
        return event


def recorded(folder: Path, workers: int, sources: dict[str, str], *changes: DependencyChanged) -> Recorded:
    """Run *sources* under pytest with a journal whose campaign planned them."""
    out = folder / "out"
    plan = Plan(
        name="all",
        reason="",
        environment="here",
        time_scale=1,
        phases=(Phase(number=1, name="first", budget_s=60, suites=SUITES),),
    )
    writer = JournalWriter(out, "campaign", Redactor())
    for event in (CampaignStarted(campaign="c", plan=plan, tool_version="0"), *changes):
        writer.write(event)
    writer.close()
    for name, source in {"conftest.py": CONFTEST, **sources}.items():
        (folder / name).write_text(source, encoding="utf-8")
    files = [name for name in sources if name.startswith("test_")]
    argv = [sys.executable, "-m", "pytest", *files, f"--rootdir={folder}", f"--numprocesses={workers}"]
    argv += [
        "-p",
        "no:cacheprovider",
        "--continue-on-collection-errors",
        "--strict-markers",
        f"--campaign-journal={out}",
    ]
    environ = {**os.environ, "SHOP_PASSWORD": SECRET}
    done = subprocess.run(
        argv, cwd=folder, env=environ, capture_output=True, encoding="utf-8", errors="replace", timeout=60, check=False
    )
    return Recorded(done.returncode, done.stdout + done.stderr, out)


@pytest.fixture(scope="session", params=[0, 1, 3], ids=["in one process", "with one worker", "with three workers"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """Everything that can become of a test, run once, while redis is down."""
    down = DependencyChanged(dependency="redis", state=DependencyState.DOWN, reason="503 gone")
    slow = DependencyChanged(dependency="cache", state=DependencyState.DEGRADED, reason="too slow")
    up = DependencyChanged(dependency="postgresql", state=DependencyState.UP, reason="")
    folder = tmp_path_factory.mktemp("recorded")
    with lean_pytest():
        return recorded(folder, request.param, {"test_all.py": ALL, "test_broken.py": BROKEN}, down, slow, up)


Run = Callable[..., Recorded]
EVERYTHING = pytest.mark.xdist_group("recording")


@EVERYTHING
@pytest.mark.parametrize(("test", "outcome"), OUTCOMES.items())
def test_each_outcome_is_recorded(run: Recorded, test: str, outcome: Outcome) -> None:
    """However a test ends, exactly one event says how."""
    assert run.finished(test).outcome is outcome


@EVERYTHING
@pytest.mark.parametrize(("test", "message"), MESSAGES.items())
def test_each_ending_is_explained(run: Recorded, test: str, message: str) -> None:
    """The test's own first words, without secrets, and not too many."""
    assert run.finished(test).message == message


@EVERYTHING
@pytest.mark.parametrize(("test", "block"), BLOCKED.items())
def test_each_blocked_test_names_what_blocked_it(run: Recorded, test: str, block: tuple[str, str]) -> None:
    """Being throttled is the edge's doing; a dependency that is down holds its tests back."""
    (event,) = [event for event in run.events(TestBlocked) if event.node_id == f"test_all.py::{test}"]

    assert (event.dependency, event.reason) == block


@EVERYTHING
def test_nothing_else_is_blocked(run: Recorded) -> None:
    """A failure beside being throttled stays a failure."""
    blocked = {event.node_id.partition("::")[2] for event in run.events(TestBlocked)}

    assert blocked == {test for test, outcome in OUTCOMES.items() if outcome is Outcome.BLOCKED}


@EVERYTHING
def test_each_test_is_collected_and_started_once(run: Recorded) -> None:
    """However many workers report the same."""
    collected = sorted(event.node_id for event in run.events(Collected) if not event.problem)
    started = sorted(event.node_id for event in run.events(TestStarted))

    assert collected == started == sorted(f"test_all.py::{test}" for test in OUTCOMES)


@EVERYTHING
def test_what_was_collected_knows_its_suite(run: Recorded) -> None:
    """And what the suite requires."""
    (event,) = [event for event in run.events(Collected) if event.node_id.endswith("::test_passed")]

    assert (event.suite, event.phase, event.requires) == ("all", 1, ("shop",))


@EVERYTHING
def test_a_file_that_cannot_be_imported_is_recorded_once(run: Recorded) -> None:
    """With its suite and its reason."""
    (event,) = [event for event in run.events(Collected) if event.problem]

    assert (event.node_id, event.suite) == ("test_broken.py", "broken")
    assert "No module named 'nothing_of_that_name'" in event.problem


@EVERYTHING
def test_evidence_is_recorded(run: Recorded) -> None:
    """What the fixtures kept stands beside the outcome."""
    assert run.finished("test_evidence").evidence["notes"] == ["run 17"]


@EVERYTHING
def test_evidence_of_the_clean_up_is_recorded(run: Recorded) -> None:
    """Also that of a clean-up which failed."""
    assert run.finished("test_evidence_of_clean_up").evidence["notes"] == ["run 18", "cleaned up"]


@EVERYTHING
def test_a_test_that_was_held_back_has_no_evidence(run: Recorded) -> None:
    """Not even its fixtures were set up."""
    assert run.finished("test_needs_what_is_down").evidence == {}


@EVERYTHING
def test_an_excerpt_shows_where_it_failed(run: Recorded) -> None:
    """Only failures have one."""
    assert "test_all.py:" in run.finished("test_failed").excerpt
    assert run.finished("test_passed").excerpt == ""


@EVERYTHING
def test_an_excerpt_is_bounded(run: Recorded) -> None:
    """A flood of words does not fill the disk."""
    assert len(run.finished("test_long").excerpt) <= 6_000


@EVERYTHING
def test_no_secret_reaches_the_journal(run: Recorded) -> None:
    """Not in messages, not in excerpts."""
    written = b"".join(path.read_bytes() for path in (run.directory / "journal").iterdir())

    assert SECRET.encode() not in written


@EVERYTHING
def test_every_line_of_the_journal_is_whole(run: Recorded) -> None:
    """Whatever messages hold."""
    assert run.journal.problems == ()


@EVERYTHING
def test_no_worker_is_lost_where_none_died(run: Recorded) -> None:
    """The end of a worker is no loss."""
    assert run.events(WorkerLost) == []


@EVERYTHING
def test_pytest_itself_says_the_same(run: Recorded) -> None:
    """Recording changes nothing of pytest's own verdict."""
    assert run.exit_code == 1
    assert "INTERNALERROR" not in run.output


PASSWORD = "hunter2-" * 30
LATE = f"{'x' * 1_900} postgresql://app:{PASSWORD}@db {'x' * 1_900}"
"""What is kept of it, from either end, ends within the password, whose shape nobody knows then."""


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[JournalWriter]:
    """Knows no secret, as a suite may make its own."""
    with closing(JournalWriter(tmp_path, "gw0", Redactor())) as writer:
        yield writer


def test_why_a_file_was_not_collected_is_masked_before_it_is_cut(writer: JournalWriter) -> None:
    """The end of a password is none of the reason."""
    report = pytest.CollectReport("test_all.py", "failed", LATE, None)

    assert "hunter2" not in problem_of(report, writer.shown)


def test_why_a_worker_was_lost_is_masked_before_it_is_cut(writer: JournalWriter, tmp_path: Path) -> None:
    """Also over which test it died."""
    recorder = ControllerRecorder(writer, lambda *_: None)
    lost: Any = SimpleNamespace(gateway=SimpleNamespace(id="gw0"))
    report = pytest.TestReport("test_all.py::test_it", ("", None, ""), {}, "failed", LATE, "call")

    recorder.pytest_testnodedown(lost, LATE)
    recorder.pytest_handlecrashitem("test_all.py::test_it", report)

    assert "hunter2" not in written_in(tmp_path)
    assert written_in(tmp_path).count("postgresql://app:[") == 2


def test_why_cleaning_up_failed_is_masked_before_it_is_cut(writer: JournalWriter, tmp_path: Path) -> None:
    """What a fixture raises at a worker's end."""
    ending = CleanUp(writer, "gw0").pytest_sessionfinish()
    next(ending)

    with pytest.raises(StopIteration):
        ending.throw(RuntimeError(LATE))

    assert "hunter2" not in written_in(tmp_path)


def written_in(directory: Path) -> str:
    """All that its journal says."""
    return "".join(path.read_text("utf-8") for path in (directory / "journal").iterdir())


DYING = """\
import os, signal
def test_a(): pass
def test_b(): os.kill(os.getpid(), signal.SIGKILL)
def test_c(): pass
"""


def test_a_killed_worker_is_accounted_for_and_replaced(tmp_path: Path) -> None:
    """The test it ran is errored, those after it run in another worker."""
    run = recorded(tmp_path, 1, {"test_dying.py": DYING})

    assert [run.finished(test).outcome for test in ("test_a", "test_b", "test_c")] == [
        Outcome.PASSED,
        Outcome.ERRORED,
        Outcome.PASSED,
    ]
    assert "worker 'gw0' crashed" in run.finished("test_b").message
    assert {event.worker for event in run.events(WorkerLost)} == {"gw0"}
    assert "test_dying.py::test_b" in {event.node_id for event in run.events(WorkerLost)}


def test_a_killed_pytest_leaves_a_readable_journal(tmp_path: Path) -> None:
    """What it saw until then stands; what it ran is started and not finished."""
    run = recorded(tmp_path, 0, {"test_dying.py": DYING})

    assert run.journal.problems == ()
    assert [event.node_id for event in run.events(TestFinished)] == ["test_dying.py::test_a"]
    assert run.events(TestStarted)[-1].node_id == "test_dying.py::test_b"


def test_a_suite_that_requires_what_is_down_does_not_run(tmp_path: Path) -> None:
    """The suite's declaration holds for each of its tests, without a marker."""
    down = DependencyChanged(dependency="shop", state=DependencyState.DOWN, reason="refused")

    run = recorded(tmp_path, 0, {"test_all.py": "def test_it(): raise SystemExit('ran')\n"}, down)

    assert run.finished("test_it").outcome is Outcome.BLOCKED


def test_what_has_come_back_blocks_nothing(tmp_path: Path) -> None:
    """The latest word on a dependency counts."""
    down = DependencyChanged(dependency="shop", state=DependencyState.DOWN, reason="refused")
    up = DependencyChanged(dependency="shop", state=DependencyState.UP, reason="")

    run = recorded(tmp_path, 0, {"test_all.py": "def test_it(): pass\n"}, down, up)

    assert run.finished("test_it").outcome is Outcome.PASSED


def test_a_test_that_ends_pytest_is_not_finished(tmp_path: Path) -> None:
    """Nobody claims an outcome for it, nor for those that never began."""
    run = recorded(
        tmp_path, 0, {"test_all.py": "import pytest\ndef test_it(): pytest.exit('enough')\ndef test_that(): pass\n"}
    )

    assert run.exit_code == 2
    assert run.events(TestFinished) == []
    assert len(run.events(Collected)) == 2
