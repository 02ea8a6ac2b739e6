import io
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import pytest

from ci_tools.errors import UsageError
from ci_tools.evidence.events import CampaignStarted, Collected, Event, Interrupted, PlanExtended, TestFinished
from ci_tools.evidence.foreign.formats import Format
from ci_tools.evidence.ingesting import STDIN, Taken, ingest, sources
from ci_tools.evidence.journal import CampaignDirectory, read
from ci_tools.evidence.redaction import MASK, Redactor
from ci_tools.model import GateState, Outcome, Verdict
from ci_tools.verdict.fold import fold
from ci_tools.verdict.judge import judge
from ci_tools.verdict.judgement import Judgement

SECRET = "correct-horse-battery"
PASSING = '<testsuite name="s" tests="2"><testcase name="a"/><testcase name="b"/></testsuite>'
FAILING = '<testsuite name="s"><testcase name="c"><failure message="boom">at x</failure></testcase></testsuite>'
CUT = '<testsuite name="s"><testcase name="d"/><testcase name="e"'


LACKING = "the testsuite at line 1 states 10 tests, 1 are there: 9 are missing"
EMPTY = "broken at line 1, column 1: the file is empty"


class Campaign:
    """Files in a folder, and the campaign that they become."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = folder / "out"

    def file(self, name: str, content: str | bytes) -> Path:
        """A file of that *content*."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def ingest(self, *paths: Path, stdin: BinaryIO | None = None) -> list[Taken]:
        """Take the files at *paths*."""
        given = stdin or io.BytesIO()
        found = sources(paths, given)
        directory = CampaignDirectory.create(self.out, Redactor([SECRET]))
        return ingest(found, directory, campaign="c", environment="e", stdin=given)

    def judged(self, *contents: str | bytes) -> Judgement:
        """The verdict over files of these *contents*, called 0.xml, 1.xml and so on."""
        self.ingest(*(self.file(f"{number}.xml", content) for number, content in enumerate(contents)))
        return self.judgement()

    def judgement(self) -> Judgement:
        """The verdict over what was taken."""
        journal = read(self.out)
        return judge(fold(journal.records, journal.problems))

    def events(self) -> Sequence[Event]:
        """What stands in the journal."""
        return [record.event for record in read(self.out).records]


@pytest.fixture
def campaign(tmp_path: Path) -> Campaign:
    """A folder of its own."""
    return Campaign(tmp_path)


def test_what_passed_whole_is_a_pass(campaign: Campaign) -> None:
    """Two files of tests that all passed."""
    judgement = campaign.judged(PASSING, PASSING)

    assert (judgement.verdict, judgement.reasons) == (Verdict.PASS, ())
    assert [(suite.name, suite.expected, suite.passed) for suite in judgement.suites] == [
        ("0.xml", 2, 2),
        ("1.xml", 2, 2),
    ]


def test_a_failure_is_a_failure(campaign: Campaign) -> None:
    """With the words of its file."""
    judgement = campaign.judged(PASSING, FAILING)

    (failed,) = [test for test in judgement.tests if test.outcome is Outcome.FAILED]
    assert judgement.verdict is Verdict.FAIL
    assert (failed.node_id, failed.reason, failed.excerpt) == ("s::c", "boom", "at x")


@pytest.mark.parametrize(
    ("content", "missing"),
    [
        ("<testsuites/>", "no test of 0.xml was collected; 0.xml could not be collected: it holds no test"),
        ('<testsuite><testcase name="a"/><testcase name="b"><skipped/></testcase></testsuite>', "1 skipped"),
        ('<testsuite><testcase name="a" status="disabled"/></testsuite>', "1 not run"),
        (
            '<testsuite name="s" tests="10"><testcase name="a"/></testsuite>',
            f"9 of 10 never collected; 0.xml: s could not be collected: {LACKING}",
        ),
        (CUT, "0.xml could not be collected: broken at line 1, column 41: unclosed token"),
        (
            "",
            f"no test of 0.xml was collected; 0.xml could not be collected: {EMPTY}",
        ),
    ],
)
def test_what_is_missing_is_named(campaign: Campaign, content: str, missing: str) -> None:
    """Without a failure, everything that is no whole pass is inconclusive."""
    judgement = campaign.judged(content)

    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert [(gate.state, gate.missing) for gate in judgement.gates] == [(GateState.CANNOT_TELL, missing)]


def test_a_broken_file_costs_nothing_but_a_pass(campaign: Campaign) -> None:
    """The others are taken, and what it says before it breaks."""
    judgement = campaign.judged(PASSING, CUT, PASSING)

    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert [suite.collected for suite in judgement.suites] == [2, 1, 2]


def test_a_failure_in_a_broken_file_is_a_failure(campaign: Campaign) -> None:
    """It is certain, whatever is missing."""
    assert campaign.judged(FAILING.replace("</testsuite>", "<")).verdict is Verdict.FAIL


def test_the_first_attempt_votes_and_flaky_is_said(campaign: Campaign) -> None:
    """A test that passed after a re-run has failed."""
    judgement = campaign.judged('<testsuite><testcase name="a"><flakyFailure message="m"/></testcase></testsuite>')

    (test,) = judgement.tests
    assert (test.outcome, test.flaky, test.attempts, test.reason) == (Outcome.FAILED, True, 2, "m")


def test_a_file_is_what_it_holds(campaign: Campaign) -> None:
    """Formats are told by content, and one call may have several."""
    log = (
        '{"pytest_version": "9"}\n'
        '{"$report_type": "TestReport", "nodeid": "a.py::t", "when": "call", "outcome": "passed"}\n'
        '{"$report_type": "TestReport", "nodeid": "a.py::t", "when": "teardown", "outcome": "passed"}\n'
        '{"$report_type": "SessionFinish", "exitstatus": 0}\n'
    )
    ctrf = '{"results": {"summary": {"tests": 1}, "tests": [{"name": "t", "status": "passed"}]}}'
    taken = campaign.ingest(campaign.file("a.txt", PASSING), campaign.file("b.xml", log), campaign.file("c.xml", ctrf))

    assert [one.format for one in taken] == [Format.JUNIT, Format.REPORTLOG, Format.CTRF]
    assert campaign.judgement().verdict is Verdict.PASS


def test_endless_problems_have_an_end(campaign: Campaign) -> None:
    """The number of those that are not listed is said, and every missing test counts."""
    lacking = '<testsuite tests="2"/>' * 150
    (taken,) = campaign.ingest(campaign.file("a.xml", f"<testsuites>{lacking}</testsuites>"))

    assert (len(taken.problems), taken.problems[-1]) == (101, "50 more problems are not listed")
    assert campaign.judgement().suites[0].planned == 300


def test_a_foreign_file_among_others_keeps_a_pass_away(campaign: Campaign) -> None:
    """Nobody knows what it says."""
    judgement = campaign.judged(PASSING, "<project/>")

    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "its root is <project>: a project file of Maven" in judgement.gates[1].missing


def test_the_same_file_twice_is_read_once(campaign: Campaign) -> None:
    """Also under another name."""
    path = campaign.file("a.xml", PASSING)
    link = campaign.folder / "b.xml"
    link.symlink_to(path)

    assert [one.name for one in campaign.ingest(path, path, link)] == ["a.xml"]


def test_files_are_named_without_the_folder_that_they_share(campaign: Campaign) -> None:
    """So that two of the same name are told apart, and nobody reads a path of the machine."""
    first, second = campaign.file("x/r.xml", PASSING), campaign.file("y/z/r.xml", PASSING)

    assert [one.name for one in campaign.ingest(first, second)] == ["x/r.xml", "y/z/r.xml"]


def test_a_relative_name_stays_as_it_was_given(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the same in every run, whatever other files there are."""
    campaign.file("x/r.xml", PASSING)
    monkeypatch.chdir(campaign.folder)

    assert [one.name for one in campaign.ingest(Path("x/r.xml"))] == ["x/r.xml"]


def test_standard_input_is_a_file(campaign: Campaign) -> None:
    """Also one that is longer than what tells its format."""
    cases = "".join(f'<testcase name="{number}"/>' for number in range(5_000))

    (taken,) = campaign.ingest(STDIN, stdin=io.BytesIO(f"<testsuite>{cases}</testsuite>".encode()))

    assert (taken.name, taken.tests, taken.problems) == ("standard input", 5_000, [])


def test_names_that_masking_makes_equal_stay_two_suites(campaign: Campaign) -> None:
    """A suite is what its name says."""
    taken = campaign.ingest(campaign.file(SECRET, PASSING), campaign.file(f"x/../{SECRET}x", PASSING))

    assert len({one.name for one in taken}) == 2
    assert campaign.judgement().verdict is Verdict.PASS


def test_nothing_is_written_unmasked(campaign: Campaign) -> None:
    """Names, messages, texts, and what is wrong with a file."""
    campaign.ingest(
        campaign.file(
            "a.xml", FAILING.replace("boom", SECRET).replace("at x", f"{SECRET}y").replace('"c"', f'"{SECRET}"')
        ),
        campaign.file("b.xml", f'<testsuite><error message="{SECRET}"/></testsuite>'),
        campaign.file(f"{SECRET}.xml", f"<{SECRET}/>"),
    )

    (journal,) = (campaign.out / "journal").iterdir()
    assert SECRET not in journal.read_text()
    assert MASK in journal.read_text()


def test_a_secret_at_the_edge_of_what_is_kept_is_masked(campaign: Campaign) -> None:
    """Texts are masked before they are cut."""
    text = "x" * 1_990 + SECRET + "y" * 100_000 + SECRET + "z" * 3_990
    campaign.judged(f'<testcase name="a"><failure message="m">{text}</failure></testcase>')

    (finished,) = [event for event in campaign.events() if isinstance(event, TestFinished)]
    assert not any(SECRET[at : at + 6] in finished.excerpt for at in range(len(SECRET) - 6))


@pytest.mark.parametrize("before", [450, 1_950])
@pytest.mark.parametrize("told", [{"outcome": "failed"}, {"outcome": "skipped"}], ids=["broken", "skipped"])
def test_an_address_at_the_edge_of_what_is_kept_is_masked(
    told: dict[str, str], before: int, campaign: Campaign
) -> None:
    """Of a file that could not be collected, too: without its end nobody would know a password for one."""
    text = f"{'x' * before} postgresql://shop:{'hunter2-' * 30}@db"
    longrepr = text if told["outcome"] == "failed" else ["a.py", 1, f"Skipped: {text}"]
    reports = (
        {"$report_type": "SessionStart", "pytest_version": "9.2.0"},
        {"$report_type": "CollectReport", "nodeid": "a.py", "longrepr": longrepr, **told},
        {"$report_type": "SessionFinish", "exitstatus": 2},
    )
    campaign.ingest(campaign.file("a.jsonl", "".join(f"{json.dumps(report)}\n" for report in reports)))

    (journal,) = (campaign.out / "journal").iterdir()
    assert "hunter2" not in journal.read_text()
    assert "postgresql://shop:" in journal.read_text()


@pytest.mark.parametrize(("size", "left_out"), [(6_000, None), (6_001, 1), (20_000, 14_000), (1_000_000, 994_000)])
def test_a_text_that_is_cut_says_so(campaign: Campaign, size: int, left_out: int | None) -> None:
    """With the number of characters that are left out."""
    campaign.judged(f'<testcase name="a"><failure message="m">{"x" * size}</failure></testcase>')

    (finished,) = [event for event in campaign.events() if isinstance(event, TestFinished)]
    said = f"\n[{left_out} characters are left out here]\n" if left_out else ""
    assert finished.excerpt == "x" * 2_000 + said + "x" * 4_000


def test_half_a_surrogate_pair_is_written_as_something_readable(campaign: Campaign) -> None:
    """JSON can hold what no file can."""
    names = '{"name": "\\ud800", "status": "passed"}, {"name": "?", "status": "passed"}'
    ctrf = f'{{"results": {{"summary": {{"tests": 2}}, "tests": [{names}]}}}}'

    assert campaign.judged(ctrf).verdict is Verdict.PASS
    assert [suite.collected for suite in campaign.judgement().suites] == [2]


@pytest.mark.parametrize("name", ["absent.xml", "folder", "pipe"])
def test_what_cannot_be_read_is_refused(campaign: Campaign, name: str) -> None:
    """Before anything is written."""
    (campaign.folder / "folder").mkdir()
    os.mkfifo(campaign.folder / "pipe")

    with pytest.raises(UsageError, match=f"cannot read '.*{name}': "):
        campaign.ingest(campaign.file("a.xml", PASSING), campaign.folder / name)

    assert not campaign.out.exists()


def test_nothing_that_can_be_read_is_refused(campaign: Campaign) -> None:
    """The text says what was found and what is read."""
    with pytest.raises(UsageError) as caught:
        campaign.ingest(campaign.file("a.txt", "ok 1\n"), campaign.file("b.xml", "<html/>"))

    assert str(caught.value) == (
        "no test results that can be read: a.txt: it begins with 'ok 1'; "
        "b.xml: it is XML, but its root is <html>: a web page; what is read: JUnit XML, pytest-reportlog, CTRF"
    )


def test_a_directory_that_holds_something_is_refused(campaign: Campaign) -> None:
    """Evidence is never mixed."""
    path = campaign.file("a.xml", PASSING)
    campaign.ingest(path)

    with pytest.raises(UsageError, match="is not empty"):
        campaign.ingest(path)


class Broken(io.BytesIO):
    """Standard input that breaks after its beginning."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(b"<testsuite>" + b'<testcase name="a"/>')
        self._error = error
        self._asked = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """The beginning once, then the error."""
        self._asked += 1
        if self._asked > 1:
            raise self._error
        return super().read(size)


def test_an_input_that_breaks_is_a_problem(campaign: Campaign) -> None:
    """What came before is taken."""
    (taken,) = campaign.ingest(STDIN, stdin=Broken(OSError(5, "Input/output error")))

    assert (taken.tests, taken.problems) == (1, ["cannot be read on: Input/output error"])
    assert campaign.judgement().verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (KeyboardInterrupt(), "stopped by the keyboard while results were read"),
        (RuntimeError("x"), "a defect of ci-tools: RuntimeError: x"),
    ],
)
def test_an_interruption_is_in_the_journal(campaign: Campaign, error: BaseException, reason: str) -> None:
    """It has no end, so it is no pass."""
    with pytest.raises(type(error)):
        campaign.ingest(STDIN, stdin=Broken(error))

    assert Interrupted(reason=reason) in campaign.events()
    assert campaign.judgement().verdict is Verdict.INCONCLUSIVE


def test_a_journal_that_is_cut_off_is_inconclusive(campaign: Campaign) -> None:
    """A killed process leaves one whose plan was never completed."""
    campaign.ingest(campaign.file("a.xml", PASSING))
    (path,) = (campaign.out / "journal").iterdir()
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:4]))

    judgement = campaign.judgement()
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "the campaign never finished: its process was killed or is still running" in judgement.reasons


def test_the_journal_states_its_plan(campaign: Campaign) -> None:
    """First none, for nobody knows yet; then what was found."""
    campaign.ingest(campaign.file("a.xml", PASSING))

    (started,) = [event for event in campaign.events() if isinstance(event, CampaignStarted)]
    (extended,) = [event for event in campaign.events() if isinstance(event, PlanExtended)]
    assert (started.campaign, started.plan.environment, started.plan.phases) == ("c", "e", ())
    assert [suite.name for suite in extended.phases[0].suites] == ["a.xml"]


def test_a_test_is_collected_once(campaign: Campaign) -> None:
    """Re-runs are attempts at it."""
    campaign.judged('<a><testcase name="t"><failure/></testcase><testcase name="t"/></a>'.replace("a>", "testsuite>"))

    collected = [event for event in campaign.events() if isinstance(event, Collected)]
    finished = [event for event in campaign.events() if isinstance(event, TestFinished)]
    assert (len(collected), [event.attempt for event in finished]) == (1, [1, 2])
