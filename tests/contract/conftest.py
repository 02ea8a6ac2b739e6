"""One twin per worker process, its hosts, and users of their own."""

import json
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest

from ci_tools.twin.handle import Twin
from tests.contract import client
from tests.contract.client import Deployed, SignIn, User
from tests.contract.patience import eventually

TIME_SCALE = 0.1
FORGOTTEN_WITHIN_S = 8.0


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
def healed() -> list[str]:
    """The faults that were switched off since the services were last seen to know of none."""
    return []


@pytest.fixture(scope="session")
def switched(twin: Twin, healed: list[str]) -> Callable[..., AbstractContextManager[None]]:
    """Switch faults on for a block."""

    @contextmanager
    def on(*faults: str) -> Iterator[None]:
        with ExitStack() as stack:
            for fault in faults:
                stack.callback(twin.switch, fault, on=False)
                twin.switch(fault, on=True)
            stack.callback(healed.extend, faults)
            yield

    return on


@pytest.fixture(autouse=True)
async def forgotten(healed: list[str], request: pytest.FixtureRequest) -> None:
    """What a service has seen of its dependencies it tells for a while, so to the next test as well."""
    if not healed:
        return
    deployed: Deployed = request.getfixturevalue("deployed")
    async with deployed.http("api") as backend, deployed.http("auth") as auth:

        async def is_well() -> bool:
            told = [await backend.get("/api/health/ready"), await auth.get("/health")]
            return all(one.status_code == HTTPStatus.OK and "disconnected" not in one.text for one in told)

        await eventually(is_well, within_s=FORGOTTEN_WITHIN_S)
    healed.clear()
