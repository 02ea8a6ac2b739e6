import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET  # the file is our own pytest's

import pytest

from tests.acceptance.commands import ROOT, environ, run
from tests.acceptance.mutants import CONTRACT_TESTS, MUTANTS, SUITES, Mutant, copy_of, occurrences, plant

pytestmark = pytest.mark.xdist_group("acceptance")
WITHIN_S = 240.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What pytest said of a copy of the repository."""

    exit_code: int
    seconds: float
    failed: tuple[str, ...]
    errored: tuple[str, ...]
    output: str


Looking = Callable[..., Looked]


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the repository's twin, contract tests and suites."""
    return copy_of(ROOT, tmp_path / "copy")


@pytest.fixture
def look(copied: Path, temporary: Path) -> Looking:
    """Run *files* of the copy against the twin of the copy."""

    def looking(folder: str, files: tuple[str, ...], *options: str) -> Looked:
        report = copied / "report.xml"
        argv = [sys.executable, "-m", "pytest", *(f"{folder}/{file}" for file in files), "-q", "--tb=short"]
        argv += ["-p", "no:cacheprovider", f"--junitxml={report}", *options]
        ended = run(argv, {**environ(temporary), "PYTHONPATH": str(copied)}, within_s=WITHIN_S, cwd=copied)
        cases = ET.parse(report).getroot().iter("testcase")  # noqa: S314 - written by our own pytest
        found = [(case.get("name", ""), {part.tag for part in case}) for case in cases]
        return Looked(
            exit_code=ended.exit_code,
            seconds=ended.seconds,
            failed=tuple(name for name, parts in found if "failure" in parts),
            errored=tuple(name for name, parts in found if "error" in parts),
            output=ended.output,
        )

    return looking


def test_every_defect_can_be_planted() -> None:
    """Each defect finds the text that it replaces, once."""
    assert [mutant.name for mutant in MUTANTS if occurrences(mutant, ROOT) != 1] == []


def test_lost_text_is_told(copied: Path) -> None:
    """A defect whose text is gone from its module is not planted, and the message says where to plant it anew."""
    plant(MUTANTS[0], copied)

    with pytest.raises(LookupError, match=r"stands 0 times in ci_tools/twin/.*mutants_of_\*\.py"):
        plant(MUTANTS[0], copied)


def test_unharmed_copy_passes(area: str, look: Looking, figures: dict[str, Any]) -> None:
    """What notices the mutants finds nothing wrong with the twin as it is."""
    contract = look("tests/contract", CONTRACT_TESTS[area])
    figures |= {"area": area, "contract_s": round(contract.seconds, 2)}

    assert (contract.exit_code, contract.failed, contract.errored) == (0, (), ()), contract.output


def test_contract_tests_notice_a_planted_defect(
    mutant: Mutant, copied: Path, look: Looking, figures: dict[str, Any]
) -> None:
    """A defect that a reviewer could overlook fails a contract test by an assertion, with the twin up."""
    plant(mutant, copied)
    contract = look("tests/contract", CONTRACT_TESTS[mutant.area], "-x")
    figures |= {
        "area": mutant.area,
        "breaks": mutant.breaks,
        "noticed_by": list(contract.failed),
        "noticed_s": round(contract.seconds, 2),
    }

    assert contract.failed, f"survived: {mutant.breaks}\n{contract.output}"
    assert (contract.exit_code, contract.errored) == (1, ()), contract.output


def test_suites_notice_a_planted_defect(
    open_mutant: Mutant, copied: Path, look: Looking, figures: dict[str, Any]
) -> None:
    """A defect that users can tell fails a test of the suites of the deployed system by an assertion."""
    plant(open_mutant, copied)
    suites = look("tests/e2e/staging", SUITES[open_mutant.area], "-x", "--env=twin")
    figures |= {
        "area": open_mutant.area,
        "breaks": open_mutant.breaks,
        "noticed_by": list(suites.failed),
        "noticed_s": round(suites.seconds, 2),
    }

    assert suites.failed, f"survived: {open_mutant.breaks}\n{suites.output}"
    assert (suites.exit_code, suites.errored) == (1, ()), suites.output
