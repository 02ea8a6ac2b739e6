from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from ci_tools.model import DependencyState, Deployment, DeploymentSource, Environment
from ci_tools.runner.deployment import identify, shown
from ci_tools.target.http import HttpClient
from ci_tools.target.pacing import Pacer
from tests.unit.runner.shop import Site

SOURCE = DeploymentSource(host="shop", path="/info", revision="build.revision", sha="build.sha")


@pytest_asyncio.fixture
async def client(site: Site, tmp_path: Path) -> AsyncIterator[HttpClient]:
    """A client of the system under test."""
    environment = Environment(
        name="here", hosts={"shop": f"http://127.0.0.1:{site.port}", "gone": "http://127.0.0.1:1"}
    )
    http = HttpClient(environment, Pacer(tmp_path, ()), session=None)
    yield http
    await http.aclose()


async def test_a_deployment_says_which_it_is(site: Site, client: HttpClient) -> None:
    """Revision and commit stand where the campaign file says."""
    site.answers["/info"] = {"build": {"revision": "shop-1", "sha": "abc"}}

    identified = await identify(client, SOURCE)

    assert identified.deployment == Deployment(revision="shop-1", sha="abc")
    assert identified.problem == ""


async def test_a_deployment_without_commit_is_identified_by_its_revision(site: Site, client: HttpClient) -> None:
    """The commit is additional."""
    site.answers["/info"] = {"build": {"revision": "shop-1"}}

    assert (await identify(client, SOURCE)).deployment == Deployment(revision="shop-1", sha=None)


@pytest.mark.parametrize(
    "answer", [{}, [], None, "text", {"build": []}, {"build": {"revision": ""}}, {"build": {"revision": 7}}]
)
async def test_an_answer_without_revision_is_a_problem(site: Site, client: HttpClient, answer: Any) -> None:
    """The place that holds no text is named."""
    site.answers["/info"] = answer

    identified = await identify(client, SOURCE)

    assert identified.deployment is None
    assert identified.problem.endswith("/info has no text at 'build.revision'")


@pytest.mark.parametrize("status", [404, 429, 503])
async def test_an_error_is_a_problem(site: Site, client: HttpClient, status: int) -> None:
    """Its status is told, and nothing is raised."""
    site.status = status

    identified = await identify(client, SOURCE)

    assert identified.deployment is None
    assert str(status) in identified.problem


async def test_the_words_of_an_error_are_told(site: Site, client: HttpClient) -> None:
    """A platform says in its answer that there was no instance."""
    site.status = 500
    site.answers["/info"] = {"detail": "no   instance"}

    assert (await identify(client, SOURCE)).problem.endswith('/info answered 500: {"detail": "no instance"}')


async def test_words_that_are_cut_show_no_half_of_a_secret(site: Site, client: HttpClient) -> None:
    """A cut within the password of an address would keep its mask from knowing it."""
    site.status = 500
    site.answers["/info"] = {"detail": f"{'no ' * 121}postgresql://shop:{'x' * 30}@db"}

    assert (await identify(client, SOURCE)).problem.endswith(" no …")


async def test_an_answer_nested_without_end_is_a_problem(site: Site, client: HttpClient) -> None:
    """What no parser can follow is told as any other answer that is no JSON, and nothing is raised."""
    site.answers["/info"] = b"[" * 100_000

    identified = await identify(client, SOURCE)

    assert identified.deployment is None
    assert "that cannot be read as JSON" in identified.problem


async def test_an_unreachable_host_is_a_problem(client: HttpClient) -> None:
    """The genuine error is told, and nothing is raised."""
    source = DeploymentSource(host="gone", path="/info", revision="revision")

    identified = await identify(client, source)

    assert identified.deployment is None
    assert "ECONNREFUSED" in identified.problem


@pytest.mark.parametrize(("status", "seen"), [(500, ("500", "down")), (503, ("503", "down")), (404, None), (429, None)])
async def test_an_error_of_the_service_itself_is_seen(
    site: Site, client: HttpClient, status: int, seen: tuple[str, str] | None
) -> None:
    """Who asks first finds that no instance is there; a wrong path or being throttled says nothing of the service."""
    site.status = status

    found = shown(await identify(client, SOURCE), "shop", "GET /info")

    assert (found and (found.code, str(found.state))) == seen


async def test_that_a_deployment_says_who_it_is_is_seen_too(site: Site, client: HttpClient) -> None:
    """Else nobody could tell that an outage is over."""
    site.answers["/info"] = {"build": {"revision": "shop-1"}}

    found = shown(await identify(client, SOURCE), "shop", "GET /info")

    assert found is not None
    assert (found.dependency, found.state, found.source) == ("shop", DependencyState.UP, "GET /info")
