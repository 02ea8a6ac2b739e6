import io
import sys
from pathlib import Path

import pytest

from ci_tools.__main__ import main
from ci_tools.errors import ExitCode

PASSING = '<testsuite name="s"><testcase name="a"/></testsuite>'


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A file of results that all passed."""
    path = tmp_path / "results.xml"
    path.write_text(PASSING)
    return path


def test_what_was_read_whole_can_be_judged(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command says what it took and what comes next."""
    out = tmp_path / "out"

    assert main(["ingest", str(results), "--out", str(out)]) == ExitCode.PASS
    assert (
        capsys.readouterr().out == f"results.xml: JUnit XML: 1 tests, 1 passed\njudge it with: ci-tools judge {out}\n"
    )
    assert main(["judge", str(out)]) == ExitCode.PASS


def test_a_failing_test_is_judge_s_to_tell(results: Path, tmp_path: Path) -> None:
    """Everything was read, so ingest has done its work."""
    results.write_text(PASSING.replace("/></", "><failure/></testcase></"))
    out = tmp_path / "out"

    assert main(["ingest", str(results), "--out", str(out)]) == ExitCode.PASS
    assert main(["judge", str(out)]) == ExitCode.FAIL


def test_a_broken_file_is_named_with_its_position(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code says that no pass can come of it."""
    broken = tmp_path / "broken.xml"
    broken.write_text("<testsuite>\n</testsuites>")
    out = tmp_path / "out"

    assert main(["ingest", str(results), str(broken), "--out", str(out)]) == ExitCode.INCONCLUSIVE
    assert capsys.readouterr().err == "ci-tools: broken.xml: broken at line 2, column 3: mismatched tag\n"
    assert main(["judge", str(out)]) == ExitCode.INCONCLUSIVE


def test_many_problems_are_not_all_printed(results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The journal has them."""
    results.write_text(f"<testsuite>{'<error/>' * 12}</testsuite>")

    main(["ingest", str(results), "--out", str(tmp_path / "out")])

    assert capsys.readouterr().err.splitlines()[-1] == "ci-tools: … 2 more, in the journal"


def test_a_file_of_another_format_is_a_matter_of_usage(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is written."""
    results.write_text("<TestRun/>")

    assert main(["ingest", str(results), "--out", str(tmp_path / "out")]) == ExitCode.USAGE
    assert "test results of Visual Studio (TRX)" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_standard_input_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``-`` stands for it."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(PASSING.encode())))

    assert main(["ingest", "-", "--out", str(tmp_path / "out")]) == ExitCode.PASS
