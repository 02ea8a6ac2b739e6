from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from ci_tools.errors import UsageError
from ci_tools.model import DependencyState, Observation
from ci_tools.probes.attempt import MAX_TEXT
from ci_tools.questions import HttpJsonProbe, TcpProbe, TlsProbe, WebSocketProbe

Look = Callable[..., Awaitable[Observation]]

PROBE = HttpJsonProbe(name="state", dependency="backend", host="there", path="/health", timeout_s=2.0)


async def test_a_text_is_shortened(look: Look, site: Any) -> None:
    """However much the deployed system says, an observation keeps a bounded part."""
    site.set("/health", "<p>" + "x" * 100_000, status=500)

    seen = await look(PROBE, site.url)

    assert len(seen.text) == MAX_TEXT
    assert seen.text.endswith("x…")


async def test_a_secret_in_an_answer_is_masked(look: Look, site: Any) -> None:
    """A secret that the deployed system repeats does not leave."""
    site.set("/health", {"message": "wrong password hunter-2-hunter"}, status=500)

    seen = await look(PROBE, site.url, {"DB_PASSWORD": "hunter-2-hunter"})

    assert "hunter" not in seen.text
    assert "[redacted]" in seen.text


async def test_a_secret_is_masked_before_the_text_is_shortened(look: Look, site: Any) -> None:
    """A secret that straddles the place where a text is cut leaves no half behind."""
    lead = "500 instead of 200: "
    site.set("/health", "y" * (MAX_TEXT - len(lead) - 10) + "hunter-2-hunter", status=500)

    seen = await look(PROBE, site.url, {"DB_PASSWORD": "hunter-2-hunter"})

    assert "hunter" not in seen.text


async def test_half_a_surrogate_pair_can_be_written(look: Look, site: Any) -> None:
    """A text that JSON can hold and no file can is made harmless."""
    site.set("/health", r'{"status": "\ud800 odd"}')

    seen = await look(replace(PROBE, expect={"status": ("healthy",)}), site.url)

    assert seen.state is DependencyState.DOWN
    assert "? odd" in seen.text


async def test_a_password_in_a_host_is_masked(look: Look, refusing_url: str) -> None:
    """The source of an observation shows no credentials of a URL."""
    url = refusing_url.replace("http://", "ws://user:hunter-2-hunter@")
    probe = WebSocketProbe(name="socket", dependency="websocket", host="there", authenticated=False)

    seen = await look(probe, url)

    assert "hunter" not in seen.source + seen.text


@pytest.mark.parametrize(
    "probe",
    [
        HttpJsonProbe(name="p", dependency="d", host="nowhere", path="/"),
        TcpProbe(name="p", dependency="d", host="nowhere"),
        TlsProbe(name="p", dependency="d", hosts=("nowhere",)),
        WebSocketProbe(name="p", dependency="d", host="nowhere", authenticated=False),
    ],
    ids=lambda probe: probe.kind,
)
async def test_an_unknown_host_is_a_configuration_error(look: Look, probe: Any) -> None:
    """A host that the environment does not have is no observation."""
    with pytest.raises(UsageError, match="has no host 'nowhere'; known: there"):
        await look(probe)


async def test_an_attempt_asks_once(look: Look, site: Any) -> None:
    """A failing answer is not asked for again."""
    site.set("/health", {}, status=503)

    seen = await look(PROBE, site.url)

    assert seen.state is DependencyState.DOWN
    assert len(site.requests) == 1
