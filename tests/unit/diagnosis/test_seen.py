from typing import Any

import pytest

from ci_tools.diagnosis.seen import failure_clue
from ci_tools.knowledge_file import knowledge
from ci_tools.model import NodeId, Outcome
from ci_tools.verdict.judgement import TestResult

PUT, GET = {"method": "PUT", "status": 200}, {"method": "GET", "status": 200}


def failed(*exchanges: Any, reason: str = "assert 'before' == 'after'") -> TestResult:
    """A test that sent *exchanges* and then failed."""
    return TestResult(
        node_id=NodeId("tests/test_it.py::test_it"),
        suite="database",
        phase=1,
        outcome=Outcome.FAILED,
        attempts=1,
        duration_s=0.1,
        exc_type="AssertionError",
        reason=reason,
        evidence={"exchanges": list(exchanges)},
    )


@pytest.mark.parametrize(
    ("exchanges", "accepted"),
    [
        ((PUT, GET), True),
        ((GET, {"method": "PATCH", "status": 204}, GET), True),
        ((GET, PUT), False),
        ((GET,), False),
        ((), False),
        ((PUT, {"method": "GET", "status": 503}), False),
        ((PUT, {"method": "GET", "status": None}), False),
        (({"method": "PUT", "status": 404}, GET), False),
    ],
)
def test_a_change_is_accepted_if_all_was_answered_well(exchanges: tuple[Any, ...], *, accepted: bool) -> None:
    """A change and a later read, and no answer that is no success."""
    assert failure_clue(failed(*exchanges), "postgresql").accepted is accepted


@pytest.mark.parametrize(
    ("test", "cause"),
    [
        (failed(PUT, GET), "product_defect"),
        (failed(PUT, GET, reason="assert 508.5 < 300"), ""),
        (failed(GET, reason="assert 'degraded' == 'healthy'"), ""),
    ],
)
def test_a_change_that_is_forgotten_is_of_its_own(test: TestResult, cause: str) -> None:
    """No outage answers well and forgets; lateness and what health tells may be anything's."""
    assert knowledge().of_its_own(failure_clue(test, "postgresql")) == cause
