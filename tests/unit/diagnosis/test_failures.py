import json
from datetime import UTC, datetime

import pytest

from ci_tools.diagnosis.failures import EXCERPT_CHARACTERS, MESSAGE_CHARACTERS, parse
from ci_tools.errors import EvidenceError

WHOLE = {
    "id": "a-1",
    "kind": "pytest",
    "test": "tests/test_cart.py::test_add",
    "exc_type": "AssertionError",
    "message": "it broke",
    "excerpt": "E   it broke",
    "duration_s": 1.5,
    "timestamp": "2026-03-01T10:00:00+02:00",
}


def test_every_field_is_read() -> None:
    """A whole line is a whole failure, its instant in UTC."""
    failure = parse(json.dumps(WHOLE), 1)

    assert (failure.id, failure.test, failure.message, failure.duration_s) == ("a-1", WHOLE["test"], "it broke", 1.5)
    assert failure.at == datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize("field", [name for name in WHOLE if name != "id"])
@pytest.mark.parametrize("value", [None, 7.5, [], {}, True, "", "\x00"])
def test_a_field_of_any_type_is_survived(field: str, value: object) -> None:
    """What cannot be read of a line is left out; the rest is read."""
    assert parse(json.dumps({**WHOLE, field: value}), 1).id == "a-1"


@pytest.mark.parametrize("field", ["message", "excerpt", "exc_type", "test", "kind"])
def test_a_text_that_is_none_is_empty(field: str) -> None:
    """A number is no text."""
    assert getattr(parse(json.dumps({**WHOLE, field: 7}), 1), field) == ""


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-1", "1e999", '"3"', "true", str(10**400)])
def test_a_duration_that_is_none_is_left_out(value: str) -> None:
    """Only a finite number of seconds from zero on is a duration."""
    assert parse(f'{{"id": "a", "duration_s": {value}}}', 1).duration_s is None


@pytest.mark.parametrize("value", ["yesterday", "0001-01-01T00:00:00+23:00", "2026-13-01", ""])
def test_an_instant_that_is_none_is_left_out(value: str) -> None:
    """Only an instant within the calendar is one."""
    assert parse(json.dumps({"id": "a", "timestamp": value}), 1).at is None


def test_an_instant_without_a_zone_is_utc() -> None:
    """Logs leave the zone out."""
    assert parse('{"timestamp": "2026-03-01 10:00:00"}', 1).at == datetime(2026, 3, 1, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize("name", [None, "", [], True, {}])
def test_a_failure_without_a_name_is_called_by_its_line(name: object) -> None:
    """Every answer can be found again."""
    assert parse(json.dumps({"id": name}), 12).id == "line 12"


def test_a_name_in_digits_stays_a_number() -> None:
    """The answer has the id that the file has."""
    assert parse('{"id": 12}', 1).id == 12


@pytest.mark.parametrize("line", ["", "nothing", "{", "[]", '"text"', "null", "7", "[" * 100_000, '{"a": ' * 100_000])
def test_what_is_no_object_is_said(line: str) -> None:
    """One JSON object a line is read, and nothing else."""
    with pytest.raises(EvidenceError, match="one JSON object a line is read"):
        parse(line, 1)


def test_only_the_beginning_of_a_message_is_read() -> None:
    """A message of a megabyte costs no more than one of a page."""
    assert len(parse(json.dumps({"message": "x" * 1_000_000}), 1).message) == MESSAGE_CHARACTERS


def test_both_ends_of_an_excerpt_are_read() -> None:
    """The error of a long traceback stands at its end."""
    excerpt = parse(json.dumps({"excerpt": "begin" + "x" * 1_000_000 + "end"}), 1).excerpt

    assert excerpt.startswith("begin")
    assert excerpt.endswith("end")
    assert len(excerpt) <= EXCERPT_CHARACTERS + 1


@pytest.mark.parametrize(("kind", "is_log"), [("gcp_log", True), ("pytest", False), ("junit", False), ("", False)])
def test_a_log_is_told_from_a_test(kind: str, *, is_log: bool) -> None:
    """What the deployed system says itself is a log."""
    assert parse(json.dumps({"kind": kind}), 1).is_log is is_log
