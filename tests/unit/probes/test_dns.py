from typing import Any

from ci_tools.model import DependencyState
from ci_tools.questions import DnsProbe

PROBE = DnsProbe(name="names", dependency="edge", hosts=("there",), timeout_s=5.0)


async def test_a_name_that_resolves_is_up_with_its_addresses(survey: Any) -> None:
    """An address is its own."""
    (seen,) = await survey(PROBE, "http://127.0.0.1:1")

    assert (seen.state, seen.text, seen.source) == (DependencyState.UP, "127.0.0.1", "DNS 127.0.0.1")


async def test_a_name_that_does_not_exist_is_down_with_the_resolvers_symbol(survey: Any) -> None:
    """An empty label resolves nowhere, and asks nobody."""
    (seen,) = await survey(PROBE, "http://no..name:1")

    assert (seen.state, seen.code) == (DependencyState.DOWN, "EAI_NONAME")
    assert seen.text.startswith("no..name: ")


async def test_a_name_in_the_environments_own_table_is_not_asked_for(survey: Any) -> None:
    """And it says so."""
    (seen,) = await survey(PROBE, "http://api.example:1", resolve={"api.example": "127.0.0.1"})

    assert (seen.state, seen.text) == (DependencyState.UP, "127.0.0.1, by the environment's own table")


async def test_a_name_of_several_hosts_is_asked_for_once(survey: Any) -> None:
    """One name, one sighting."""
    probe = DnsProbe(name="names", dependency="edge", hosts=("there", "other"))

    assert len(await survey(probe, "http://127.0.0.1:1", hosts={"other": "http://127.0.0.1:2"})) == 1
