"""A system under test on the loopback, and its campaign."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.report.hostile import HOSTILE
from tests.unit.runner.shop import Shop, Site, lean_pytest


@pytest.fixture(autouse=True)
def _lean_pytest() -> Iterator[None]:
    with lean_pytest():
        yield


@pytest.fixture
def site() -> Iterator[Site]:
    """The system under test, healthy."""
    with Site().serving() as serving:
        yield serving


@pytest.fixture(scope="session")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A whole campaign that has run over a healthy system."""
    with Site().serving() as serving:
        shop = Shop(tmp_path_factory.mktemp("healthy"), serving)
        with lean_pytest():
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
