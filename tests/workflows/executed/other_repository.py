"""Another repository on this machine, which calls the workflow as docs/workflows.md says."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.doubles.github.double import REPO, TOKEN
from tests.workflows.local_runner import Ran, committed, run, understood

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
import os

import httpx
import pytest


@pytest.mark.parametrize("number", range(10))
def test_an_order_is_kept(number):
    answer = httpx.get("http://127.0.0.1:{port}/info").json()
    shown = "with " + os.environ["E2E_TOKEN"] + ": @acme/everyone fixes #987 <img src=x>\\n::error::{expected}"
    assert answer["revision"] == "{expected}" or number != 7, shown
"""
NEEDS = "needs.txt"
CANARY = "canary-4f1d9a7c2b"
"""Passed to the tests as the token of their environment, and shown by the one that fails."""
SAME = "the-same-commit"
CALLER = (("on:\n", "on:\n  deployment_status:\n"), ("plan: smoke\n", f"plan: smoke\n      requirements: {NEEDS}\n"))
"""What is written anew in the workflow that docs/workflows.md shows."""
REVISION = "shop-1"
Verified = Callable[..., Ran]


def other_repository(tools: Path, port: int, api: str, place: Path) -> Verified:
    """Tells the other repository, in *place*, of an event; which revision its tests expect of its system is told, too.

    The workflow comes from *tools*; the system answers on *port*, and GitHub as *api*.
    """
    spelled_out(tools / ".github" / "workflows" / "post-deploy.yml")
    commit = committed(tools, origin=TOOLS)
    folder = place / "repositories" / REPO
    workflows = folder / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (folder / "tests").mkdir()
    caller = DOCUMENTED.read_text("utf-8").split("<!-- the caller -->\n```yaml\n")[1].split("```\n<!-- end -->")[0]
    for documented, wanted in (*CALLER, ("COMMIT", commit)):
        caller = caller.replace(documented, wanted)
    (workflows / "verify.yml").write_text(caller, encoding="utf-8")
    (folder / NEEDS).write_text("httpx\n", encoding="utf-8")
    (folder / "campaign.toml").write_text(CAMPAIGN.format(port=port), encoding="utf-8")
    understood(workflows)

    def verify(event: str, payload: Mapping[str, Any], expected: str = REVISION) -> Ran:
        text = TESTS.format(port=port, expected=expected)
        (folder / "tests" / "test_orders.py").write_text(text, encoding="utf-8")
        committed(folder, origin=REPO)
        return run(
            place,
            REPO,
            event,
            payload,
            environ={"GITHUB_API_URL": api},
            secrets={"GITHUB_TOKEN": TOKEN, "E2E_TOKEN": CANARY},
            workflow="verify.yml",
            called={f"{TOOLS}@{commit}": tools, f"{TOOLS}@{SAME}": tools},
        )

    return verify


def spelled_out(workflow: Path) -> None:
    """GitHub looks for what *workflow* calls as ``./`` in its own repository, act in the one that calls it."""
    text = workflow.read_text("utf-8")
    workflow.write_text(re.sub(r"uses: \./(\S+)", rf"uses: {TOOLS}/\1@{SAME}", text), encoding="utf-8")
