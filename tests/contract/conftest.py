"""One twin per worker process, its hosts, and users of their own."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import httpx
import pytest

from ci_tools.twin.handle import Twin
from tests.contract.client import Deployed, User

TIME_SCALE = 0.1


def deployed_by(twin: Twin) -> Deployed:
    """The hosts of *twin*."""
    return Deployed(
        port=int(twin.environ["TWIN_EDGE_PORT"]),
        trust=ssl.create_default_context(cafile=twin.environ["TWIN_CA_FILE"]),
        bypass_key=twin.environ["E2E_OAUTH_SIMULATION_KEY"],
    )


@pytest.fixture(scope="session")
def twin() -> Iterator[Twin]:
    """A healthy twin, with the contract's times at a tenth."""
    with Twin.start(time_scale=TIME_SCALE) as started:
        yield started


@pytest.fixture(scope="session")
def deployed(twin: Twin) -> Deployed:
    """The hosts of the healthy twin."""
    return deployed_by(twin)


@pytest.fixture(scope="session")
async def api(deployed: Deployed) -> AsyncIterator[httpx.AsyncClient]:
    """The backend, without credentials."""
    async with deployed.http("api") as client:
        yield client


@pytest.fixture(scope="session")
async def auth(deployed: Deployed) -> AsyncIterator[httpx.AsyncClient]:
    """The auth service, without credentials."""
    async with deployed.http("auth") as client:
        yield client


@pytest.fixture(scope="session")
async def frontend(deployed: Deployed) -> AsyncIterator[httpx.AsyncClient]:
    """The frontend."""
    async with deployed.http("app") as client:
        yield client


@pytest.fixture
def sign_in(deployed: Deployed) -> Callable[..., Awaitable[User]]:
    """Sign a new user in."""
    return deployed.sign_in


@pytest.fixture
async def user(deployed: Deployed) -> User:
    """Somebody whom no other test knows."""
    return await deployed.sign_in()


@pytest.fixture
async def stranger(deployed: Deployed) -> User:
    """Somebody else."""
    return await deployed.sign_in()
