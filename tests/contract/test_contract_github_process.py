"""Our double of GitHub as a process of its own, as workflows use it."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.doubles.github.double import REPO, TOKEN

ISSUES = f"/repos/{REPO}/issues"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def served() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """A double for the arguments that are given; it ends with the test."""
    started: list[subprocess.Popen[str]] = []

    def serve(*arguments: str) -> subprocess.Popen[str]:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        command = [sys.executable, "-m", "tests.doubles.github", *arguments]
        started.append(subprocess.Popen(command, cwd=Path(__file__).parents[2], text=True, **pipes))  # type: ignore[call-overload]
        return started[-1]

    yield serve
    for process in started:
        process.communicate(timeout=20)


def http(process: subprocess.Popen[str]) -> httpx.Client:
    """A client of *process*, which has told its URL."""
    assert process.stdout is not None
    return httpx.Client(base_url=process.stdout.readline().strip(), headers=HEADERS, trust_env=False)


def test_a_process_serves_and_remembers(served: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    """What stands there already, what is filed, what was asked; it ends with its standard input, in success."""
    issues = tmp_path / "issues.json"
    issues.write_text(json.dumps([{"title": "old", "labels": ["P1"], "login": "octocat"}]), encoding="utf-8")
    process = served("--issues", str(issues), "--unknown-owner", "@acme/nobody")
    with http(process) as client:
        client.post(ISSUES, json={"title": "t"})
        owners = client.get(f"/repos/{REPO}/codeowners/errors").json()
        state = client.get("/_double/state").json()
    process.communicate(timeout=20)

    assert [issue["title"] for issue in state["issues"]] == ["old", "t"]
    assert state["asked"] == [f"POST {ISSUES}", f"GET /repos/{REPO}/codeowners/errors"]
    assert len(owners["errors"]) == 1
    assert process.returncode == 0


def test_a_process_is_switched_while_it_serves(served: Callable[..., subprocess.Popen[str]]) -> None:
    """From outside: faults, lags and issues as if filed on the site."""
    fault = {"verb": "POST", "status": 502, "is_committed": True}
    switches = {"faults": [fault], "fault_at": {f"GET {ISSUES}/1": {"verb": "GET", "status": 503}}}
    with http(served("--switches", '{"login": "octocat"}')) as client:
        client.patch("/_double/switches", json={**switches, "hidden_from_lists": [2]})
        filed = client.post("/_double/issues", json={"title": "theirs"}).json()
        statuses = [client.post(ISSUES, json={"title": "t"}).status_code, client.get(f"{ISSUES}/1").status_code]

        assert (filed, statuses) == ({"number": 1}, [502, 503])
        assert [issue["user"]["login"] for issue in client.get(ISSUES).json()] == ["octocat"]


def test_a_process_tells_what_was_not_as_github_describes(served: Callable[..., subprocess.Popen[str]]) -> None:
    """A workflow that asks for what GitHub does not have ends red."""
    process = served()
    with http(process) as client:
        client.get(f"{ISSUES}?state=opened")
    _, said = process.communicate(timeout=20)

    assert process.returncode == 1
    assert "not what GitHub describes: issues/list-for-repo: state='opened'" in said


@pytest.mark.parametrize("switches", ['{"lists_lag": 1}', "nothing"])
def test_a_switch_that_does_not_exist_is_named(switches: str, served: Callable[..., subprocess.Popen[str]]) -> None:
    """A misspelt switch would test nothing."""
    process = served("--switches", switches)
    _, said = process.communicate(timeout=20)

    assert process.returncode == 2
    assert said.startswith("--switches: ")


@pytest.mark.parametrize(
    ("verb", "path", "document", "status"),
    [
        ("PATCH", "switches", {"lists_lag": 1}, 422),
        ("POST", "issues", {"name": "t"}, 422),
        ("GET", "issues", None, 404),
    ],
)
def test_a_mistake_at_the_door_is_named(
    *, verb: str, path: str, document: object, status: int, served: Callable[..., subprocess.Popen[str]]
) -> None:
    """What is known stands in the answer."""
    with http(served()) as client:
        assert client.request(verb, f"/_double/{path}", json=document).status_code == status
