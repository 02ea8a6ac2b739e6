import sys
from typing import Any

import pytest

from ci_tools.errors import UsageError
from ci_tools.model import DependencyState
from ci_tools.questions import StoreProbe

PROBE = StoreProbe(name="directly", dependency="store", dsn_env="STORE_ADDRESS", timeout_s=5.0)


async def test_without_an_address_nothing_is_asked(survey: Any) -> None:
    """Not everybody may ask directly."""
    assert await survey(PROBE) == []


@pytest.mark.parametrize("scheme", ["postgresql", "redis"])
async def test_a_store_that_refuses_is_down_in_its_clients_words(survey: Any, refusing_url: str, scheme: str) -> None:
    """Without the address, which may hold a password."""
    address = refusing_url.replace("http://", f"{scheme}://user:hidden-password@")

    (seen,) = await survey(PROBE, environ={"STORE_ADDRESS": address})

    assert seen.state is DependencyState.DOWN
    assert "refused" in seen.text.lower() or "Connect call failed" in seen.text
    assert "hidden-password" not in str(seen)


@pytest.mark.parametrize("scheme", ["postgresql", "redis"])
async def test_a_store_that_is_silent_is_down_in_time(survey: Any, silent_url: str, scheme: str) -> None:
    """Within the probe's own patience."""
    probe = StoreProbe(name="directly", dependency="store", dsn_env="STORE_ADDRESS", timeout_s=0.2)

    (seen,) = await survey(probe, environ={"STORE_ADDRESS": silent_url.replace("http://", f"{scheme}://")})

    assert (seen.state, seen.timed_out, seen.latency_s) == (DependencyState.DOWN, True, 0.2)


@pytest.mark.parametrize(("scheme", "library"), [("postgresql", "asyncpg"), ("redis", "redis.asyncio")])
async def test_a_library_that_is_not_installed_is_a_wrong_setting(
    survey: Any, monkeypatch: pytest.MonkeyPatch, scheme: str, library: str
) -> None:
    """The error names what to install; nothing is said of the store."""
    monkeypatch.setitem(sys.modules, library, None)

    with pytest.raises(UsageError, match=r"install ci-tools\[twin\]"):
        await survey(PROBE, environ={"STORE_ADDRESS": f"{scheme}://host"})


async def test_an_address_of_another_kind_is_a_wrong_setting(survey: Any) -> None:
    """The error names the scheme, not the address."""
    with pytest.raises(UsageError, match=r"scheme 'mysql'; probe 'directly' knows postgresql and redis"):
        await survey(PROBE, environ={"STORE_ADDRESS": "mysql://user:hidden@host"})


async def test_an_address_that_is_no_url_is_refused(survey: Any) -> None:
    """The error names the variable and the forms that are taken."""
    with pytest.raises(UsageError, match=r"the address in STORE_ADDRESS is no URL: .*takes postgresql://USER"):
        await survey(PROBE, environ={"STORE_ADDRESS": "redis://["})
