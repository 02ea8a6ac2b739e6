from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_tools.model import DependencyState
from ci_tools.probes.expectation import MissingPathError, look_up, milliseconds, mismatches, stand_in

HEALTH = {
    "status": "degraded",
    "checks": {
        "postgresql": {"status": "healthy", "connected": True, "response_time_ms": 12.5, "error": None},
        "redis": {"status": "degraded", "connected": False, "response_time_ms": None, "error": "Error -2 connecting"},
    },
    "hosts": [{"name": "a"}, {"name": "b"}],
    "retries": 1,
}


def test_a_dotted_path_leads_to_a_nested_value() -> None:
    """A dotted path names a value inside mappings."""
    assert look_up(HEALTH, "checks.postgresql.response_time_ms") == 12.5


def test_a_number_in_a_path_counts_the_entries_of_a_list() -> None:
    """A number in a dotted path is an index where the document holds a list."""
    assert look_up(HEALTH, "hosts.1.name") == "b"


@pytest.mark.parametrize("path", ["checks.mysql.connected", "hosts.2.name", "status.text", "hosts.-1.name"])
def test_a_path_that_leads_nowhere_is_missing(path: str) -> None:
    """A path without a value is an error that names the path."""
    with pytest.raises(MissingPathError, match=f"^{path} is missing"):
        look_up(HEALTH, path)


def test_a_missing_path_is_told_with_what_is_there_instead() -> None:
    """The text about a missing path names what its last existing part holds."""
    with pytest.raises(MissingPathError, match=r"; checks has postgresql, redis$"):
        look_up(HEALTH, "checks.mysql")


def test_a_document_that_is_no_mapping_is_told_as_it_is() -> None:
    """A path into a bare value quotes that value."""
    with pytest.raises(MissingPathError, match=r'the answer is "fine"$'):
        look_up("fine", "status")


def test_expected_values_leave_nothing_to_say() -> None:
    """Paths that hold one of their values make no mismatch."""
    expect = {"checks.postgresql.connected": (True,), "status": ("healthy", "degraded")}

    assert mismatches(HEALTH, expect) == ()


def test_a_lost_connection_is_down_in_the_dependencys_own_words() -> None:
    """A mismatch quotes path, value, what was expected, and the error that stands beside it."""
    (mismatch,) = mismatches(HEALTH, {"checks.redis.connected": (True,)})

    assert mismatch.state is DependencyState.DOWN
    assert mismatch.text == "checks.redis.connected is false, expected true: Error -2 connecting"


def test_a_value_that_says_degraded_is_degraded() -> None:
    """A mismatch is degraded when the value itself says so."""
    (mismatch,) = mismatches(HEALTH, {"status": ("healthy",)})

    assert mismatch.state is DependencyState.DEGRADED


def test_degraded_without_a_connection_is_down() -> None:
    """A value that says degraded is down when the dependency says that it is not connected."""
    (mismatch,) = mismatches(HEALTH, {"checks.redis.status": ("healthy",)})

    assert mismatch.state is DependencyState.DOWN


def test_a_missing_path_is_down_and_names_what_was_expected() -> None:
    """A path that the answer does not hold is a mismatch that names the expected value."""
    (mismatch,) = mismatches(HEALTH, {"checks.mysql.connected": (True,)})

    assert mismatch.state is DependencyState.DOWN
    assert mismatch.text.endswith("; expected true")


def test_several_allowed_values_are_all_named() -> None:
    """A mismatch lists every value that would have done."""
    (mismatch,) = mismatches({"status": "failed"}, {"status": ("connected", "skipped")})

    assert mismatch.text == 'status is "failed", expected one of "connected", "skipped"'


@pytest.mark.parametrize(("path", "expected"), [("checks.postgresql.connected", 1), ("retries", True)])
def test_true_and_one_are_different_values(path: str, expected: bool | int) -> None:  # noqa: FBT001 - the datum
    """JSON's true does not satisfy an expected 1, nor 1 an expected true."""
    assert len(mismatches(HEALTH, {path: (expected,)})) == 1


def test_null_is_a_value_that_can_be_expected() -> None:
    """A path that holds null is not missing."""
    assert mismatches(HEALTH, {"checks.postgresql.error": (None,)}) == ()


def test_a_long_value_is_shortened() -> None:
    """A mismatch quotes a bounded part of a value, however much the answer holds."""
    (mismatch,) = mismatches({"status": "x" * 10_000}, {"status": ("ok",)})

    assert len(mismatch.text) < 250


def test_a_latency_is_a_number_of_milliseconds() -> None:
    """The figure at a latency's path is taken as it is."""
    assert milliseconds(HEALTH, "checks.postgresql.response_time_ms") == 12.5


@pytest.mark.parametrize(
    "value", [None, True, "12", -1, float("nan"), float("inf"), 10**400, [3]], ids=lambda value: repr(value)[:9]
)
def test_what_is_no_duration_is_no_latency(value: object) -> None:
    """A figure that cannot be a duration is an error, not a latency."""
    with pytest.raises(MissingPathError, match=r"no duration$"):
        milliseconds({"took": value}, "took")


@pytest.mark.parametrize("text", ["Mock agent response", "Fallback answer", "Degraded mode: limited"])
def test_a_stand_in_is_found_at_any_depth(text: str) -> None:
    """A text that announces a made-up answer is found wherever it stands."""
    assert stand_in({"data": [{"a": 1}, {"response": text}]}) == text


def test_a_real_answer_is_no_stand_in() -> None:
    """An answer whose texts only mention such words is no stand-in."""
    assert not stand_in({"message": "no Mock here", "mode": "degraded", "items": [1, None, True]})


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("a", "b", "error", "0")), inner, max_size=4)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
DOCUMENTS = st.recursive(SCALARS, _nested, max_leaves=12)


@settings(deadline=None)
@given(document=DOCUMENTS, path=st.sampled_from(("a", "a.b", "a.0.b", "0", "error.a")), allowed=SCALARS)
def test_whatever_an_answer_holds_it_matches_or_it_does_not(document: Any, path: str, allowed: Any) -> None:
    """No JSON document is beyond judging: at most one bounded mismatch for each expected path."""
    found = mismatches(document, {path: (allowed,)})

    assert len(found) <= 1
    assert all(one.text.startswith(path) and one.state is not DependencyState.UP for one in found)
