"""Another repository that calls the workflow as docs/workflows.md says: its own tests, its own campaign file."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.doubles.github.double import REPO, TOKEN
from tests.doubles.github.server import GitHubDouble
from tests.unit.runner.shop import Site
from tests.workflows.local_runner import Ran, committed, run, understood

ONE_IS_WRONG = "staging: shop: one behaviour is wrong while everything that it needs is well (suspected)"
TOOLS = "netra-systems/ci-tools"
DOCUMENTED = Path(__file__).parents[3] / "docs" / "workflows.md"
CAMPAIGN = """\
name = "shop"
dependencies = {{ shop = [] }}
phases.smoke = {{ number = 1, budget_min = 5 }}
plans.smoke = {{ about = "can people buy", phases = ["smoke"] }}

[environments.staging]
hosts = {{ web = "http://127.0.0.1:{port}" }}

[probes.health]
kind = "http_json"
dependency = "shop"
host = "web"
path = "/health"
expect = {{ status = ["ok"] }}

[suites.orders]
phase = "smoke"
paths = ["tests/test_orders.py"]
expected = 10
value = "nobody can buy"

[gates]
reachable = {{ phase = "smoke", kind = "reliability", dependency = "shop", probe = "health", floor = 0.5, target = 1 }}
orders = {{ phase = "smoke", kind = "coverage", dependency = "shop", suites = ["orders"], floor = 1.0 }}
"""
TESTS = """\
import httpx
import pytest


@pytest.mark.parametrize("number", range(10))
def test_an_order_is_kept(number):
    answer = httpx.get("http://127.0.0.1:{port}/info").json()
    assert answer["revision"] == "{expected}" or number != 7
"""
SAME = "the-same-commit"
Verified = Callable[[str], Ran]


@pytest.fixture
def site() -> Iterator[Site]:
    """What the other repository has deployed."""
    with Site().serving() as serving:
        yield serving


@pytest.fixture
def verified(github: GitHubDouble, copied: Callable[[str], Path], site: Site, tmp_path: Path) -> Verified:
    """Has the other repository verify its system, whose revision its tests expect to be as told."""
    tools = copied(TOOLS)
    spelled_out(tools / ".github" / "workflows" / "post-deploy.yml")
    commit = committed(tools, origin=TOOLS)
    folder = tmp_path / "repositories" / REPO
    workflows = folder / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (folder / "tests").mkdir()
    caller = DOCUMENTED.read_text("utf-8").split("<!-- the caller -->\n```yaml\n")[1].split("```\n<!-- end -->")[0]
    (workflows / "verify.yml").write_text(caller.replace("COMMIT", commit), encoding="utf-8")
    (folder / "campaign.toml").write_text(CAMPAIGN.format(port=site.port), encoding="utf-8")
    understood(workflows)

    def verify(expected: str) -> Ran:
        text = TESTS.format(port=site.port, expected=expected)
        (folder / "tests" / "test_orders.py").write_text(text, encoding="utf-8")
        committed(folder, origin=REPO)
        return run(
            tmp_path,
            REPO,
            "workflow_dispatch",
            {},
            environ={"GITHUB_API_URL": github.url},
            secrets={"GITHUB_TOKEN": TOKEN},
            workflow="verify.yml",
            called={f"{TOOLS}@{commit}": tools, f"{TOOLS}@{SAME}": tools},
        )

    return verify


def spelled_out(workflow: Path) -> None:
    """GitHub looks for what *workflow* calls as ``./`` in its own repository, act in the one that calls it."""
    text = workflow.read_text("utf-8")
    workflow.write_text(re.sub(r"uses: \./(\S+)", rf"uses: {TOOLS}/\1@{SAME}", text), encoding="utf-8")


def counts(ran: Ran) -> dict[str, int]:
    """How its tests ended."""
    (kept,) = ran.artifacts.glob("campaign-*/test_results.json")
    (suite,) = json.loads(kept.read_text("utf-8"))["suites"]
    return {outcome: suite[outcome] for outcome in ("passed", "failed", "not_run")}


def test_a_repository_that_is_well_passes(verified: Verified, github: GitHubDouble) -> None:
    """Its ten tests ran; it holds no noxfile, no action and no code of ours."""
    ran = verified("shop-1")

    assert ran.failed == []
    assert counts(ran) == {"passed": 10, "failed": 0, "not_run": 0}
    assert ran.outputs("verdict") == ["pass"]
    assert github.writes() == []


def test_a_repository_that_is_not_well_fails(verified: Verified, github: GitHubDouble) -> None:
    """One of its ten tests sees it: an issue there, and a red gate."""
    ran = verified("shop-2")

    assert [step for _, step in ran.failed] == ["judge"]
    assert counts(ran) == {"passed": 9, "failed": 1, "not_run": 0}
    assert ran.outputs("verdict") == ["fail"]
    assert [issue["title"] for issue in github.issues.values()] == [ONE_IS_WRONG]
