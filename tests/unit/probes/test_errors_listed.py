from typing import Any

from ci_tools.model import DependencyState
from ci_tools.questions import ErrorsProbe

PROBE = ErrorsProbe(name="errors", dependency="backend", host="there", path="/errors", timeout_s=5.0)


async def test_each_distinct_error_is_told_once(survey: Any, site: Any) -> None:
    """Ports and durations make no difference; the dependency that the service names is the place."""
    rows = [
        {"message": "check failed after 5.1 ms: port 6379"},
        {"message": "check failed after 7 ms: port 6380"},
        {"message": "redis is unavailable", "error": "refused", "dependency": "redis", "error_code": "UNAVAILABLE"},
    ]
    site.set("/errors", {"data": rows})

    seen = await survey(PROBE, site.url)

    assert [(one.dependency, one.state, one.code, one.text) for one in seen] == [
        ("backend", DependencyState.DEGRADED, None, "check failed after 5.1 ms: port 6379"),
        ("redis", DependencyState.DEGRADED, "UNAVAILABLE", "redis is unavailable; refused"),
    ]


async def test_the_same_words_of_two_dependencies_are_two_errors(survey: Any, site: Any) -> None:
    """Who cannot be reached is no detail of it."""
    rows = [{"error": "connection refused", "dependency": name} for name in ("postgresql", "redis", "redis")]
    site.set("/errors", {"data": rows})

    assert [one.dependency for one in await survey(PROBE, site.url)] == ["postgresql", "redis"]


async def test_no_recent_error_is_well(survey: Any, site: Any) -> None:
    """And is said."""
    site.set("/errors", {"data": []})

    (seen,) = await survey(PROBE, site.url)

    assert (seen.state, seen.text) == (DependencyState.UP, "no recent error")


async def test_a_list_without_end_is_cut(survey: Any, site: Any) -> None:
    """A service in trouble repeats itself."""
    rows = [{"message": f"error of kind {chr(97 + number % 26)}{chr(97 + number // 26)}"} for number in range(200)]
    site.set("/errors", {"data": rows})

    assert len(await survey(PROBE, site.url)) == 25


async def test_a_list_that_is_not_given_tells_nothing(survey: Any, site: Any) -> None:
    """It is no evidence that there was no error."""
    site.set("/errors", {"message": "no"}, status=403)

    assert [one.state for one in await survey(PROBE, site.url)] == [DependencyState.UNKNOWN]
