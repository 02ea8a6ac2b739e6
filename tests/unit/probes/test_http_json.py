import time
from collections.abc import Awaitable, Callable
from typing import Any

import jwt
import pytest

from ci_tools.model import BypassKey, DependencyState, EdgeLimit, Observation
from ci_tools.questions import HttpJsonProbe

Look = Callable[..., Awaitable[Observation]]

KEY = "bypass-key-of-nobody"


def probe(**fields: Any) -> HttpJsonProbe:
    """Make a probe of the host ``there``."""
    return HttpJsonProbe(name="redis_state", dependency="redis", host="there", path="/health?force=true", **fields)


def token() -> str:
    """Make a token with a quarter of an hour to live."""
    return jwt.encode({"sub": "u-1", "iat": time.time(), "exp": time.time() + 900}, "k" * 32)


async def test_an_answer_as_expected_is_up(look: Look, site: Any) -> None:
    """The expected status with all expected values is up, with the client's own time."""
    site.set("/health", {"checks": {"redis": {"connected": True}}})

    seen = await look(probe(expect={"checks.redis.connected": (True,)}), site.url)

    assert (seen.state, seen.code, seen.text) == (DependencyState.UP, "200", "")
    assert seen.latency_s is not None
    assert 0 < seen.latency_s < 5


async def test_the_query_of_a_path_is_sent(look: Look, site: Any) -> None:
    """A probe's path goes out whole: without its query the answer would be a cached one."""
    site.set("/health", {})

    await look(probe(), site.url)

    assert site.requests[0].startswith("GET /health?force=true HTTP/1.1\r\n")


async def test_a_body_is_sent_by_post(look: Look, site: Any) -> None:
    """A probe with a body posts it as JSON, and says that it did."""
    site.set("/health", {})

    seen = await look(probe(body={"type": "data", "message": "1 2 3"}), site.url)

    assert site.requests[0].startswith("POST /health?force=true HTTP/1.1\r\n")
    assert "content-type: application/json" in site.requests[0].lower()
    assert seen.source == f"POST {site.url}/health?force=true"


async def test_an_observation_says_what_was_asked(look: Look, site: Any) -> None:
    """Probe, dependency and source name whose observation it is."""
    site.set("/health", {})

    seen = await look(probe(), site.url)

    assert (seen.probe, seen.dependency) == ("redis_state", "redis")
    assert seen.source == f"GET {site.url}/health?force=true"


async def test_the_servers_own_latency_counts_where_the_probe_names_one(look: Look, site: Any) -> None:
    """A named server-side figure in milliseconds becomes the latency in seconds."""
    site.set("/health", {"took_ms": 5032})

    seen = await look(probe(latency_ms="took_ms"), site.url)

    assert (seen.state, seen.latency_s) == (DependencyState.UP, 5.032)


async def test_a_missing_server_latency_is_degraded(look: Look, site: Any) -> None:
    """An answer without the figure that the probe names is not as agreed, and has no latency."""
    site.set("/health", {"took_ms": None})

    seen = await look(probe(latency_ms="took_ms"), site.url)

    assert (seen.state, seen.latency_s) == (DependencyState.DEGRADED, None)
    assert seen.text == "took_ms is null, no duration; expected its latency in milliseconds"


async def test_a_lost_dependency_is_down_though_the_answer_is_200(look: Look, site: Any) -> None:
    """A 200 that says the dependency is not connected is down, with the dependency's own error."""
    site.set("/health", {"checks": {"redis": {"connected": False, "error": "Error -3 connecting to h:6379"}}})

    seen = await look(
        probe(expect={"checks.redis.connected": (True,)}, latency_ms="checks.redis.response_time_ms"), site.url
    )

    assert (seen.state, seen.code) == (DependencyState.DOWN, "200")
    assert seen.text == "checks.redis.connected is false, expected true: Error -3 connecting to h:6379"


async def test_a_degraded_status_is_degraded(look: Look, site: Any) -> None:
    """A value that says degraded makes the observation degraded."""
    site.set("/health", {"status": "degraded"})

    seen = await look(probe(expect={"status": ("healthy",)}), site.url)

    assert seen.state is DependencyState.DEGRADED


async def test_the_worst_of_several_mismatches_decides(look: Look, site: Any) -> None:
    """Degraded in one respect and down in another is down, and both are told."""
    site.set("/health", {"status": "degraded"})

    seen = await look(probe(expect={"status": ("healthy",), "checks.redis.connected": (True,)}), site.url)

    assert seen.state is DependencyState.DOWN
    assert seen.text.startswith('status is "degraded", expected "healthy"; checks.redis.connected is missing')


async def test_another_status_is_down_with_the_answers_words(look: Look, site: Any) -> None:
    """A status other than the expected one is down, with that status and the body's words."""
    site.set("/health", {"status": "unhealthy", "message": "basic_health_failed"}, status=503)

    seen = await look(probe(), site.url)

    assert (seen.state, seen.code) == (DependencyState.DOWN, "503")
    assert seen.text.startswith("503 instead of 200: ")
    assert "basic_health_failed" in seen.text


async def test_a_redirect_is_told_without_its_query(look: Look, site: Any) -> None:
    """A redirect is not followed; where it leads is told without what may be a credential."""
    site.set("/health", "", status=302, headers={"location": "https://login.example.com/in?state=opaque"})

    seen = await look(probe(), site.url)

    assert (seen.state, seen.code) == (DependencyState.DOWN, "302")
    assert seen.text == "302 instead of 200, to https://login.example.com/in"


async def test_html_is_down_with_its_words(look: Look, site: Any) -> None:
    """A 200 that is no JSON is down, with what it says instead."""
    site.set("/health", "<h1>Maintenance</h1>", media_type="text/html")

    seen = await look(probe(), site.url)

    assert seen.state is DependencyState.DOWN
    assert seen.text == "text/html instead of JSON: <h1>Maintenance</h1>"


async def test_json_that_cannot_be_read_is_not_said_to_be_something_else(look: Look, site: Any) -> None:
    """Its type says that it is JSON."""
    site.set("/health", '{"status": ', media_type="application/json")

    seen = await look(probe(), site.url)

    assert seen.text == 'application/json that cannot be read as JSON: {"status":'


@pytest.mark.parametrize("body", ["Mock health response", '"Fallback health"', {"message": "Degraded mode active"}])
async def test_a_made_up_answer_is_down(look: Look, site: Any, body: Any) -> None:
    """A 200 with a stand-in instead of an answer is down, with the stand-in's words."""
    site.set("/health", body)

    seen = await look(probe(), site.url)

    assert (seen.state, seen.code) == (DependencyState.DOWN, "200")
    assert any(words in seen.text for words in ("Mock health", "Fallback health", "Degraded mode"))


async def test_endless_nesting_is_down(look: Look, site: Any) -> None:
    """JSON nested deeper than can be read is an observation, not a crash."""
    site.set("/health", "[" * 200_000)

    seen = await look(probe(), site.url)

    assert (seen.state, seen.code) == (DependencyState.DOWN, "200")


async def test_garbled_compression_is_down(look: Look, site: Any) -> None:
    """An answer whose compression cannot be undone is an observation, not a crash."""
    site.set("/health", "no gzip", headers={"content-encoding": "gzip"})

    seen = await look(probe(), site.url)

    assert seen.state is DependencyState.DOWN


async def test_throttling_is_no_evidence(look: Look, site: Any) -> None:
    """A 429 says nothing of the dependency."""
    site.set("/health", {"message": "slow down"}, status=429, headers={"retry-after": "7"})

    seen = await look(probe(), site.url)

    assert (seen.state, seen.code, seen.latency_s) == (DependencyState.UNKNOWN, "429", None)


async def test_the_edges_ban_is_no_evidence(look: Look, site: Any) -> None:
    """The edge's HTML ban is throttling too, whatever its status."""
    site.set("/health", "<h1>Forbidden</h1>", status=403, media_type="text/html")

    seen = await look(probe(), site.url)

    assert (seen.state, seen.code) == (DependencyState.UNKNOWN, "429")


async def test_our_own_pace_is_no_latency(look: Look, site: Any) -> None:
    """Waiting for our own turn neither times out nor counts as latency."""
    site.set("/health", {})
    limits = (EdgeLimit(path_prefix="/", rate_per_min=60, burst=1),)
    await look(probe(), site.url, limits=limits)

    seen = await look(probe(timeout_s=1.0), site.url, limits=limits)

    assert seen.state is DependencyState.UP
    assert seen.latency_s is not None
    assert seen.latency_s < 1.0


async def test_a_refused_connection_is_down_with_its_errno(look: Look, refusing_url: str) -> None:
    """A refusal is down with the errno's name; how fast it came is no latency."""
    seen = await look(probe(), refusing_url)

    assert (seen.state, seen.code, seen.latency_s) == (DependencyState.DOWN, "ECONNREFUSED", None)
    assert not seen.timed_out


async def test_an_unresolvable_name_is_down_with_the_resolvers_code(look: Look) -> None:
    """A name that has no address is down with the resolver's symbol."""
    # A scope that no interface has is refused by the resolver itself, without asking anybody.
    seen = await look(probe(), "http://there.localhost", resolve={"there.localhost": "fe80::1%nope"})

    assert (seen.state, seen.code) == (DependencyState.DOWN, "EAI_NONAME")


async def test_silence_is_down_with_a_censored_latency(look: Look, silent_url: str) -> None:
    """No answer within the scaled patience is down; the latency is at least that long."""
    seen = await look(probe(timeout_s=2.0), silent_url, time_scale=0.1)

    assert (seen.state, seen.timed_out) == (DependencyState.DOWN, True)
    assert seen.latency_s is not None
    assert 0.2 <= seen.latency_s < 2


async def look_as_a_user(look: Look, site: Any) -> Any:
    """What the probe of a user whom *site* signs in sees of *site*."""
    return await look(
        probe(authenticated=True),
        site.url,
        {"E2E_OAUTH_SIMULATION_KEY": KEY},
        hosts={"auth": site.url},
        auth=BypassKey(),
    )


async def test_an_authenticated_probe_carries_a_token(look: Look, site: Any) -> None:
    """A probe that needs a user asks with that user's bearer."""
    bearer = token()
    site.set("/auth/e2e/test-auth", {"access_token": bearer, "user": {"id": "u-1", "email": "e"}})
    site.set("/health", {})

    seen = await look_as_a_user(look, site)

    assert seen.state is DependencyState.UP
    assert f"authorization: Bearer {bearer}" in site.requests[-1]


async def test_without_credentials_nothing_can_be_said(look: Look, site: Any) -> None:
    """A failing auth service is no evidence about what lies behind it."""
    site.set("/auth/e2e/test-auth", {"message": "not configured"}, status=503)
    site.set("/health", {})

    seen = await look_as_a_user(look, site)

    assert seen.state is DependencyState.UNKNOWN
    assert seen.text.startswith("no credentials to ask with: ")
