"""The suites run against one deployed system: ``pytest tests/e2e --env NAME``.

A campaign hands its environment over as a file; without one, ``campaign.toml`` is asked, and an
environment that says so is provisioned for the time of the run.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from ci_tools.model import Environment, Timeouts
from ci_tools.target.fixtures import *  # noqa: F403 - its __all__ is the list of the fixtures
from ci_tools.target.service import Service
from ci_tools.target.session import ENVIRONMENT_FILE, dump_environment, load_environment
from tests.e2e.customers import Customers


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer ``--env``."""
    parser.addoption("--env", default="twin", metavar="NAME", help="environment of campaign.toml (default: twin)")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config, specs: list[Any]) -> None:  # noqa: ARG001 - the hook's signature
    """Provision once for all workers, which inherit the environment variable."""
    if ENVIRONMENT_FILE in os.environ:
        return
    stack = ExitStack()
    config.add_cleanup(stack.close)
    environment = stack.enter_context(_standing(config))
    path = Path(mkdtemp(prefix="ci-tools-environment-")) / "environment.json"
    stack.callback(path.parent.rmdir)
    stack.callback(path.unlink)
    dump_environment(environment, path)
    os.environ[ENVIRONMENT_FILE] = str(path)
    stack.callback(os.environ.pop, ENVIRONMENT_FILE)


@pytest.fixture(scope="session")
def environment(pytestconfig: pytest.Config) -> Iterator[Environment]:
    """The environment that the suites speak to."""
    if given := os.environ.get(ENVIRONMENT_FILE):
        yield load_environment(Path(given))
        return
    with _standing(pytestconfig) as standing:
        yield standing


@pytest.fixture
def timeouts(environment: Environment) -> Timeouts:
    """How long the product's clients wait."""
    return environment.timeouts


@pytest.fixture
def customers(backend: Service, auth: Service) -> Customers:
    """The way in for somebody with a password."""
    return Customers(backend=backend, auth=auth)


@contextmanager
def _standing(config: pytest.Config) -> Iterator[Environment]:
    """The environment of ``--env``; one that a person serves is joined. Its variables are ours for the time."""
    # Only a run without a campaign needs these, and they bring the whole runner with them.
    from ci_tools.runner.provisioning import provisioned  # noqa: PLC0415
    from ci_tools.spec import parse  # noqa: PLC0415

    path = config.rootpath / "campaign.toml"
    spec = parse(path.read_text(encoding="utf-8"), str(path))
    with (
        provisioned(spec, config.getoption("--env"), os.environ, join=True) as (environment, variables),
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in variables.items():
            patch.setenv(name, value)
        yield environment
