import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ci_tools.report.results import document
from ci_tools.report.schema import schema
from tests.unit.report.judgements import FAIL

PUBLISHED = Path(__file__).parents[3] / "docs" / "schema" / "test_results.schema.json"


def test_the_published_schema_is_fresh() -> None:
    """The file in docs is what ``ci-tools schema results`` prints."""
    assert PUBLISHED.read_text(encoding="utf-8") == json.dumps(schema(), indent=2) + "\n"


def test_the_schema_is_a_schema() -> None:
    """It satisfies the meta-schema that it names."""
    Draft202012Validator.check_schema(schema())

    assert schema()["$schema"] == Draft202012Validator.META_SCHEMA["$id"]


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("version",), 2),
        (("verdict", "verdict"), "flaky"),
        (("campaign", "time_scale"), 0),
        (("deployment",), {"sha": None}),
        (("phases", 0, "number"), 0),
        (("suites", 0, "passed"), -1),
        (("gates", 0, "observed"), 1.01),
        (("gates", 0, "interval"), [0.5]),
        (("gates", 0, "state"), "maybe"),
        (("tests", 0, "outcome"), "ok"),
        (("kpis", 0, "state"), "ok"),
        (("tests", 0, "surprise"), 1),
    ],
)
def test_a_document_that_is_not_as_described_is_refused(path: tuple[str | int, ...], wrong: Any) -> None:
    """The schema holds every part of the document to its range, and knows all its fields."""
    result = deepcopy(document(FAIL))
    part: Any = result
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = wrong

    assert not Draft202012Validator(schema()).is_valid(result)
