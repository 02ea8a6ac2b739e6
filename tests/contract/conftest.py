"""One twin per worker process, its hosts, and users of their own."""

import json
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest

from ci_tools.twin.handle import Twin
from tests.contract import client
from tests.contract.client import Deployed, SignIn, User

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
def auth_environ(twin: Twin) -> dict[str, str]:
    """What the auth service was given as its environment: the credentials that only services hold."""
    document = json.loads((Path(twin.directory) / "auth.json").read_text())
    environ: dict[str, str] = document["env"]
    return environ


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


@pytest.fixture(scope="session")
def sign_in(auth: httpx.AsyncClient, deployed: Deployed) -> SignIn:
    """Sign a new user in."""
    return partial(client.sign_in, auth, deployed.bypass_key)


@pytest.fixture
async def user(sign_in: SignIn) -> User:
    """Somebody whom no other test knows."""
    return await sign_in()


@pytest.fixture
async def stranger(sign_in: SignIn) -> User:
    """Somebody else."""
    return await sign_in()


@pytest.fixture(scope="session")
def switched(twin: Twin) -> Callable[..., AbstractContextManager[None]]:
    """Switch faults on for a block."""

    @contextmanager
    def on(*faults: str) -> Iterator[None]:
        with ExitStack() as stack:
            for fault in faults:
                stack.callback(twin.switch, fault, on=False)
                twin.switch(fault, on=True)
            yield

    return on
