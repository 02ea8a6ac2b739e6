"""A system under test on the loopback, and its campaign."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.report.hostile import HOSTILE
from tests.unit.runner.shop import Shop, Site

ADDOPTS = " ".join(f"-p no:{name}" for name in ("anyio", "asyncio", "cov", "hypothesispytest", "valkey"))
"""Plugins that the small suites do without; loading them would take half of the time."""


@pytest.fixture(scope="session", autouse=True)
def _lean_pytest() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTEST_ADDOPTS", ADDOPTS)
        yield


@pytest.fixture
def site() -> Iterator[Site]:
    """The system under test, healthy."""
    with Site().serving() as serving:
        yield serving


@pytest.fixture(scope="session")
def healthy(tmp_path_factory: pytest.TempPathFactory, _lean_pytest: None) -> Iterator[Shop]:
    """A whole campaign that has run over a healthy system."""
    with Site().serving() as serving:
        shop = Shop(tmp_path_factory.mktemp("healthy"), serving)
        shop.prepared().run()
        yield shop


@pytest.fixture
def shop(tmp_path: Path, site: Site) -> Shop:
    """Its campaign, in which everything passes."""
    return Shop(tmp_path, site)


@pytest.fixture(params=HOSTILE)
def hostile(request: pytest.FixtureRequest) -> str:
    """One kind of hostile text after the other."""
    return HOSTILE[request.param]
