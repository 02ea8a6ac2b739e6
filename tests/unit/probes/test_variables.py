from typing import Any

import pytest

from ci_tools.model import DependencyState
from ci_tools.questions import VariablesProbe

PROBE = VariablesProbe(
    name="variables", dependency="secrets", host="there", path="/config", about={"REDIS_": "redis"}, timeout_s=5.0
)
SOUND = {"present": True, "length_ok": True, "has_whitespace": False, "is_placeholder": False}


@pytest.mark.parametrize(
    ("fact", "code", "words"),
    [
        ({"present": False, "length_ok": False}, "missing", "is missing"),
        ({"has_whitespace": True}, "whitespace", "contains whitespace"),
        ({"is_placeholder": True}, "placeholder", "is a placeholder"),
        ({"length_ok": False}, "too_short", "is too short"),
    ],
)
async def test_what_speaks_against_a_variable_is_told(
    survey: Any, site: Any, fact: dict[str, bool], code: str, words: str
) -> None:
    """By its name, at the dependency that it is about; never a value."""
    site.set("/config", {"variables": [{"name": "REDIS_HOST", **SOUND, **fact}, {"name": "OTHER", **SOUND}]})

    (seen,) = await survey(PROBE, site.url)

    assert (seen.dependency, seen.state, seen.code) == ("redis", DependencyState.DEGRADED, code)
    assert seen.text == f"variable REDIS_HOST {words}"


async def test_a_variable_that_is_about_nothing_declared_is_the_probes_own(survey: Any, site: Any) -> None:
    """It is somebody's all the same."""
    site.set("/config", {"variables": [{"name": "SECRET_KEY", **SOUND, "present": False}]})

    assert [one.dependency for one in await survey(PROBE, site.url)] == ["secrets"]


async def test_nothing_against_any_is_up(survey: Any, site: Any) -> None:
    """And says of how many."""
    site.set("/config", {"variables": [{"name": "REDIS_HOST", **SOUND}]})

    (seen,) = await survey(PROBE, site.url)

    assert (seen.state, seen.text) == (DependencyState.UP, "nothing speaks against 1 variables")


@pytest.mark.parametrize("body", [{"variables": "many"}, {}, [], "no JSON"])
async def test_an_answer_of_another_shape_tells_nothing(survey: Any, site: Any, body: object) -> None:
    """It is no evidence about any variable."""
    site.set("/config", body)

    assert [one.state for one in await survey(PROBE, site.url)] == [DependencyState.UNKNOWN]
