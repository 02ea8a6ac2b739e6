import json
from pathlib import Path
from typing import Any

import pytest

from tests.diagnosis.junit_corpus import main, summary

GOOD = '<testsuite><testcase name="a"/><testcase name="b" status="disabled"/></testsuite>'
COUNTS = {"tests": 2, "failures": 0, "errors": 0, "skipped": 0, "passed": 2}


def corpus(folder: Path, content: str, **expected: Any) -> Path:
    """A corpus of one file."""
    (folder / "a.xml").write_text(content)
    (folder / "manifest.json").write_text(json.dumps({"files": [{"file": "a.xml", **expected}]}))
    return folder


def test_what_is_as_expected_is_equal(tmp_path: Path) -> None:
    """A disabled test is told apart."""
    found = summary(corpus(tmp_path, GOOD, well_formed=True, format="junit", counts_by_testcase=COUNTS))

    assert (found["equal"], found["differing"], found["not_run"]) == (1, {}, {"a.xml": 1})


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (GOOD, {"well_formed": True, "format": "junit", "counts_by_testcase": {**COUNTS, "failures": 1, "passed": 1}}),
        (GOOD, {"well_formed": False}),
        (GOOD, {"well_formed": True, "format": "trx"}),
        (GOOD[:-3], {"well_formed": True, "format": "junit", "counts_by_testcase": COUNTS}),
        ("<project/>", {"well_formed": True, "format": "junit", "counts_by_testcase": COUNTS}),
    ],
)
def test_what_is_otherwise_differs(tmp_path: Path, content: str, expected: dict[str, Any]) -> None:
    """The check can fail."""
    assert main(["--corpus", str(corpus(tmp_path, content, **expected))]) == 1


def test_a_broken_file_is_shown_with_its_position(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As somebody who ingests it would see it."""
    assert main(["--corpus", str(corpus(tmp_path, GOOD[:-3], well_formed=False))]) == 0
    assert json.loads(capsys.readouterr().out)["malformed"] == {"a.xml": "broken at line 1, column 70: unclosed token"}


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    """With what it is."""
    found = summary(corpus(tmp_path, "<TestRun/>", well_formed=True, format="trx"))

    assert "test results of Visual Studio (TRX)" in found["refused"]["a.xml"]
