from typing import Any

from ci_tools.model import DependencyState
from ci_tools.questions import ChecksProbe

PROBE = ChecksProbe(name="checks", dependency="backend", host="there", path="/ready", times=1, timeout_s=5.0)
WELL = {"status": "healthy", "connected": True, "response_time_ms": 12.5, "error": None}


async def test_each_check_is_told_as_what_it_names(survey: Any, site: Any) -> None:
    """With the server's own latency and words."""
    down = {"status": "unhealthy", "connected": False, "response_time_ms": 5000, "error": "Timeout connecting"}
    site.set("/ready", {"checks": {"postgresql": WELL, "redis": down}})

    seen = await survey(PROBE, site.url)

    assert [(one.dependency, one.state, one.latency_s, one.text) for one in seen] == [
        ("postgresql", DependencyState.UP, 0.0125, ""),
        ("redis", DependencyState.DOWN, 5.0, "Timeout connecting"),
    ]


async def test_a_check_that_was_skipped_says_nothing(survey: Any, site: Any) -> None:
    """What is optional and not there is neither up nor down."""
    site.set("/ready", {"checks": {"clickhouse": {"status": "skipped_optional", "connected": False}}})

    assert await survey(PROBE, site.url) == []


async def test_several_readings_are_told_one_by_one(survey: Any, site: Any) -> None:
    """Latencies that cluster are told from those that spread."""
    site.set("/ready", {"checks": {"postgresql": WELL}})
    probe = ChecksProbe(name="checks", dependency="backend", host="there", path="/ready", times=3)

    assert len(await survey(probe, site.url)) == 3


async def test_an_answer_without_checks_is_the_services_own(survey: Any, site: Any) -> None:
    """It is the service that does not do as agreed."""
    site.set("/ready", "startup failed", status=503, media_type="text/plain")

    (seen,) = await survey(PROBE, site.url)

    assert (seen.dependency, seen.state, seen.code) == ("backend", DependencyState.DOWN, "503")
    assert "startup failed" in seen.text


async def test_a_service_that_is_not_there_has_told_nothing(survey: Any, refusing_url: str) -> None:
    """Whether it is there is for its own probe to say."""
    (seen,) = await survey(PROBE, refusing_url)

    assert (seen.state, seen.code) == (DependencyState.UNKNOWN, "ECONNREFUSED")


async def test_hostile_latencies_are_no_latencies(survey: Any, site: Any) -> None:
    """Text, truth values, nothing, less than nothing and what is beyond every float are no milliseconds."""
    hostile = {"a": "fast", "b": True, "c": None, "d": -1, "e": 10**400, "f": float("inf")}
    site.set("/ready", {"checks": {name: {**WELL, "response_time_ms": value} for name, value in hostile.items()}})

    assert [one.latency_s for one in await survey(PROBE, site.url)] == [None] * len(hostile)
